#include "env/package_listing.h"

#include <gtest/gtest.h>

namespace cntr::env {
namespace {

PackedPackage some_package() {
  PackedPackage out;
  out.info.name = "demo";
  out.info.version = "1.0";
  out.info.build = "0";
  out.info.build_number = 7;
  out.info.noarch = Noarch::kPython;
  out.info.depends = {"python", "zlib >=1"};
  out.info.index = "{}";
  out.info.has_paths_json = true;
  out.info.entry_points = {{"demo", "demo.cli", "main"}};
  out.info.paths.push_back(
      {"bin/a", PathType::kHardLink, "/place", FileMode::kBinary, true, "ab", 5});
  out.info.paths.push_back({"lib/b", PathType::kSoftLink, "", FileMode::kText, false, "", {}});
  out.files.push_back({LinkedKind::kFile, 0755, -5, 3, true, ""});
  out.files.push_back({LinkedKind::kSymlink, 0777, 1700000000, 0, false, "../x"});
  return out;
}

TEST(PackageListingTest, WhatIsWrittenIsRead) {
  const PackedPackage package = some_package();
  const std::string listing = write_listing(package);
  const auto read = read_listing(listing);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->files, package.files);
  EXPECT_EQ(read->info.dist(), "demo-1.0-0");
  EXPECT_EQ(read->info.depends, package.info.depends);
  EXPECT_EQ(read->info.entry_points, package.info.entry_points);
  ASSERT_EQ(read->info.paths.size(), 2U);
  EXPECT_EQ(read->info.paths[0].placeholder, "/place");
  EXPECT_EQ(read->info.paths[0].size, 5U);
  EXPECT_TRUE(read->info.paths[0].no_link);
  EXPECT_EQ(read->info.paths[1].size, std::nullopt);
  EXPECT_EQ(write_listing(*read), listing);
}

TEST(PackageListingTest, WhatIsDamagedIsNotRead) {
  const std::string listing = write_listing(some_package());
  for (size_t i = 0; i < listing.size(); ++i) {
    EXPECT_FALSE(read_listing(listing.substr(0, i))) << i;
    std::string flipped = listing;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_FALSE(read_listing(flipped)) << i;
  }
}

}  // namespace
}  // namespace cntr::env
