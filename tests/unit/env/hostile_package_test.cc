// Packages that no packer would make: each is refused with one clear message.
#include <gmock/gmock.h>

#include "base/error.h"
#include "env/package_archive.h"
#include "env/package_pack.h"
#include "package_builder.h"
#include "squashfs/data_pack_writer.h"
#include "squashfs/worker_pool.h"

namespace cntr::env {
namespace {

using image::compressed;
using image::Compression;
using image::TarBuilder;
using testing::HasSubstr;

// Reads and packs the package, as an environment's builder does.
std::string message_of_package(const std::string& bytes) {
  try {
    PackageArchive archive(file_of(bytes), "demo.conda");
    squashfs::WorkerPool pool(1);
    squashfs::DataPackWriter writer(file_of(""), "pack", {}, pool);
    pack_package(archive, "/opt/env", writer, [](const std::string&) {});
    writer.finish();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUser);
    return error.message();
  }
  return "no error";
}

std::string with_payload(const TarBuilder& payload, const std::vector<std::string>& paths = {}) {
  TarBuilder info;
  info.file("info/index.json", index_json());
  std::vector<std::string> entries;
  for (const std::string& path : paths) entries.push_back(path_entry(path));
  info.file("info/paths.json", paths_json(entries));
  return conda_package(info.text(), payload.text());
}

TEST(HostilePackageTest, NoPackageAtAll) {
  const std::string no_package =
      "demo.conda: it is no conda package: neither a .conda nor a "
      ".tar.bz2 archive";
  EXPECT_EQ(message_of_package(""), no_package);
  EXPECT_EQ(message_of_package("hello"), no_package);
  EXPECT_EQ(message_of_package("PK\x03\x04"),
            "demo.conda: it is no zip archive, or a truncated one");
  EXPECT_THAT(message_of_package("BZh9 and nothing"), HasSubstr("demo.conda: "));
}

TEST(HostilePackageTest, ZipsThatAreNoPackages) {
  const std::string info =
      compressed(TarBuilder().file("info/index.json", index_json()).text(), Compression::kZstd);
  const std::string members =
      "demo.conda: it is no conda package: it needs one member "
      "info-*.tar.zst and one pkg-*.tar.zst";
  EXPECT_EQ(message_of_package(stored_zip({})), members);
  EXPECT_EQ(message_of_package(stored_zip({{"info-a.tar.zst", info}, {"info-b.tar.zst", info}})),
            members);
  EXPECT_EQ(message_of_package(stored_zip({{"info-a.tar.zst", info}, {"info-a.tar.zst", info}})),
            "demo.conda: its member \"info-a.tar.zst\" is there twice");
  EXPECT_EQ(message_of_package(stored_zip({{"info-a.tar.zst", info, 8}})),
            "demo.conda: its member \"info-a.tar.zst\" is compressed; those of a package must be "
            "stored");
  EXPECT_EQ(message_of_package(stored_zip({{"info-a.tar.zst", info, 0, 1}})),
            "demo.conda: its member \"info-a.tar.zst\" is encrypted");
  EXPECT_EQ(
      message_of_package(stored_zip({{"info-a.tar.zst", info, 0, 0, 1 << 20}})),
      "demo.conda: the zip archive is damaged: the member \"info-a.tar.zst\" reaches into the "
      "directory");
}

TEST(HostilePackageTest, ZipsThatWereCut) {
  const std::string whole = with_payload(TarBuilder().file("a", std::string(5000, 'x')), {"a"});
  ASSERT_EQ(message_of_package(whole), "no error");
  for (size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_THAT(message_of_package(whole.substr(0, size)), HasSubstr("demo.conda: ")) << size;
    EXPECT_THAT(message_of_package(whole.substr(size + 1)), testing::StartsWith("demo.conda: "))
        << size;
  }
}

TEST(HostilePackageTest, PathsThatLeaveThePackage) {
  EXPECT_EQ(message_of_package(with_payload(TarBuilder().file("../x", ""))),
            "demo.conda: entry \"../x\": the path \"../x\" has a component \"..\"");
  EXPECT_EQ(message_of_package(with_payload(TarBuilder().file("/etc/passwd", ""))),
            "demo.conda: entry \"/etc/passwd\": the path \"/etc/passwd\" is absolute");
  EXPECT_EQ(message_of_package(
                with_payload(TarBuilder().file("a", "").hard_link("b", "../../etc/passwd"))),
            "demo.conda: entry \"b\": the hard link to \"../../etc/passwd\" has a "
            "component \"..\"");
}

TEST(HostilePackageTest, EntriesThatNoPackageMayHave) {
  EXPECT_EQ(message_of_package(with_payload(TarBuilder().file("a", "1").file("./a", "2"))),
            "demo.conda: entry \"./a\": it is there twice");
  EXPECT_EQ(message_of_package(with_payload(TarBuilder().device("dev/null"))),
            "demo.conda: entry \"dev/null\": it is a device or a fifo, which no package may have");
  EXPECT_EQ(message_of_package(with_payload(TarBuilder().hard_link("b", "a").file("a", ""))),
            "demo.conda: entry \"b\": it is a hard link to \"a\", which is no file before it");
  EXPECT_EQ(message_of_package(with_payload(TarBuilder().symlink("l", "a").hard_link("b", "l"))),
            "demo.conda: entry \"b\": it is a hard link to \"l\", which is no file before it");
  EXPECT_EQ(message_of_package(with_payload(TarBuilder().symlink("l", ""))),
            "demo.conda: entry \"l\": it is a symbolic link without a target");
}

TEST(HostilePackageTest, WhatIsListedMustBeThere) {
  EXPECT_EQ(message_of_package(with_payload(TarBuilder().file("a", ""), {"a", "b"})),
            "demo.conda: it lists \"b\", which is not in the archive");
  // What is there and not listed is left out, as conda does.
  EXPECT_EQ(message_of_package(with_payload(TarBuilder().file("a", "").file("b", ""), {"a"})),
            "no error");
}

TEST(HostilePackageTest, MetadataTwice) {
  TarBuilder info;
  info.file("info/index.json", index_json()).file("./info/index.json", index_json());
  EXPECT_EQ(message_of_package(conda_package(info.text(), TarBuilder().text())),
            "demo.conda: entry \"./info/index.json\": it is there twice");
}

TEST(HostilePackageTest, MetadataThatIsTooLarge) {
  TarBuilder info;
  info.file("info/index.json", std::string((64 << 20) + 1, ' '));
  EXPECT_EQ(message_of_package(conda_package(info.text(), TarBuilder().text())),
            "demo.conda: entry \"info/index.json\": it is larger than 64.0 MiB");
}

// 8 GiB of zeros in a few kilobytes.
TEST(HostilePackageTest, Bombs) {
  TarBuilder payload;
  payload.pax({{"GNU.sparse.major", "1"},
               {"GNU.sparse.minor", "0"},
               {"GNU.sparse.name", "a"},
               {"GNU.sparse.realsize", "8589934592"}});
  payload.file("a", "1\n8589934591\n1\n" + std::string(512 - 15, '\0') + "x");
  EXPECT_THAT(message_of_package(with_payload(payload, {"a"})),
              HasSubstr("it looks like a decompression bomb"));
}

TEST(HostilePackageTest, RealBrokenOnes) {
  const auto read = [](const std::string& name) {
    return read_file(std::string(CNTR_TEST_CONDA_DATA) + "/packages/" + name);
  };
  const std::string no_package =
      "demo.conda: it is no conda package: neither a .conda nor a "
      ".tar.bz2 archive";
  EXPECT_EQ(message_of_package(read("another_bad_package.conda")), no_package);
  EXPECT_EQ(message_of_package(read("bad_package.tar.bz2")), no_package);
  EXPECT_EQ(message_of_package(read("flask-0.11.1-py_0.tar.bz2")),
            "demo.conda: it lists \"site-packages/Flask-0.11.1-py3.5.egg-info/PKG-INFO\", which is "
            "not in the archive");
}

}  // namespace
}  // namespace cntr::env
