#include "runner/root_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "fake_tree.h"

namespace cntr::runner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "path" for a rebuilt directory, then its entries: "path" or "path -> target".
std::vector<std::string> text_of(const RootLayout& layout) {
  std::vector<std::string> lines;
  for (const RootLayout::Rebuilt& one : layout.rebuilt()) {
    lines.push_back("[" + one.path + "]");
    for (const RootLayout::Entry& entry : one.entries) {
      lines.push_back(entry.host.empty() ? entry.path + " -> " + entry.target
                                         : entry.path + " = " + entry.host);
    }
  }
  return lines;
}

std::string message_of(RootLayout& layout, const std::string& path, bool directory) {
  try {
    layout.add_mount_point(path, directory);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUser);
    return error.message();
  }
  return "no error";
}

class RootLayoutTest : public ::testing::Test {
 protected:
  RootLayoutTest() {
    tree_.add_directory("/img");
    for (const char* name :
         {"src", "build", "tmp", "proc", "dev", "opt", "etc", "usr", "usr/lib"}) {
      tree_.add_directory(std::string("/img/") + name);
    }
    tree_.add_file("/img/etc/passwd");
    tree_.add_file("/img/opt/readme");
    tree_.add_link("/img/lib", "usr/lib");
  }

  FakeTree tree_;
  RootLayout layout_{tree_, "/img", {}, false};
};

TEST_F(RootLayoutTest, WhatExistsNeedsNothing) {
  layout_.add_provided("/src");
  EXPECT_EQ(layout_.add_mount_point("/opt", true), "/opt");
  EXPECT_EQ(layout_.add_mount_point("/etc/passwd", false), "/etc/passwd");
  EXPECT_THAT(layout_.rebuilt(), IsEmpty());
}

TEST_F(RootLayoutTest, TheDirectoryThatLacksAMountPointIsRebuilt) {
  EXPECT_EQ(layout_.add_mount_point("/opt/algorithm/input", true), "/opt/algorithm/input");
  EXPECT_THAT(text_of(layout_), ElementsAre("[/opt]", "/opt/readme = /img/opt/readme"));
}

TEST_F(RootLayoutTest, TheRootIsRebuiltWithItsSymlinks) {
  layout_.add_provided("/src");
  layout_.add_mount_point("/data/x", false);
  EXPECT_THAT(text_of(layout_),
              ElementsAre("[/]", "/build = /img/build", "/dev = /img/dev", "/etc = /img/etc",
                          "/lib -> usr/lib", "/opt = /img/opt", "/proc = /img/proc",
                          "/tmp = /img/tmp", "/usr = /img/usr"));
}

TEST_F(RootLayoutTest, ARebuiltDirectoryInARebuiltDirectoryIsNotBoundFirst) {
  layout_.add_mount_point("/usr/lib/new/a", true);
  layout_.add_mount_point("/usr/new", true);
  EXPECT_THAT(text_of(layout_), ElementsAre("[/usr]", "[/usr/lib]"));
}

TEST_F(RootLayoutTest, WhatIsMountedIsNotBoundFirst) {
  layout_.add_mount_point("/usr/lib", true);
  layout_.add_mount_point("/usr/new", true);
  EXPECT_THAT(text_of(layout_), ElementsAre("[/usr]"));
}

TEST_F(RootLayoutTest, SymlinksAreResolvedInsideTheRoot) {
  tree_.add_link("/img/opt/up", "../../../../usr/./lib");
  tree_.add_link("/img/opt/absolute", "/etc");
  tree_.add_link("/img/etc/chain", "/opt/up");
  EXPECT_EQ(layout_.add_mount_point("/opt/up", true), "/usr/lib");
  EXPECT_EQ(layout_.add_mount_point("/opt/absolute/passwd", false), "/etc/passwd");
  EXPECT_EQ(layout_.add_mount_point("/etc/chain/x", true), "/usr/lib/x");
}

