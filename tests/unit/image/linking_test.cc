// What a program with this layer loads at its start.
#include <gtest/gtest.h>

#include "base/file_system.h"
#include "image/oci_layout.h"

namespace cntr::image {
namespace {

TEST(Linking, NeitherLibxml2NorIcuIsLoaded) {
  EXPECT_EQ(machine_platform().os, "linux");
  const std::string maps = read_file("/proc/self/maps");
  if (maps.find("libarchive.so") != std::string::npos) {
    GTEST_SKIP() << "there is no static libarchive on this machine";
  }
  EXPECT_EQ(maps.find("libxml2"), std::string::npos);
  EXPECT_EQ(maps.find("libicu"), std::string::npos);
}

}  // namespace
}  // namespace cntr::image
