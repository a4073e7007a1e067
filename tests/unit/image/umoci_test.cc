// Layouts as real tools write them.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/process.h"
#include "image_fixture.h"

namespace cntr::image {
namespace {

class UmociTest : public ImageFixture {
 protected:
  void SetUp() override {
    if (!find_program("umoci", search_path())) GTEST_SKIP() << "umoci is not installed";
  }

  // The bundle gets the image's tree.
  static void unpack(const std::string& image, const std::string& bundle) {
    std::vector<std::string> argv = {"umoci", "unpack", "--image", image, bundle};
    if (geteuid() != 0) argv.insert(argv.begin() + 2, "--rootless");
    run(argv);
  }

  static void run(const std::vector<std::string>& argv) {
    const Captured result = capture_process(argv);
    ASSERT_EQ(result.status.code, 0) << result.err;
  }
};

TEST_F(UmociTest, ALayoutOfSeveralLayers) {
  const std::string place = path("layout");
  const std::string bundle = path("bundle");
  const std::string root = bundle + "/rootfs";
  run({"umoci", "init", "--layout", place});
  run({"umoci", "new", "--image", place + ":base"});
  unpack(place + ":base", bundle);
  make_directories(root + "/etc");
  make_directories(root + "/gone/deep");
  write_file_atomically(root + "/etc/issue", "first");
  write_file_atomically(root + "/gone/deep/file", "x");
  write_file_atomically(root + "/was-file", "x");
  ASSERT_EQ(link((root + "/etc/issue").c_str(), (root + "/etc/twin").c_str()), 0);
  ASSERT_EQ(symlink("etc", (root + "/link").c_str()), 0);
  run({"umoci", "repack", "--image", place + ":base", bundle});
  remove_tree(bundle);

  unpack(place + ":base", bundle);
  remove_tree(root + "/gone");
  remove_tree(root + "/was-file");
  make_directories(root + "/was-file");
  write_file_atomically(root + "/was-file/now-below", "y");
  write_file_atomically(root + "/added", "z", 0755);
  ASSERT_EQ(chmod((root + "/added").c_str(), 04755), 0);
  run({"umoci", "repack", "--image", place + ":next", bundle});
  run({"umoci", "config", "--image", place + ":next", "--config.env", "LANG=C",
       "--config.workingdir", "/etc", "--config.cmd", "/added", "--config.user", "1:2"});

  store::Cache cache = open_cache();
  const spec::Image image = layout(place, "next");
  const spec::ImageIdentity identity = identify(image, cache);
  EXPECT_EQ(identity.config.env, std::vector<std::string>{"LANG=C"});
  EXPECT_EQ(identity.config.working_dir, "/etc");
  EXPECT_EQ(identity.config.cmd, std::vector<std::string>{"/added"});
  EXPECT_EQ(identity.config.user, "1:2");
  EXPECT_EQ(tree_listing(unpacked_tree(image, identity, cache).path()),
            "added 4755 \"z\"\n"
            "build/ 755\n"
            "dev/ 755\n"
            "etc/ 755\n"
            "etc/issue 644 \"first\"\n"
            "etc/twin = etc/issue\n"
            "link -> etc\n"
            "proc/ 755\n"
            "src/ 755\n"
            "tmp/ 1777\n"
            "was-file/ 755\n"
            "was-file/now-below 644 \"y\"\n");
  EXPECT_NE(identify(layout(place, "base"), cache).identity, identity.identity);
  EXPECT_EQ(message_of([&] { identify(layout(place), cache); }),
            "/project/CMakeLists.txt:7: Image tools: " + place +
                " holds more than one image\n"
                "  Its tags: base, next.\n"
                "  Name one: OCI_LAYOUT <directory>:<tag>.");
}

}  // namespace
}  // namespace cntr::image
