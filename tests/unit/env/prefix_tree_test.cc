#include "env/prefix_tree.h"

#include <gmock/gmock.h>

#include "base/text.h"

namespace cntr::env {
namespace {

using squashfs::EntryId;
using squashfs::NodeId;
using squashfs::NodeKind;
using squashfs::Tree;
using testing::ElementsAre;

LinkedFile file(squashfs::FileIndex content = 0) {
  LinkedFile out;
  out.content = content;
  return out;
}

LinkedFile link(const std::string& target) {
  LinkedFile out;
  out.kind = LinkedKind::kSymlink;
  out.target = target;
  return out;
}

LinkedFile directory() {
  LinkedFile out;
  out.kind = LinkedKind::kDirectory;
  return out;
}

class PrefixTreeTest : public testing::Test {
 protected:
  void begin(const std::string& name) { tree_.begin_package(name, pack_++); }

  // "path", "path -> target" and "path/", with the pack that a file is of.
  std::vector<std::string> listed() const {
    std::vector<std::string> out;
    list(Tree::kRoot, out);
    return out;
  }

  void list(NodeId directory, std::vector<std::string>& out) const {
    const Tree& tree = tree_.tree();
    for (const EntryId entry : tree.entries(directory)) {
      const NodeId node = tree.node(entry);
      const std::string path = tree.path(entry);
      if (tree.kind(node) == NodeKind::kDirectory) {
        out.push_back(path + "/");
        list(node, out);
      } else if (tree.kind(node) == NodeKind::kSymlink) {
        out.push_back(path + " -> " + std::string(tree.target(node)));
      } else {
        out.push_back(path + " of " + std::to_string(tree.content(node).pack));
      }
    }
  }

  std::vector<std::string> warnings() const {
    std::vector<std::string> out;
    tree_.warn_of_surprises([&](const std::string& sentence) { out.push_back(sentence); });
    return out;
  }

  std::string message_of(const std::string& path, const LinkedFile& what) {
    try {
      tree_.add(path, what);
    } catch (const Error& error) {
      return error.message();
    }
    return "no error";
  }

