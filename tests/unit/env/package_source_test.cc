#include "env/package_source.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace cntr::env {
namespace {

class PackageSourceTest : public testing::Test {
 protected:
  PackageSourceTest() {
    for (const char* const name : {"/packages", "/scratch", "/pkgs"}) {
      make_directories(home_.path() + name);
    }
  }

  PackageSource source() {
    return {home_.path() + "/packages",
            home_.path() + "/scratch",
            {home_.path() + "/pkgs"},
            [this](const std::string& url, const std::string& to) {
              downloads_.push_back(url);
              write_file_atomically(to, content_);
            }};
  }

  LockedPackage locked(const std::string& url) const {
    LockedPackage out = package_of_url(url, {"env.lock", 3, 0});
    out.sha256 = digest_of(content_);
    return out;
  }

  std::string message_of(const LockedPackage& package) {
    try {
      source().get(package);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryDirectory home_{"/tmp", "cntr-test-"};
  std::string content_ = "the package";
  std::vector<std::string> downloads_;
  const std::string url_ = "https://host/chan/noarch/a-1-0.conda";
};

TEST_F(PackageSourceTest, WhatWasDownloadedIsKept) {
  EXPECT_TRUE(source().is_remote(locked(url_)));
  EXPECT_EQ(read_file(source().get(locked(url_)).path), content_);
  EXPECT_FALSE(source().is_remote(locked(url_)));
  EXPECT_EQ(source().get(locked(url_)).sha256, digest_of(content_));
  EXPECT_THAT(downloads_, testing::ElementsAre(url_));
  EXPECT_THAT(list_directory(home_.path() + "/scratch"), testing::IsEmpty());
}

TEST_F(PackageSourceTest, AnMd5IsRemembered) {
  LockedPackage package = locked(url_);
  package.sha256.reset();
  package.md5 = "84abf4a77d2bd19a8d5f1d8b3ad4cd59";
  content_ = "";
  package.md5 = "d41d8cd98f00b204e9800998ecf8427e";
  EXPECT_EQ(source().known_digest(package), std::nullopt);
  source().get(package);
  EXPECT_EQ(source().known_digest(package), digest_of(""));
  source().get(package);
  EXPECT_EQ(downloads_.size(), 1U);
}

TEST_F(PackageSourceTest, APackageCacheOfCondaIsUsed) {
  write_file_atomically(home_.path() + "/pkgs/a-1-0.conda", content_);
  EXPECT_EQ(source().get(locked(url_)).path, home_.path() + "/pkgs/a-1-0.conda");
  // Another package of the same name is not.
  write_file_atomically(home_.path() + "/pkgs/a-1-0.conda", "other");
  source().get(locked(url_));
  EXPECT_EQ(downloads_.size(), 1U);
}

TEST_F(PackageSourceTest, WrongSums) {
  LockedPackage package = locked(url_);
  package.sha256 = digest_of("another");
  EXPECT_EQ(message_of(package),
            "env.lock:3: The package a-1-0.conda is not the one that was locked: the lock has the "
            "SHA-256 " +
                digest_of("another").hex() + "; its own is " + digest_of(content_).hex() +
                "\n  It is https://host/chan/noarch/a-1-0.conda.");
  EXPECT_THAT(list_directory(home_.path() + "/packages"), testing::IsEmpty());
  package.sha256.reset();
  package.md5 = std::string(32, '0');
  EXPECT_THAT(message_of(package), testing::HasSubstr("the lock has the MD5 000"));
  package.md5 = "";
  EXPECT_THAT(
      message_of(package),
      testing::HasSubstr("env.lock:3: The lock has no checksum for the package a-1-0.conda"));
}

TEST_F(PackageSourceTest, LocalPackagesStayWhereTheyAre) {
  make_directories(home_.path() + "/my chan/noarch");
  const std::string path = home_.path() + "/my chan/noarch/a-1-0.conda";
  const LockedPackage package = locked("file://" + home_.path() + "/my%20chan/noarch/a-1-0.conda");
  EXPECT_EQ(message_of(package), "env.lock:3: There is no package \"" + path + "\"");
  write_file_atomically(path, content_);
  EXPECT_FALSE(source().is_remote(package));
  EXPECT_EQ(source().get(package).path, path);
  EXPECT_THAT(list_directory(home_.path() + "/packages"), testing::IsEmpty());
  write_file_atomically(path, "other");
  EXPECT_THAT(message_of(package), testing::HasSubstr("is not the one that was locked"));
}

TEST(FileUrlTest, Paths) {
  EXPECT_EQ(path_of_file_url("file:///a%20b/%C3%A4%zz%"), "/a b/\xc3\xa4%zz%");
  EXPECT_EQ(path_of_file_url("file:///a%00b"), "/a%00b");
}

}  // namespace
}  // namespace cntr::env
