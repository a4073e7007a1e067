// Which files a Containerfile's build sees.
#include "image/build_context.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_fixture.h"

namespace cntr::image {
namespace {

class BuildContextTest : public ImageFixture {
 protected:
  void write(const std::string& name, const std::string& text = "text", mode_t mode = 0644) {
    make_directories(parent_path(path(name)));
    write_file_atomically(path(name), text, mode);
  }

  BuildContext read(const std::string& build_file = "") {
    store::Cache cache = open_cache();
    return read_context(path("c/Containerfile"), path("c"), build_file, cache.file_digests());
  }

  std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const store::TreeEntry& entry : read().tree.entries) out.push_back(entry.path);
    return out;
  }

  using Names = std::vector<std::string>;
};

TEST_F(BuildContextTest, IsAllThatIsNotIgnored) {
  write("c/Containerfile");
  write("c/a");
  write("c/log/x");
  write("c/log/keep/y");
  EXPECT_EQ(names(), (Names{"Containerfile", "a", "log", "log/keep", "log/keep/y", "log/x"}));
  write("c/.dockerignore", "log\n");
  EXPECT_EQ(names(), (Names{"Containerfile", "a"}));
  write("c/.dockerignore", "log\n!log/keep\nContainerfile\n");
  EXPECT_EQ(names(), (Names{"a", "log", "log/keep", "log/keep/y"}));
  write("c/.dockerignore", "log/*\n");
  EXPECT_EQ(names(), (Names{"Containerfile", "a", "log"}));
}

TEST_F(BuildContextTest, AnIgnoreFileOfTheContainerfileComesFirst) {
  write("c/Containerfile");
  write("c/a");
  write("c/b");
  write("c/.dockerignore", "a");
  write("c/Containerfile.dockerignore", "b\nContainerfile");
  EXPECT_EQ(names(), Names{"a"});
  EXPECT_EQ(ignore_file_of(path("c/Other"), path("c")), path("c/.dockerignore"));
  write("c/.containerignore", "*");
  EXPECT_EQ(ignore_file_of(path("c/Other"), path("c")), path("c/.containerignore"));
  EXPECT_EQ(ignore_file_of(path("c/Other"), path("d")), "");
}

TEST_F(BuildContextTest, LeavesOutFifosAndTheBuildTree) {
  write("c/a");
  ASSERT_EQ(mkfifo(path("c/fifo").c_str(), 0600), 0);
  EXPECT_EQ(names(), Names{"a"});
  write("c/build/cntr/images/x.identity");
  const std::string file = path("c/build/cntr/images/x.identity");
  EXPECT_EQ(message_of([&] { read(file); }),
            "the context " + path("c") +
                " holds the build tree\n  Leave the build tree out of it, in " + path("c") +
                "/.dockerignore, or give a smaller CONTEXT.");
  write("c/.dockerignore", "build");
  EXPECT_EQ(message_of([&] { read(file); }), "");
}

TEST_F(BuildContextTest, IsCopiedAsItCounts) {
  write("c/dir/program", "#!", 0750);
  write("c/secret", "no");
  write("c/.dockerignore", "secret");
  ASSERT_EQ(symlink("/etc/passwd", path("c/link").c_str()), 0);
  make_directories(path("to"));
  stage_context(read(), path("to"));
  EXPECT_EQ(tree_listing(path("to")), "dir/ 755\ndir/program 755 \"#!\"\nlink -> /etc/passwd\n");
  EXPECT_EQ(stat_file(path("to/dir/program"))->mtime, stat_file(path("c/dir/program"))->mtime);
}

TEST_F(BuildContextTest, AChangeMeanwhileIsNoticed) {
  write("c/a", "one");
  const BuildContext context = read();
  write("c/a", "two");
  make_directories(path("to"));
  EXPECT_EQ(message_of([&] { stage_context(context, path("to")); }),
            path("c") + "/a has changed while the build's context was read\n  Build again.");
}

TEST_F(BuildContextTest, MissingContext) {
  EXPECT_EQ(message_of([&] { read(); }), "the context " + path("c") + " is not a directory");
}

}  // namespace
}  // namespace cntr::image