  PrefixTree tree_;
  uint32_t pack_ = 0;
};

TEST_F(PrefixTreeTest, DirectoriesAreMade) {
  begin("a");
  tree_.add("lib/x/a", file());
  tree_.add("lib/b", link("x"));
  tree_.add("empty", directory());
  tree_.add("lib", directory());
  EXPECT_THAT(listed(), ElementsAre("empty/", "lib/", "lib/b -> x", "lib/x/", "lib/x/a of 0"));
  EXPECT_THAT(warnings(), ElementsAre());
}

TEST_F(PrefixTreeTest, TheLaterPackageWins) {
  begin("a");
  tree_.add("lib/x", file());
  tree_.add("lib/y", file());
  tree_.add("lib/z", file());
  begin("b");
  tree_.add("lib/x", file());
  tree_.add("lib/y", link("x"));
  EXPECT_THAT(listed(), ElementsAre("lib/", "lib/x of 1", "lib/y -> x", "lib/z of 0"));
  EXPECT_THAT(warnings(), ElementsAre("The package b replaces \"lib/x\" and 1 more of a"));
}

TEST_F(PrefixTreeTest, AFileReplacesADirectoryAndTheOtherWayRound) {
  begin("a");
  tree_.add("d/x", file());
  tree_.add("f", file());
  begin("b");
  tree_.add("d", file());
  tree_.add("f/x", file());
  EXPECT_THAT(listed(), ElementsAre("d of 1", "f/", "f/x of 1"));
  EXPECT_THAT(warnings(), ElementsAre("The package b replaces \"d\" and 1 more of a"));
}

TEST_F(PrefixTreeTest, TheSameLinkTwiceIsNoSurprise) {
  begin("a");
  tree_.add("lib64", link("lib"));
  begin("b");
  tree_.add("lib64", link("lib"));
  EXPECT_THAT(warnings(), ElementsAre());
}

TEST_F(PrefixTreeTest, PathsLeadThroughLinks) {
  begin("a");
  tree_.add("usr/lib/a", file());
  tree_.add("lib64", link("usr/lib"));
  tree_.add("usr/share/up", link("../lib/../../lib64"));
  begin("b");
  tree_.add("lib64/b", file());
  tree_.add("usr/share/up/c/d", file());
  EXPECT_THAT(listed(), ElementsAre("lib64 -> usr/lib", "usr/", "usr/lib/", "usr/lib/a of 0",
                                    "usr/lib/b of 1", "usr/lib/c/", "usr/lib/c/d of 1",
                                    "usr/share/", "usr/share/up -> ../lib/../../lib64"));
}

TEST_F(PrefixTreeTest, NoPathLeadsOutOfTheEnvironment) {
  begin("a");
  tree_.add("abs", link("/etc"));
  tree_.add("loop", link("loop"));
  EXPECT_EQ(message_of("abs/passwd", file()),
            "The package a: \"abs/passwd\" lies behind a symbolic link that leads out of the "
            "environment");
  EXPECT_EQ(message_of("loop/x", file()),
            "The package a: \"loop/x\" lies behind a symbolic link that leads out of the "
            "environment");
  EXPECT_EQ(message_of("up", link("../x")),
            "The package a: \"up\" is a symbolic link to \"../x\", outside of the environment");
  EXPECT_EQ(message_of("d/up", link("x/../../../y")),
            "The package a: \"d/up\" is a symbolic link to \"x/../../../y\", outside of the "
            "environment");
  EXPECT_EQ(message_of("d/in", link("../y")), "no error");
}

TEST_F(PrefixTreeTest, AbsoluteLinksAreKeptWithAWarning) {
  begin("a");
  tree_.add("etc/zone", link("/etc/localtime"));
  EXPECT_THAT(warnings(),
              ElementsAre("The package a has symbolic links to absolute paths: \"etc/zone\""));
}

TEST_F(PrefixTreeTest, WhatIsErasedIsGoneWithAllBelowIt) {
  begin("a");
  tree_.add("lib/a", file());
  tree_.add("lib/b/c", file());
  tree_.add("link", link("lib"));
  EXPECT_TRUE(tree_.erase("lib/b"));
  EXPECT_FALSE(tree_.erase("lib/b/c"));
  EXPECT_FALSE(tree_.erase("link/a"));  // links are not followed
  EXPECT_TRUE(tree_.erase("link"));
  EXPECT_THAT(listed(), ElementsAre("lib/", "lib/a of 0"));
  EXPECT_THAT(warnings(), ElementsAre());
}

TEST_F(PrefixTreeTest, ADirectoryThatIsGoneIsMadeAgainForTheNextFileInIt) {
  begin("a");
  tree_.add("share/doc/one", file());
  tree_.erase("share");
  tree_.add("share/doc/two", file());
  EXPECT_THAT(listed(), ElementsAre("share/", "share/doc/", "share/doc/two of 0"));
}

TEST_F(PrefixTreeTest, TheNextFileGoesWhereALinkInTheDirectorysPlaceLeads) {
  begin("a");
  tree_.add("lib/one", file());
  begin("b");
  tree_.add("lib", link("lib64"));
  tree_.add("lib/two", file());
  begin("c");
  tree_.add("lib", link("lib32"));
  tree_.add("lib/three", file());
  EXPECT_THAT(listed(), ElementsAre("lib -> lib32", "lib32/", "lib32/three of 2", "lib64/",
                                    "lib64/two of 1"));
}

TEST_F(PrefixTreeTest, AllBelongsToTheOwner) {
  begin("a");
  tree_.add("lib/a", file());
  tree_.set_owner(1000, 100);
  for (NodeId node = 0; node < tree_.tree().node_count(); ++node) {
    EXPECT_EQ(tree_.tree().attributes(node).uid, 1000U);
    EXPECT_EQ(tree_.tree().attributes(node).gid, 100U);
  }
  EXPECT_EQ(tree_.tree().attributes(Tree::kRoot).mode, 0755);
}

}  // namespace
}  // namespace cntr::env
