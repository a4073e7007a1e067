// Large .tar.bz2 packages are decompressed by lbzip2 where it is in PATH: the same comes out.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <random>

#include "base/environment.h"
#include "base/error.h"
#include "env/package_archive.h"
#include "package_builder.h"

namespace cntr::env {
namespace {

using image::compressed;
using image::Compression;
using image::TarBuilder;
using testing::HasSubstr;

// With programs of its own before, or instead of, those in PATH.
class Bzip2PackageTest : public testing::Test {
 protected:
  Bzip2PackageTest() : path_(search_path()) {}
  ~Bzip2PackageTest() override { setenv("PATH", path_.c_str(), 1); }

  void use_only(const std::string& script) {
    write_file_atomically(directory_.path() + "/lbzip2", "#!/bin/sh\n" + script + "\n", 0755);
    setenv("PATH", directory_.path().c_str(), 1);
  }
  void use_none() { setenv("PATH", directory_.path().c_str(), 1); }

  static std::string random_bytes(size_t size) {
    std::mt19937 engine(1);
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(engine() & 0xff);
    return out;
  }

  static std::string large_tar() {
    return TarBuilder()
        .file("info/index.json", index_json())
        .file("info/paths.json", paths_json({path_entry("bin/a"), path_entry("bin/b")}))
        .file("bin/a", random_bytes(size_t{3} << 20))
        .file("bin/b", "the last")
        .text();
  }

  // Digests of its files, or what is wrong with it.
  static std::string read(const std::string& package) {
    std::string out;
    try {
      PackageArchive archive(file_of(package), "demo");
      archive.read_payload([&](const PayloadEntry& entry, archive::TarReader& reader) {
        Sha256 sum;
        reader.read([&](std::string_view bytes, uint64_t) { sum.update(bytes); });
        out += entry.path + " " + sum.finish().hex() + "\n";
      });
    } catch (const Error& error) {
      return error.message();
    }
    return out;
  }

  TemporaryDirectory directory_{testing::TempDir(), "bzip2-"};

 private:
  std::string path_;
};

TEST_F(Bzip2PackageTest, AProgramReadsTheSameAsTheLibrary) {
  const std::string package = old_package(large_tar());
  use_none();
  const std::string expected = read(package);
  EXPECT_THAT(expected, HasSubstr("bin/b " + digest_of("the last").hex()));
  use_only("echo \"$@\" >> " + directory_.path() + "/used; PATH=/usr/bin:/bin; exec bzip2 -dc");
  EXPECT_EQ(read(package), expected);
  // Once, for the files; not for the metadata at the begin.
  EXPECT_THAT(read_file(directory_.path() + "/used"), testing::MatchesRegex("-d -c -n [1-4]\n"));
}

TEST_F(Bzip2PackageTest, Lbzip2ReadsTheSameAsTheLibrary) {
  if (!find_program("lbzip2", search_path())) GTEST_SKIP() << "lbzip2 is not on PATH";
  const std::string tar = large_tar();
  const std::string package = old_package(tar);
  const size_t half = tar.size() / 2;
  const std::string two_streams = old_package(tar.substr(0, half)) + old_package(tar.substr(half));
  const std::string with_more = package + std::string(1000, '\0') + "more";
  const std::string of_program = read(package);
  EXPECT_EQ(read(two_streams), of_program);
  EXPECT_EQ(read(with_more), of_program);
  use_none();
  EXPECT_EQ(read(package), of_program);
  EXPECT_EQ(read(two_streams), of_program);
  EXPECT_EQ(read(with_more), of_program);
}

TEST_F(Bzip2PackageTest, DamagedPackagesAreRefusedByBoth) {
  if (!find_program("lbzip2", search_path())) GTEST_SKIP() << "lbzip2 is not on PATH";
  const std::string package = old_package(large_tar());
  const std::string truncated = package.substr(0, package.size() - 100'000);
  std::string damaged = package;
  damaged[package.size() / 2] ^= 1;
  for (const std::string& bytes : {truncated, damaged}) {
    EXPECT_EQ(read(bytes), "demo: entry \"bin/a\": the archive is damaged: lbzip2 cannot read it");
  }
  use_none();
  for (const std::string& bytes : {truncated, damaged}) {
    EXPECT_THAT(read(bytes), HasSubstr("demo: entry \"bin/a\": the archive is "));
  }
}

TEST_F(Bzip2PackageTest, ProgramsThatFail) {
  const std::string package = old_package(large_tar());
  use_only("exit 1");
  EXPECT_EQ(read(package), "demo: the archive is damaged: lbzip2 cannot read it");
  use_only("kill -9 $$");
  EXPECT_EQ(read(package), "demo: lbzip2 was ended by signal 9");
  use_only("PATH=/usr/bin:/bin; bzip2 -dc | head -c 2000000");
  EXPECT_THAT(read(package), HasSubstr("demo: entry \"bin/a\": the archive is "));
}

TEST_F(Bzip2PackageTest, SmallPackagesStartNoProgram) {
  use_only("exit 1");
  EXPECT_EQ(read(old_package(TarBuilder()
                                 .file("info/index.json", index_json())
                                 .file("info/paths.json", paths_json({path_entry("bin/b")}))
                                 .file("bin/b", "the last")
                                 .text())),
            "bin/b " + digest_of("the last").hex() + "\n");
}

}  // namespace
}  // namespace cntr::env
