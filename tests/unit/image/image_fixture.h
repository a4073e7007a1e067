// A cache and a source to make images of.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "image/image.h"
#include "tree_listing.h"

namespace cntr::image {

class ImageFixture : public testing::Test {
 protected:
  ImageFixture() {
    make_directories(path("cache"));
    set_cache_mode(0700);
  }

  void set_cache_mode(mode_t mode) const { ASSERT_EQ(chmod(path("cache").c_str(), mode), 0); }

  std::string path(const std::string& name) const { return place_.path() + "/" + name; }

  store::Cache open_cache() {
    return store::Cache(path("cache"),
                        [](const std::string& sentence) { ADD_FAILURE() << sentence; });
  }

  static spec::Image rootfs(const std::string& source) {
    spec::Image image;
    image.name = "tools";
    image.location = {"/project/CMakeLists.txt", 7, 0};
    image.rootfs = source;
    return image;
  }

  static spec::Image layout(const std::string& source,
                            const std::optional<std::string>& tag = std::nullopt) {
    spec::Image image;
    image.name = "tools";
    image.location = {"/project/CMakeLists.txt", 7, 0};
    image.oci_layout = source;
    image.tag = tag;
    return image;
  }

  // Runs the action in `count` processes at once; each gives a number below 100. Sorted.
  static std::vector<int> in_processes(int count, const std::function<int()>& action) {
    std::vector<pid_t> children;
    for (int i = 0; i < count; ++i) {
      const pid_t child = fork();
      if (child == 0) {
        try {
          _exit(action());
        } catch (const std::exception& error) {
          dprintf(2, "%s\n", error.what());
        }
        _exit(100);
      }
      children.push_back(child);
    }
    std::vector<int> codes;
    for (const pid_t child : children) {
      int status = 0;
      waitpid(child, &status, 0);
      codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 101);
    }
    std::sort(codes.begin(), codes.end());
    return codes;
  }

  // Names in the cache's directories for images, but for lock files.
  static std::vector<std::string> leftovers(const store::Cache& cache) {
    std::vector<std::string> out;
    for (const std::string& name : list_directory(cache.images_directory())) {
      if (!name.ends_with(".lock")) out.push_back(name);
    }
    for (const std::string& name : list_directory(cache.scratch_directory())) out.push_back(name);
    return out;
  }

  TemporaryDirectory place_{test_place(), "cntr-image-"};
};

}  // namespace cntr::image