TEST_F(RootLayoutTest, ALinkInPlaceOfAProvidedDirectoryIsReplaced) {
  tree_.remove("/img/tmp");
  tree_.add_link("/img/tmp", "/oldroot/home");
  layout_.add_provided("/tmp");
  const std::vector<std::string> lines = text_of(layout_);
  EXPECT_EQ(lines.front(), "[/]");
  EXPECT_THAT(lines, ::testing::Not(::testing::Contains(::testing::StartsWith("/tmp"))));
}

TEST_F(RootLayoutTest, WhatLiesInAMountNeedsNoMountPoint) {
  layout_.add_provided("/src");
  layout_.add_mount_point("/opt", true);
  EXPECT_EQ(layout_.add_mount_point("/src/a/b", false), "/src/a/b");
  EXPECT_EQ(layout_.add_mount_point("/opt/new/c", false), "/opt/new/c");
  EXPECT_THAT(layout_.rebuilt(), IsEmpty());
}

TEST_F(RootLayoutTest, ALinkIntoAMountIsFollowed) {
  tree_.add_link("/img/input", "tmp/input");
  layout_.add_provided("/tmp");
  EXPECT_EQ(layout_.add_mount_point("/input/x", false), "/tmp/input/x");
  EXPECT_THAT(layout_.rebuilt(), IsEmpty());
}

TEST_F(RootLayoutTest, MistakesAreNamed) {
  tree_.add_link("/img/loop", "loop");
  tree_.add_link("/img/zero", "dev/zero");
  const char* const reserved = "\": /, /proc and /dev belong to the sandbox";
  EXPECT_EQ(message_of(layout_, "/", true), std::string("cannot mount at \"/") + reserved);
  EXPECT_EQ(message_of(layout_, "/proc/1", true),
            std::string("cannot mount at \"/proc/1") + reserved);
  EXPECT_EQ(message_of(layout_, "/zero", false), std::string("cannot mount at \"/zero") + reserved);
  EXPECT_EQ(message_of(layout_, "/etc", false),
            "cannot mount a file at \"/etc\": the root has a directory there");
  EXPECT_EQ(message_of(layout_, "/etc/passwd", true),
            "cannot mount a directory at \"/etc/passwd\": the root has a file there");
  EXPECT_EQ(message_of(layout_, "/etc/passwd/x", false),
            "cannot mount at \"/etc/passwd/x\": \"/etc/passwd\" is a file in the root");
  EXPECT_EQ(message_of(layout_, "/loop/x", false),
            "cannot mount at \"/loop/x\": the root has a loop of symbolic links there");
}

TEST_F(RootLayoutTest, AWritableRootIsNotRebuilt) {
  RootLayout layout(tree_, "/img", {}, true);
  layout.add_provided("/src");
  EXPECT_EQ(layout.add_mount_point("/data/x", false), "/data/x");
  EXPECT_THAT(layout.rebuilt(), IsEmpty());
  tree_.remove("/img/tmp");
  tree_.add_link("/img/tmp", "/etc");
  EXPECT_THROW(layout.add_provided("/tmp"), Error);
}

TEST(HostLayoutTest, LeavesOutAndHides) {
  FakeTree tree;
  for (const char* path :
       {"/", "/home", "/home/ada", "/home/ada/project", "/tmp", "/tmp/p", "/usr"}) {
    tree.add_directory(path);
  }
  tree.add_link("/work", "home/ada");
  RootLayout layout(tree, "/", {"tmp"}, false);
  EXPECT_EQ(layout.hide("/home/ada/project"), "/home/ada/project");
  EXPECT_EQ(layout.hide("/work/project/build"), std::nullopt);  // inside the other
  EXPECT_EQ(layout.hide("/tmp/p"), std::nullopt);
  EXPECT_EQ(layout.add_mount_point("/work/project/x", false), "/home/ada/project/x");
  EXPECT_THAT(text_of(layout),
              ElementsAre("[/]", "/home = /home", "/usr = /usr", "/work -> home/ada"));
  EXPECT_THROW(layout.hide("/"), Error);
}

}  // namespace
}  // namespace cntr::runner
