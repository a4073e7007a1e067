#include "squashfs/tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/error.h"

namespace cntr::squashfs {
namespace {

std::string names(const Tree& tree, NodeId directory) {
  std::string out;
  for (const EntryId entry : tree.entries(directory)) {
    out += std::string(tree.name(entry)) + "/" + std::to_string(tree.node(entry)) + " ";
  }
  return out;
}

TEST(Tree, KeepsWhatIsPutIn) {
  Tree tree({0700, 1, 2, 3});
  const NodeId file = tree.make_file({04755, 5, 6, 7}, {8, 9});
  const NodeId link = tree.make_symlink({}, "../target");
  const NodeId device = tree.make_device(NodeKind::kCharDevice, {}, 4095, 1'048'575);
  tree.add(Tree::kRoot, "b", file);
  tree.add(Tree::kRoot, "a", link);
  tree.add(Tree::kRoot, "c", device);
  tree.add(Tree::kRoot, "d", file);
  EXPECT_EQ(tree.attributes(Tree::kRoot), (Attributes{0700, 1, 2, 3}));
  EXPECT_EQ(tree.attributes(file), (Attributes{04755, 5, 6, 7}));
  EXPECT_EQ(tree.content(file), (FileContent{8, 9}));
  EXPECT_EQ(tree.target(link), "../target");
  EXPECT_EQ(tree.device_major(device), 4095U);
  EXPECT_EQ(tree.device_minor(device), 1'048'575U);
  EXPECT_EQ(tree.links(file), 2U);
  EXPECT_EQ(tree.links(Tree::kRoot), 0U);
  EXPECT_EQ(names(tree, Tree::kRoot), "a/2 b/1 c/3 d/1 ");
}

TEST(Tree, TimesOutsideOfWhatAnImageHoldsBecomeTheNearest) {
  Tree tree;
  EXPECT_EQ(tree.attributes(tree.make_fifo({.mtime = -5})).mtime, 0);
  EXPECT_EQ(tree.attributes(tree.make_fifo({.mtime = int64_t{1} << 40})).mtime, UINT32_MAX);
}

TEST(Tree, DirectoriesAreMadeOnTheWay) {
  Tree tree;
  const NodeId deep = *tree.directory_at("a/b/c", {.mode = 0711});
  EXPECT_EQ(tree.directory_at("a//b/c/", {}), deep);
  EXPECT_EQ(tree.directory_at("", {}), Tree::kRoot);
  EXPECT_EQ(tree.directory_path(deep), "a/b/c");
  EXPECT_EQ(tree.directory_path(Tree::kRoot), "");
  EXPECT_EQ(tree.attributes(deep).mode, 0711);
  const EntryId file = tree.add(deep, "f", tree.make_file({}, {}));
  EXPECT_EQ(tree.path(file), "a/b/c/f");
  EXPECT_EQ(tree.directory_at("a/b/c/f/g", {}), std::nullopt);
}

TEST(Tree, RemovingADirectoryRemovesAllBelow) {
  Tree tree;
  const NodeId file = tree.make_file({}, {});
  tree.add(*tree.directory_at("a/b", {}), "f", file);
  tree.add(Tree::kRoot, "g", file);
  tree.remove(*tree.find(Tree::kRoot, "a"));
  EXPECT_EQ(names(tree, Tree::kRoot), "g/1 ");
  EXPECT_EQ(tree.links(file), 1U);
  EXPECT_FALSE(tree.find(Tree::kRoot, "a"));
  const NodeId again = *tree.directory_at("a", {});
  EXPECT_EQ(names(tree, again), "");
}

TEST(Tree, ARemovedDirectoryMayBePutElsewhere) {
  Tree tree;
  const NodeId directory = *tree.directory_at("a", {});
  tree.remove(*tree.find(Tree::kRoot, "a"));
  tree.add(Tree::kRoot, "b", directory);
  EXPECT_EQ(tree.directory_path(directory), "b");
}

TEST(Tree, EqualExtendedAttributesAreKeptOnce) {
  Tree tree;
  const NodeId a = tree.make_fifo({});
  const NodeId b = tree.make_fifo({});
  tree.set_xattrs(a, {{"user.b", "2"}, {"user.a", std::string("\0x", 2)}});
  tree.set_xattrs(b, {{"user.a", std::string("\0x", 2)}, {"user.b", "2"}});
  EXPECT_EQ(&tree.xattrs(a), &tree.xattrs(b));
  EXPECT_EQ(tree.xattrs(a)[0].name, "user.a");
  tree.set_xattrs(b, {});
  EXPECT_TRUE(tree.xattrs(b).empty());
  EXPECT_TRUE(tree.xattrs(Tree::kRoot).empty());
}

TEST(Tree, RefusesWrongUse) {
  Tree tree;
  const NodeId file = tree.make_file({}, {});
  const NodeId directory = *tree.directory_at("d", {});
  tree.add(Tree::kRoot, "f", file);
  for (const std::string& name : std::vector<std::string>{
           "", ".", "..", "a/b", std::string("a\0b", 3), std::string(256, 'n'), "f"}) {
    EXPECT_THROW(tree.add(Tree::kRoot, name, file), Error) << name;
  }
  EXPECT_THROW(tree.add(Tree::kRoot, "second", directory), Error);
  EXPECT_THROW(tree.add(Tree::kRoot, "root", Tree::kRoot), Error);
  EXPECT_THROW(tree.add(file, "below", file), Error);
  EXPECT_THROW(tree.make_symlink({}, ""), Error);
  EXPECT_THROW(tree.make_symlink({}, std::string(4096, 't')), Error);
  EXPECT_THROW(tree.content(directory), Error);
  tree.add(Tree::kRoot, std::string(255, 'n'), file);
}

// Against a map, with many names that come and go.
TEST(Tree, FindsWhatIsThereAndNothingElse) {
  Tree tree;
  std::vector<NodeId> directories = {Tree::kRoot};
  for (int i = 0; i < 20; ++i) {
    directories.push_back(*tree.directory_at("dir" + std::to_string(i), {}));
  }
  std::map<std::pair<NodeId, std::string>, NodeId> model;
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp)
  for (int i = 0; i < 60'000; ++i) {
    const NodeId directory = directories[random() % directories.size()];
    const std::string name = "n" + std::to_string(random() % 500);
    const auto known = model.find({directory, name});
    const auto found = tree.find(directory, name);
    ASSERT_EQ(found.has_value(), known != model.end());
    if (found) {
      ASSERT_EQ(tree.node(*found), known->second);
      tree.remove(*found);
      model.erase(known);
    } else {
      const NodeId node = tree.make_fifo({});
      tree.add(directory, name, node);
      model[{directory, name}] = node;
    }
  }
  size_t count = 0;
  for (const NodeId directory : directories) count += tree.entries(directory).size();
  EXPECT_EQ(count, model.size() + directories.size() - 1);
}

}  // namespace
}  // namespace cntr::squashfs
