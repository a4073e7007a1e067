// Images as the kernel, squashfuse and unsquashfs see them.
#include "squashfs/image_writer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <optional>

#include "base/text.h"
#include "image_reading.h"
#include "pack_fixture.h"
#include "squashfs/superblock.h"

namespace cntr::squashfs {
namespace {

class ImageTest : public PackFixture {
 protected:
  // A file of the pack that `image()` ends.
  NodeId file(std::string_view content, const Attributes& attributes = {.mode = 0644}) {
    if (!writer_) writer_.emplace(new_file("pack"), "pack", compression_, pool_);
    return tree_.make_file(attributes, {0, writer_->add_file(content)});
  }

  void put(std::string_view path, NodeId node) {
    const size_t slash = path.rfind('/');
    const NodeId directory = slash == std::string_view::npos
                                 ? Tree::kRoot
                                 : *tree_.directory_at(path.substr(0, slash), {});
    tree_.add(directory, path.substr(slash + 1), node);
  }

  std::string image() {
    std::vector<const DataPack*> packs;
    end_pack();
    if (pack_) packs.push_back(&*pack_);
    write_image(tree_, packs, compression_, path("image"));
    return path("image");
  }

  void end_pack() {
    if (writer_) pack_.emplace(writer_->finish());
    writer_.reset();
  }

  Compression compression_;
  Tree tree_{{.mode = 0750, .uid = 1, .gid = 2, .mtime = 3}};
  std::optional<DataPackWriter> writer_;
  std::optional<DataPack> pack_;
};

class ReaderTest : public ImageTest, public testing::WithParamInterface<Reader> {
 protected:
  void SetUp() override {
    const std::string reason = why_not(GetParam());
    if (!reason.empty()) GTEST_SKIP() << reason;
  }

  void look(const std::function<void(const std::string&)>& action) {
    make_directories(path("tree"));
    with_tree(GetParam(), image(), path("tree"), action);
  }

