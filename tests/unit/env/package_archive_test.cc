#include "env/package_archive.h"

#include <gmock/gmock.h>

#include "package_builder.h"

namespace cntr::env {
namespace {

using archive::TarKind;
using image::TarBuilder;
using testing::ElementsAre;

std::string kind_name(TarKind kind) {
  switch (kind) {
    case TarKind::kFile:
      return "file";
    case TarKind::kSymlink:
      return "symlink";
    case TarKind::kHardLink:
      return "hard link";
    default:
      return "?";
  }
}

// "file bin/a 755 content" of each entry.
std::vector<std::string> payload_of(PackageArchive& package) {
  std::vector<std::string> out;
  package.read_payload([&](const PayloadEntry& entry, archive::TarReader& reader) {
    std::string text = kind_name(entry.kind) + " " + entry.path;
    if (entry.kind == TarKind::kFile) {
      std::string content(entry.size, '.');
      reader.read([&](std::string_view bytes, uint64_t offset) {
        content.replace(offset, bytes.size(), bytes);
      });
      text += " " + content.substr(0, 20);
    } else {
      text += " -> " + entry.target;
    }
    out.push_back(text);
  });
  return out;
}

PackageArchive real(const std::string& name) {
  return {open_to_read(std::string(CNTR_TEST_CONDA_DATA) + "/packages/" + name), name};
}

PackageArchive made(const std::string& bytes) { return {file_of(bytes), "demo"}; }

TarBuilder info_tar() {
  TarBuilder out;
  out.file("info/index.json", index_json());
  out.file("info/paths.json", paths_json({path_entry("bin/a")}));
  return out;
}

TEST(PackageArchiveTest, MembersOfACondaPackageMayComeInAnyOrder) {
  PackageArchive package =
      made(conda_package(info_tar().text(), TarBuilder().file("bin/a", "x").text()));
  EXPECT_EQ(package.info().dist(), "demo-1.0-0");
  EXPECT_THAT(payload_of(package), ElementsAre("file bin/a x"));
}

TEST(PackageArchiveTest, TheZipMayHaveAComment) {
  const std::string info = image::compressed(info_tar().text(), image::Compression::kZstd);
  PackageArchive package = made(stored_zip({{"info-demo.tar.zst", info}}, "PK\x05\x06 a comment"));
  EXPECT_EQ(package.info().dist(), "demo-1.0-0");
  EXPECT_THAT(payload_of(package), ElementsAre());
}

TEST(PackageArchiveTest, InfoMayComeFirstOrLastOrBetween) {
  const std::string index = index_json();
  const std::string paths = paths_json({path_entry("bin/a")});
  PackageArchive first = made(old_package(TarBuilder()
                                              .file("info/index.json", index)
                                              .file("info/paths.json", paths)
                                              .file("bin/a", "x")
                                              .text()));
  PackageArchive last = made(old_package(TarBuilder()
                                             .file("bin/a", "x")
                                             .file("info/index.json", index)
                                             .file("info/paths.json", paths)
                                             .text()));
  PackageArchive between = made(old_package(TarBuilder()
                                                .file("info/index.json", index)
                                                .file("bin/a", "x")
                                                .file("info/paths.json", paths)
                                                .text()));
  for (PackageArchive* const package : {&first, &last, &between}) {
    EXPECT_EQ(package->info().paths.size(), 1U);
    EXPECT_THAT(payload_of(*package), ElementsAre("file bin/a x"));
  }
}

TEST(PackageArchiveTest, EntryPointsMayComeBehindTheFilesOfOldPackages) {
  PackageArchive package = made(old_package(
      TarBuilder()
          .file("info/index.json", index_json(R"(, "noarch": "python")"))
          .file("info/paths.json", paths_json({path_entry("site-packages/a.py")}))
          .file("site-packages/a.py", "")
          .file("info/link.json", R"({"package_metadata_version": 1, "noarch": {"type": "python",
                "entry_points": ["a = a:main"]}})")
          .text()));
  EXPECT_EQ(package.info().entry_points.size(), 1U);
}

TEST(PackageArchiveTest, DirectoriesAndDotsAreNoMatter) {
  PackageArchive package = made(old_package(TarBuilder()
                                                .directory("./")
                                                .directory("./info")
                                                .file("./info/index.json", index_json())
                                                .file("./info/paths.json", paths_json({}))
                                                .directory("./lib")
                                                .file(".//lib/./a", "x")
                                                .hard_link("./lib/b", "./lib/a")
                                                .symlink("./lib/c", "a")
                                                .text()));
  EXPECT_THAT(payload_of(package),
              ElementsAre("file lib/a x", "hard link lib/b -> lib/a", "symlink lib/c -> a"));
}

TEST(PackageArchiveTest, RealPackages) {
  PackageArchive zip64 = real("zip64-test-1.0.0-0.conda");
  EXPECT_THAT(payload_of(zip64), ElementsAre("file bin/hello.txt zip64 payload\n"));
  PackageArchive dots = real("dotslash-test-1.0.0-0.conda");
  EXPECT_THAT(payload_of(dots), ElementsAre(testing::StartsWith("file lib/data.txt ")));
  PackageArchive links = real("symlink-test-1.0.0-0.conda");
  EXPECT_THAT(payload_of(links), ElementsAre(testing::StartsWith("file lib/libreal.so.1 "),
                                             "symlink lib/liblink.so -> libreal.so.1",
                                             "hard link lib/libhard.so -> lib/libreal.so.1"));
  PackageArchive info_only = real("info-only-1.0.0-0.conda");
  EXPECT_THAT(payload_of(info_only), ElementsAre());
  PackageArchive empty = real("empty-0.1.0-h4616a5c_0.conda");
  EXPECT_EQ(empty.info().dist(), "empty-0.1.0-h4616a5c_0");
  EXPECT_THAT(payload_of(empty), ElementsAre());
  PackageArchive old = real("nano-2.4.1-0.tar.bz2");
  EXPECT_EQ(old.info().dist(), "nano-2.4.1-0");
  EXPECT_FALSE(old.info().has_paths_json);
  PackageArchive noarch = real("spiffy-test-app-0.5-pyh6afbcc8_0.tar.bz2");
  EXPECT_EQ(noarch.info().noarch, Noarch::kPython);
  EXPECT_EQ(noarch.info().entry_points.at(1).command, "spiffy-test-helper");
}

}  // namespace
}  // namespace cntr::env
