#include "env/lock.h"

#include <gmock/gmock.h>

#include "base/file_system.h"

namespace cntr::env {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kMd5 = "c3473ff8bdb3d124ed5ff11ec380d6f9";
const std::string kSha = std::string(64, 'a');

EnvLock parse(const std::string& text, const LockChoice& choice = {}) {
  return parse_lock(text, "/locks/env.lock", choice);
}

EnvLock real_lock(const std::string& name, const LockChoice& choice = {}) {
  const std::string path = std::string(CNTR_TEST_CONDA_DATA) + "/locks/" + name;
  return parse_lock(read_file(path), path, choice);
}

// What a person reads.
std::string message_of_lock(const std::string& text, const LockChoice& choice = {}) {
  try {
    parse(text, choice);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string explicit_lock(const std::string& lines) { return "@EXPLICIT\n" + lines; }

std::vector<std::string> names(const EnvLock& lock) {
  std::vector<std::string> out;
  for (const LockedPackage& package : lock.packages) out.push_back(package.name);
  return out;
}

TEST(LockTest, ExplicitLists) {
  const EnvLock lock = parse(
      "# a comment\n# platform: linux-64\n\n  @EXPLICIT  \n"
      "https://host/t/token/chan/linux-64/a-b-1.0-h0_0.conda#" +
      kMd5 +
      "\n"
      "  https://host/chan/noarch/c-2-0.tar.bz2#sha256:" +
      kSha +
      "\r\n"
      "https://host/chan/noarch/d-2-0.conda#" +
      kSha +
      "\n"
      "https://host/chan/noarch/e-2-0.conda\n");
  EXPECT_TRUE(lock.is_ordered);
  EXPECT_EQ(lock.platform, "linux-64");
  EXPECT_THAT(names(lock), ElementsAre("a-b", "c", "d", "e"));
  const LockedPackage& first = lock.packages[0];
  EXPECT_EQ(first.url, "https://host/t/token/chan/linux-64/a-b-1.0-h0_0.conda");
  EXPECT_EQ(first.version, "1.0");
  EXPECT_EQ(first.build, "h0_0");
  EXPECT_EQ(first.subdir, "linux-64");
  EXPECT_EQ(first.channel, "https://host/t/token/chan");
  EXPECT_EQ(first.file_name, "a-b-1.0-h0_0.conda");
  EXPECT_EQ(first.md5, kMd5);
  EXPECT_FALSE(first.sha256);
  EXPECT_EQ(first.where, (Location{"/locks/env.lock", 5, 0}));
  EXPECT_EQ(lock.packages[1].sha256->hex(), kSha);
  EXPECT_EQ(lock.packages[2].sha256->hex(), kSha);
  EXPECT_FALSE(lock.packages[3].sha256);
}

TEST(LockTest, PathsInExplicitListsAreRelativeToTheList) {
  setenv("CNTR_TEST_CHANNEL", "/srv/chan", 1);
  const EnvLock lock =
      parse(explicit_lock("chan/noarch/a-1-0.conda\n../noarch/b-1-0.conda\n"
                          "/abs/noarch/c-1-0.conda\n"
                          "$CNTR_TEST_CHANNEL/noarch/d-1-0.conda\n"
                          "file://${CNTR_TEST_CHANNEL}/noarch/e-1-0.conda\n"));
  EXPECT_EQ(lock.packages[0].url, "file:///locks/chan/noarch/a-1-0.conda");
  EXPECT_EQ(lock.packages[1].url, "file:///noarch/b-1-0.conda");
  EXPECT_EQ(lock.packages[2].url, "file:///abs/noarch/c-1-0.conda");
  EXPECT_EQ(lock.packages[3].url, "file:///srv/chan/noarch/d-1-0.conda");
  EXPECT_EQ(lock.packages[4].url, "file:///srv/chan/noarch/e-1-0.conda");
}

TEST(LockTest, WhatIsWrongWithExplicitLists) {
  const std::string url = "https://host/chan/noarch/";
  EXPECT_THAT(
      message_of_lock(explicit_lock(url + "a.conda")),
      HasSubstr("/locks/env.lock:2: \"" + url + "a.conda\" is not named NAME-VERSION-BUILD"));
  EXPECT_THAT(message_of_lock(explicit_lock(url + "a-1-0.zip")),
              HasSubstr("is no .conda or .tar.bz2 package"));
  EXPECT_THAT(message_of_lock(explicit_lock("ftp://host/chan/noarch/a-1-0.conda")),
              HasSubstr("is no https://, http:// or file:/// URL"));
  EXPECT_EQ(message_of_lock(explicit_lock(url + "a-1-0.conda#12")),
            "/locks/env.lock:2: \"12\" is no MD5 or SHA-256 sum");
  EXPECT_EQ(
      message_of_lock(explicit_lock("https://host/chan/osx-64/a-1-0.conda")),
      "/locks/env.lock:2: The package a-1-0.conda is for osx-64, the environment for linux-64");
  EXPECT_EQ(message_of_lock("# platform: win-64\n" + explicit_lock("")),
            "/locks/env.lock:1: The lock is for win-64, the environment for linux-64");
  EXPECT_EQ(message_of_lock(explicit_lock(url + "a-1-0.conda\n" + url + "a-2-0.conda")),
            "/locks/env.lock:3: The package a is there twice");
  EXPECT_THAT(message_of_lock("hello"), HasSubstr("This is no lock of a conda environment"));
  EXPECT_THAT(message_of_lock("a: b"), HasSubstr("This is no lock of a conda environment"));
}

TEST(LockTest, WhatPipBringsStandsInComments) {
  const std::string sum = "#sha256=" + kSha + "\n";
  const EnvLock lock =
      parse(explicit_lock("# pip Foo.Bar @ https://host/foo_bar-1.0-py3-none-any.whl" + sum +
                          "# pip baz @ ../Baz-2.0.tar.gz" + sum));
  ASSERT_EQ(lock.wheels.size(), 2U);
  EXPECT_EQ(lock.wheels[0].name + " " + lock.wheels[0].version, "foo-bar 1.0");
  EXPECT_FALSE(lock.wheels[0].is_source);
  EXPECT_EQ(lock.wheels[1].name + " " + lock.wheels[1].version, "baz 2.0");
  EXPECT_EQ(lock.wheels[1].url, "file:///Baz-2.0.tar.gz");
  EXPECT_TRUE(lock.wheels[1].is_source);
  EXPECT_THAT(message_of_lock(explicit_lock("# pip a @ https://host/a-1.0.rpm" + sum)),
              HasSubstr("/locks/env.lock:2: \"https://host/a-1.0.rpm\" is no wheel"));
  EXPECT_THAT(message_of_lock(explicit_lock("# pip a @ https://host/a-1.0.tar.gz")),
              HasSubstr("/locks/env.lock:2: No package of pip can be read here"));
  EXPECT_EQ(message_of_lock(explicit_lock("# pip a @ https://host/b-1-py3-none-any.whl" + sum)),
            "/locks/env.lock:2: The wheel at that URL is of \"b\"");
}

TEST(LockTest, AProjectInADirectoryOfAnArchive) {
  const auto line_in = [](const std::string& directory) {
    return explicit_lock("# pip a @ https://host/main.zip#sha256=" + kSha +
                         "&subdirectory=" + directory);
  };
  const EnvLock lock = parse(line_in("packages/a-1.x"));
  EXPECT_EQ(lock.wheels.at(0).url, "https://host/main.zip#subdirectory=packages/a-1.x");
  EXPECT_EQ(lock.wheels.at(0).version, "main");
  EXPECT_TRUE(lock.wheels.at(0).is_source);
  for (const char* const directory : {"..", "a/../..", "/etc", "a//b", "a/", "a b", "$(id)", ""}) {
    EXPECT_THAT(message_of_lock(line_in(directory)), HasSubstr("is no directory of an archive"))
        << directory;
  }
}

TEST(LockTest, RealExplicitLists) {
  EXPECT_EQ(real_lock("explicit_env_linux.txt").packages.size(), 15U);
  EXPECT_THAT(names(real_lock("xtensor_linux-64.txt")),
              ElementsAre("_libgcc_mutex", "libstdcxx-ng", "libgomp", "_openmp_mutex", "libgcc-ng",
                          "xtl", "xtensor"));
  EXPECT_EQ(real_lock("conda-explicit.txt").packages.size(), 2U);
}

TEST(LockTest, RealCondaLocks) {
  const EnvLock zlib = real_lock("zlib-conda-lock.yml");
  EXPECT_FALSE(zlib.is_ordered);
  EXPECT_THAT(names(zlib), testing::Contains("libzlib"));
  EXPECT_TRUE(zlib.packages[0].sha256);
  EXPECT_EQ(zlib.packages[0].md5.size(), 32U);
  const EnvLock pip = real_lock("pipdeps-conda-lock.yml");
  EXPECT_THAT(names(pip), testing::Contains("python"));
  ASSERT_FALSE(pip.wheels.empty());
  EXPECT_EQ(pip.wheels[0].name, "certifi");
  EXPECT_EQ(pip.wheels[0].version, "2023.7.22");
  EXPECT_EQ(pip.wheels[0].sha256->hex().substr(0, 8), "92d60375");
  EXPECT_EQ(pip.wheels.size(),
            real_lock("pipdeps-conda-lock.yml", {"linux-aarch64"}).wheels.size());
}

TEST(LockTest, CategoriesOfCondaLock) {
  const auto package = [](const std::string& name, const std::string& category) {
    return "- {name: " + name + ", manager: conda, platform: linux-64, category: " + category +
           ", url: 'https://h/c/noarch/" + name + "-1-0.conda', hash: {md5: " + kMd5 + "}}\n";
  };
  const std::string text = "version: 1\nmetadata: {platforms: [linux-64]}\npackage:\n" +
                           package("a", "main") + package("b", "dev");
  EXPECT_THAT(names(parse(text)), ElementsAre("a"));
  EXPECT_THAT(names(parse(text, {"linux-64", "default", {"main", "dev"}})), ElementsAre("a", "b"));
  EXPECT_EQ(message_of_lock(text, {"win-64"}),
            "/locks/env.lock:2:23: The lock is not for win-64\n  It is for: linux-64.");
}

TEST(LockTest, WhatIsWrongWithCondaLocks) {
  const std::string begin = "version: 1\npackage:\n- name: a\n  manager: ";
  const std::string rest = "\n  platform: linux-64\n  url: https://h/c/noarch/a-1-0.conda\n";
  EXPECT_EQ(message_of_lock(begin + "npm" + rest),
            "/locks/env.lock:4:12: \"npm\" is not \"conda\" or \"pip\"");
  EXPECT_EQ(message_of_lock(begin + "conda" + rest), "/locks/env.lock:3:3: Missing key \"hash\"");
  EXPECT_EQ(message_of_lock(begin + "conda" + rest + "  hash: {sha256: 12}\n"),
            "/locks/env.lock:7:18: \"12\" is no SHA-256 sum");
  EXPECT_EQ(message_of_lock("version: 2\npackage: []\n"),
            "/locks/env.lock:1:10: \"version\" needs a whole number from 1 to 1, not \"2\"");
}

TEST(LockTest, RealPixiLocks) {
  const EnvLock five = real_lock("v5-flat-index-lock.yml", {"osx-arm64"});
  EXPECT_EQ(five.packages.size(), 13U);
  EXPECT_EQ(five.packages[0].name, "bzip2");
  EXPECT_EQ(five.packages[0].size, 122325U);
  EXPECT_EQ(five.wheels.size(), 5U);
  EXPECT_THAT(five.wheels[4].url, HasSubstr("/locks/links/requests-2.31.0-py3-none-any.whl"));
  for (const char* const name : {"v6-numpy-as-pypi-lock.yml", "v7-numpy-as-pypi-lock.yml"}) {
    const EnvLock lock = real_lock(name, {"osx-arm64"});
    EXPECT_EQ(lock.packages.size(), 19U) << name;
    EXPECT_EQ(lock.wheels.at(0).name, "numpy") << name;
    EXPECT_THAT(lock.packages[0].sha256, testing::Ne(std::nullopt)) << name;
  }
}

std::string message_of_real(const std::string& name, const LockChoice& choice) {
  try {
    real_lock(name, choice);
  } catch (const Error& error) {
    return error.message() + (error.notes().empty() ? "" : " | " + error.notes()[0]);
  }
  return "no error";
}

TEST(LockTest, WhatIsWrongWithPixiLocks) {
  EXPECT_EQ(
      message_of_real("v5-flat-index-lock.yml", {"linux-64"}),
      "The environment \"default\" is not locked for linux-64 | It is locked for: osx-arm64.");
  EXPECT_EQ(message_of_real("v5-flat-index-lock.yml", {"linux-64", "test"}),
            "The lock has no environment \"test\" | It has: default.");
  EXPECT_EQ(message_of_real("v7-sources-lock.yml", {"win-64"}),
            "\"child-package[87dc0b8a] @ child-package\" is to be built from source | Cntr puts "
            "packages that are built already into an environment.");
  // A platform with a name of its own is found by its subdir.
  EXPECT_THAT(message_of_real("v7-conda-path-lock.yml", {"linux-64"}),
              HasSubstr("\"minimal-project[ac2e8eb3] @ ../minimal-project\" is to be built"));
  EXPECT_EQ(message_of_lock("version: 3\nenvironments: {}\n"),
            "/locks/env.lock:1:10: \"version\" needs a whole number from 4 to 7, not \"3\"");
  const std::string url = "https://h/c/noarch/a-1-0.conda";
  EXPECT_EQ(message_of_lock("version: 6\nenvironments: {default: {packages: {linux-64: [{conda: '" +
                            url + "'}]}}}\npackages: []\n"),
            "/locks/env.lock:2:48: The list of packages has no \"" + url + "\"");
}

TEST(LockTest, HostileYaml) {
  EXPECT_THAT(message_of_lock("package: " + std::string(100000, '[')),
              HasSubstr("Not valid YAML: it is nested more than "));
  EXPECT_THAT(message_of_lock("package: &a [*a]\n"), HasSubstr("/locks/env.lock"));
  EXPECT_THAT(message_of_lock("package: {a: b}\n"), HasSubstr("Expected a list for \"package\""));
  EXPECT_THAT(message_of_lock("environments: [\n"), HasSubstr("Not valid YAML"));
}

}  // namespace
}  // namespace cntr::env