  std::string listing() {
    std::string out;
    look([&](const std::string& directory) { out = full_listing(directory); });
    return out;
  }
};

TEST_P(ReaderTest, SeesEveryKindOfNode) {
  const std::string large = noise(2 * kBlock + 11);
  const NodeId text = file("hello\n", {04755, 1000, 65534, 1'700'000'000});
  put("d/text", text);
  put("d/large", file(large, {0400, 0, 0, 4'294'967'295}));
  put("d/empty", file(""));
  put("again", text);
  put("link", tree_.make_symlink({0777, 5, 6, 7}, "d/../nowhere"));
  put("dev/null", tree_.make_device(NodeKind::kCharDevice, {0666, 0, 0, 9}, 1, 3));
  put("dev/big", tree_.make_device(NodeKind::kBlockDevice, {0600, 0, 6, 9}, 4000, 1'000'000));
  put("dev/fifo", tree_.make_fifo({0640, 70'000, 80'000, 9}));
  tree_.set_attributes(*tree_.directory_at("d", {}), {01777, 8, 9, 10});
  EXPECT_EQ(listing(),
            ". 040750 1:2 @3 x4\n"
            "again 104755 1000:65534 @1700000000 x2 6 \"hello\\n\"\n"
            "d 041777 8:9 @10 x2\n"
            "d/empty 100644 0:0 @0 x1 0 \"\"\n"
            "d/large 100400 0:0 @4294967295 x1 262155 " +
                digest_of(large).hex() +
                "\n"
                "d/text 104755 1000:65534 @1700000000 x2 = again\n"
                "dev 040755 0:0 @0 x2\n"
                "dev/big 060600 0:6 @9 x1 4000,1000000\n"
                "dev/fifo 010640 70000:80000 @9 x1\n"
                "dev/null 020666 0:0 @9 x1 1,3\n"
                "link 120777 5:6 @7 x1 -> d/../nowhere\n");
}

TEST_P(ReaderTest, SeesContentsOfEverySize) {
  for (const char* how : {"zstd", "lz4", "gzip", "xz:1"}) {
    tree_ = Tree();
    compression_ = parse_compression(how);
    std::vector<std::pair<std::string, std::string>> files;
    for (const size_t size : {size_t{0}, size_t{1}, size_t{4095}, kBlock - 1, kBlock, kBlock + 1,
                              3 * kBlock, 3 * kBlock + 5000}) {
      files.emplace_back("noise" + std::to_string(size), noise(size, size));
      files.emplace_back("text" + std::to_string(size), text(size));
    }
    for (const auto& [name, content] : files) put(name, file(content));
    remove_tree(path("tree"));
    look([&](const std::string& directory) {
      for (const auto& [name, content] : files) {
        EXPECT_TRUE(read_file(directory + "/" + name) == content) << how << " " << name;
      }
    });
  }
}

TEST_P(ReaderTest, SeesExtendedAttributes) {
  const std::string capability("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  const std::string long_value = noise(3'000);
  const NodeId program = file("x", {.mode = 0755});
  tree_.set_xattrs(program, {{"security.capability", capability}});
  put("program", program);
  for (const char* name : {"a", "b"}) {
    const NodeId directory = *tree_.directory_at(name, {});
    tree_.set_xattrs(directory, {{"user.long", long_value}, {"user.empty", ""}});
  }
  const NodeId link = tree_.make_symlink({.mode = 0777}, "x");
  tree_.set_xattrs(link, {{"trusted.note", "on a link"}});
  put("link", link);
  // Memory does not hold user.* on every kernel.
  const TemporaryDirectory on_disk(testing::TempDir(), "cntr-xattrs-");
  std::string seen;
  with_tree(GetParam(), image(), on_disk.path(),
            [&](const std::string& directory) { seen = full_listing(directory); });
  // squashfuse takes these two for each other.
  const bool swapped = GetParam() == Reader::kSquashfuse;
  const std::string trusted = swapped ? "security" : "trusted";
  const std::string security = swapped ? "trusted" : "security";
  // What is trusted.* only root may read.
  const std::string seen_capability = swapped && geteuid() != 0 ? "" : capability;
  const std::string user = " user.empty=\"\" user.long=" + digest_of(long_value).text() + "\n";
  EXPECT_EQ(seen,
            ". 040750 1:2 @3 x4\n"
            "a 040755 0:0 @0 x2" +
                user + "b 040755 0:0 @0 x2" + user + "link 120777 0:0 @0 x1 -> x " + trusted +
                ".note=\"on a link\"\n"
                "program 100755 0:0 @0 x1 1 \"x\" " +
                security + ".capability=" + quote(seen_capability) + "\n");
}

// The list of sets of attributes fills blocks of 512 exactly.
TEST_P(ReaderTest, SeesManySetsOfExtendedAttributes) {
  constexpr int kSets = 1024;
  for (int i = 0; i < kSets; ++i) {
    const NodeId node = file("");
    tree_.set_xattrs(node, {{"user.number", std::to_string(i)}});
    put("f" + std::to_string(i), node);
  }
  const TemporaryDirectory on_disk(testing::TempDir(), "cntr-xattrs-");
  with_tree(GetParam(), image(), on_disk.path(), [&](const std::string& directory) {
    for (int i = 0; i < kSets; ++i) {
      std::string value(10, '\0');
      const ssize_t size = getxattr((directory + "/f" + std::to_string(i)).c_str(), "user.number",
                                    value.data(), value.size());
      ASSERT_GE(size, 0);
      ASSERT_EQ(value.substr(0, static_cast<size_t>(size)), std::to_string(i));
    }
  });
}

// Once for all, because even holes take time to hash.
TEST_F(ImageTest, HasHolesAndHugeFiles) {
  constexpr uint64_t kHole = (uint64_t{4} << 30) + 5 * kBlock;
  writer_.emplace(new_file("pack"), "pack", compression_, pool_);
  writer_->begin_file();
  writer_->append("begin");
  writer_->append_zeros(kHole);
  writer_->append("end");
  put("huge", tree_.make_file({.mode = 0600}, {0, writer_->end_file()}));
  writer_->begin_file();
  writer_->append_zeros(3 * kBlock);
  put("only-zeros", tree_.make_file({}, {0, writer_->end_file()}));
  put("after", file("after"));
  image();
  EXPECT_LT(stat_file(path("image"))->size, 100'000U);
  for (const Reader reader : {Reader::kKernel, Reader::kSquashfuse, Reader::kUnsquashfs}) {
    if (!why_not(reader).empty()) continue;
    const std::string place = path(reader_name(reader));
    make_directories(place);
    with_tree(reader, path("image"), place, [&](const std::string& directory) {
      const std::string huge = directory + "/huge";
      EXPECT_EQ(stat_file(huge)->size, kHole + 8);
      const UniqueFd fd = open_to_read(huge);
      std::string bytes(10, 'x');
      ASSERT_EQ(pread(fd.get(), bytes.data(), 10, 0), 10);
      EXPECT_EQ(bytes, std::string("begin\0\0\0\0\0", 10));
      ASSERT_EQ(pread(fd.get(), bytes.data(), 10, kHole - 2), 10);
      EXPECT_EQ(bytes, std::string("\0\0\0\0\0\0\0end", 10));
      EXPECT_EQ(read_file(directory + "/only-zeros"), std::string(3 * kBlock, '\0'));
      EXPECT_EQ(read_file(directory + "/after"), "after");
    });
  }
}

// Of a pack that says so: to hash as many zeros would take minutes.
TEST_P(ReaderTest, SeesAFileOfMillionsOfBlocks) {
  constexpr uint32_t kBlocks = 3'000'000;
  PackTable table;
  table.block_sizes.resize(kBlocks);
  table.block_checksums.resize(kBlocks);
  table.files.push_back({.size = kBlocks * uint64_t{kBlock}, .blocks = kBlocks});
  pack_.emplace(new_file("pack"), "pack", table);
  put("huge", tree_.make_file({}, {0, 0}));
  look([&](const std::string& directory) {
    EXPECT_EQ(stat_file(directory + "/huge")->size, kBlocks * uint64_t{kBlock});
    const UniqueFd fd = open_to_read(directory + "/huge");
    std::string bytes(10, 'x');
    ASSERT_EQ(pread(fd.get(), bytes.data(), 10, off_t{kBlocks - 1} * off_t{kBlock}), 10);
    EXPECT_EQ(bytes, std::string(10, '\0'));
  });
}

TEST_P(ReaderTest, SeesEveryName) {
  const std::string longest(255, 'n');
  put("\xff\xfe not UTF-8", file("1"));
  put("new\nline", file("2"));
  put(longest, file("3"));
  put("d/" + longest, tree_.make_symlink({.mode = 0777}, std::string(4095, 't')));
  put(" ", file("4"));
  put("Case", file("5"));
  put("case", file("6"));
  look([&](const std::string& directory) {
    EXPECT_EQ(list_directory(directory),
              (std::vector<std::string>{" ", "Case", "case", "d", "new\nline", longest,
                                        "\xff\xfe not UTF-8"}));
    EXPECT_EQ(read_file(directory + "/\xff\xfe not UTF-8"), "1");
    EXPECT_EQ(read_file(directory + "/" + longest), "3");
    EXPECT_EQ(read_file(directory + "/Case"), "5");
    EXPECT_EQ(read_link(directory + "/d/" + longest), std::string(4095, 't'));
  });
}

TEST_P(ReaderTest, SeesADirectoryOfManyEntries) {
  constexpr int kEntries = 100'000;
  const NodeId empty = file("");
  const NodeId directory = *tree_.directory_at("many", {});
  const auto name = [](int i) {
    return "a rather long name of a file, number " + std::to_string(i);
  };
  // Two inodes in turn, so that the names lead here and there.
  const NodeId other = file("other");
  for (int i = 0; i < kEntries; ++i) {
    const NodeId node = i % 1000 == 0 ? empty : i % 1000 == 1 ? other : tree_.make_fifo({});
    tree_.add(directory, name(i), node);
  }
  look([&](const std::string& root) {
    EXPECT_EQ(list_directory(root + "/many").size(), size_t{kEntries});
    for (int i = 0; i < kEntries; i += 997) {
      EXPECT_TRUE(stat_link(root + "/many/" + name(i)).has_value()) << i;
    }
    EXPECT_FALSE(stat_link(root + "/many/" + name(kEntries)));
    EXPECT_EQ(read_file(root + "/many/" + name(1001)), "other");
    EXPECT_EQ(stat_link(root + "/many/" + name(1001))->links, 100U);
  });
}

// Each name needs a header of its own, more of them than the index of a directory can count.
TEST_P(ReaderTest, SeesADirectoryWhoseNamesLeadHereAndThere) {
  constexpr int kEntries = 70'000;
  if (GetParam() == Reader::kUnsquashfs) GTEST_SKIP() << "as the kernel, but slow";
  const NodeId here = file("here");
  const NodeId there = file("there");
  put("1/here", here);
  for (int i = 0; i < 1000; ++i) put("2/" + std::to_string(i), tree_.make_fifo({}));
  put("3/there", there);
  const NodeId directory = *tree_.directory_at("many", {});
  for (int i = 0; i < kEntries; ++i) {
    tree_.add(directory, std::to_string(i), i % 2 == 0 ? here : there);
  }
  look([&](const std::string& root) {
    EXPECT_EQ(read_file(root + "/many/10"), "here");
    EXPECT_EQ(read_file(root + "/many/9999"), "there");
  });
}

TEST_P(ReaderTest, SeesADeepTreeAndAnEmptyOne) {
  EXPECT_EQ(listing(), ". 040750 1:2 @3 x2\n");
  remove_tree(path("tree"));
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "d/";
  put(deep + "bottom", file("bottom"));
  look([&](const std::string& root) {
    EXPECT_EQ(read_file(root + "/" + deep + "bottom"), "bottom");
  });
}

TEST_P(ReaderTest, SeesTheFilesOfSeveralPacks) {
  const std::string shared = noise(3 * kBlock + 100, 5);
  std::vector<DataPack> packs;
  for (const char* name : {"one", "two"}) {
    DataPackWriter writer = this->writer(name);
    writer.add_file("unused " + noise(kBlock, 6));
    writer.add_file(shared);
    writer.add_file(name);
    writer.add_file(noise(kBlock + 9) + name);
    packs.push_back(writer.finish());
  }
  for (uint32_t pack = 0; pack < 2; ++pack) {
    const NodeId directory = *tree_.directory_at("p" + std::to_string(pack), {});
    tree_.add(directory, "shared", tree_.make_file({}, {pack, 1}));
    tree_.add(directory, "name", tree_.make_file({}, {pack, 2}));
    tree_.add(directory, "large", tree_.make_file({}, {pack, 3}));
  }
  const std::vector<const DataPack*> pointers = {&packs[0], &packs[1]};
  const ImageSummary summary = write_image(tree_, pointers, {}, path("image"));
  EXPECT_EQ(summary.inodes, 9U);
  // Of the second pack one block and the fragment block; of the first three more; nothing unused.
  EXPECT_GT(summary.data_bytes, 5 * kBlock);
  EXPECT_LT(summary.data_bytes, 5 * kBlock + 1000);
  make_directories(path("tree"));
  with_tree(GetParam(), path("image"), path("tree"), [&](const std::string& root) {
    EXPECT_TRUE(read_file(root + "/p0/shared") == shared);
    EXPECT_TRUE(read_file(root + "/p1/shared") == shared);
    EXPECT_EQ(read_file(root + "/p0/name"), "one");
    EXPECT_EQ(read_file(root + "/p1/name"), "two");
    EXPECT_TRUE(read_file(root + "/p0/large") == noise(kBlock + 9) + "one");
    EXPECT_TRUE(read_file(root + "/p1/large") == noise(kBlock + 9) + "two");
  });
}

INSTANTIATE_TEST_SUITE_P(By, ReaderTest,
                         testing::Values(Reader::kKernel, Reader::kSquashfuse, Reader::kUnsquashfs),
                         [](const auto& test) { return reader_name(test.param); });

TEST_F(ImageTest, IsTheSameBytesEachTime) {
  put("a", file(noise(kBlock + 1)));
  put("b/c", file("c"));
  const std::string first = read_file(image());
  EXPECT_EQ(first.size() % 4096, 0U);
  EXPECT_TRUE(read_file(image()) == first);
}

TEST_F(ImageTest, DoesNotDependOnTheOrderInWhichTheTreeWasMade) {
  const auto image_of = [&](const std::vector<std::string>& names) {
    Tree tree;
    for (const std::string& name : names) {
      const NodeId node = tree.make_symlink({.mode = 0777, .uid = 7}, name);
      tree.set_xattrs(node, {{"user.name", name}});
      tree.add(Tree::kRoot, name, node);
    }
    write_image(tree, {}, {}, path("image"));
    return read_file(path("image"));
  };
  EXPECT_TRUE(image_of({"a", "b", "c"}) == image_of({"c", "a", "b"}));
}

TEST_F(ImageTest, ReplacesWhatIsThere) {
  write_file_atomically(path("image"), "old", 0600);
  image();
  EXPECT_EQ(list_directory(place_.path()), std::vector<std::string>{"image"});
  EXPECT_EQ(stat_file(path("image"))->mode, 0666 & ~file_creation_mask());
}

TEST_F(ImageTest, NothingIsLeftOfAFailure) {
  put("a", file(noise(20 * kBlock)));
  end_pack();
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{kBlock, old.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = message_of([&] { image(); });
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_EQ(message, "Cannot write " + path("image") + ": File too large");
  EXPECT_EQ(list_directory(place_.path()), std::vector<std::string>{"pack"});
}

TEST_F(ImageTest, ADamagedPackIsAnError) {
  put("a", file(noise(2 * kBlock)));
  end_pack();
  const UniqueFd fd(open(path("pack").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(pwrite(fd.get(), "?", 1, kBlock + 9), 1);
  EXPECT_EQ(message_of([&] { image(); }), "The data pack pack is damaged");
  EXPECT_EQ(list_directory(place_.path()), std::vector<std::string>{"pack"});
}

// All file systems that tests run on can give back parts of a file.
TEST_F(ImageTest, ADisposablePackIsGoneWhenTheImageIsThere) {
  const std::string content = noise(40 * kBlock);
  put("a", file(content));
  put("b", file("the end of a block"));
  end_pack();
  const std::string expected = read_file(image());
  const auto blocks_on_disk = [this] {
    struct stat status {};
    stat(path("pack").c_str(), &status);
    return static_cast<size_t>(status.st_blocks) * 512;
  };
  pack_->make_disposable();
  const std::vector<const DataPack*> packs = {&*pack_};
  write_image(tree_, packs, compression_, path("again"), PackUse::kAgain);
  EXPECT_GE(blocks_on_disk(), content.size());
  write_image(tree_, packs, compression_, path("last"), PackUse::kLast);
  EXPECT_LE(blocks_on_disk(), content.size() / 50);
  EXPECT_TRUE(read_file(path("again")) == expected);
  EXPECT_TRUE(read_file(path("last")) == expected);
}

TEST_F(ImageTest, OnlyDisposablePacksGo) {
  put("a", file(noise(4 * kBlock)));
  end_pack();
  const std::vector<const DataPack*> packs = {&*pack_};
  write_image(tree_, packs, compression_, path("last"), PackUse::kLast);
  EXPECT_TRUE(read_file(image()) == read_file(path("last")));
  EXPECT_THROW(pack_->discard(0, 1), Error);
}

TEST_F(ImageTest, APackOfAnotherCompressionIsWrong) {
  const DataPack pack = writer("pack").finish();
  const std::vector<const DataPack*> packs = {&pack};
  EXPECT_THROW(write_image(Tree(), packs, {Compressor::kZstd, 4}, path("image")), Error);
}

TEST_F(ImageTest, RefusesMoreOwnersThanSquashfsHolds) {
  constexpr uint32_t kMost = 65535;
  for (uint32_t i = 0; i < kMost; ++i) {
    put("f" + std::to_string(i), tree_.make_fifo({.uid = i, .gid = i}));
  }
  EXPECT_EQ(message_of([&] { image(); }), "");
  put("one-more", tree_.make_fifo({.uid = kMost}));
  EXPECT_EQ(message_of([&] { image(); }), "it has more than 65535 owners and groups");
}

TEST_F(ImageTest, RefusesAttributesThatSquashfsCannotHold) {
  EXPECT_TRUE(can_hold_xattr("user.a"));
  EXPECT_TRUE(can_hold_xattr("security.capability"));
  EXPECT_TRUE(can_hold_xattr("trusted." + std::string(247, 'x')));
  for (const std::string& name :
       {std::string("system.posix_acl_access"), std::string("user."), std::string("user"),
        std::string(), "user." + std::string(251, 'x'), std::string("user.a\0b", 8)}) {
    EXPECT_FALSE(can_hold_xattr(name)) << name;
  }
  tree_.set_xattrs(Tree::kRoot, {{"system.posix_acl_access", "x"}});
  EXPECT_EQ(message_of([&] { image(); }),
            "squashfs cannot hold the extended attribute \"system.posix_acl_access\"");
}

}  // namespace
}  // namespace cntr::squashfs
