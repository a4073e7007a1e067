#include "engine/reader_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file_system.h"
#include "ninja/manifest_parser.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

constexpr uint64_t kId = 7;

class ReaderIndexTest : public testing::Test {
 protected:
  ReaderIndexTest() {
    const std::string text =
        "rule r\n  command = $out\n"
        "build a: r in | implicit || order |@ check\n"
        "build b: r in in\n"
        "build check: r\n"
        "build again: r in\n  generator = 1\n";
    state_ = State::of(ninja::parse_manifest(
        "build.ninja", [&text](const std::string&) { return std::optional(text); }));
    // What the second edge read and wrote.
    state_.records[1].discovered = 2;
    state_.records[1].outputs = 1;
    for (const char* path : {"header", "in", "b"}) state_.links.push_back({state_.node(path), 0});
    bytes_ = reader_index_bytes(state_, kId);
  }

  std::unique_ptr<const ReaderIndex> read(uint64_t id = kId) {
    write_file_atomically(path_, bytes_);
    return ReaderIndex::read(path_, state_, id);
  }
  // By the number of the edge.
  std::optional<std::vector<ninja::EdgeId>> readers(const std::string& path) {
    const auto index = read();
    const auto found = index->readers(state_.node(path));
    if (!found) return std::nullopt;
    return std::vector<ninja::EdgeId>(found->begin(), found->end());
  }

  TemporaryDirectory directory_{testing::TempDir(), "reader_index."};
  std::string path_ = directory_.path() + "/readers";
  State state_;
  std::string bytes_;
};

TEST_F(ReaderIndexTest, HasEachEdgeOfAFileOnce) {
  EXPECT_THAT(readers("in"), Optional(ElementsAre(0u, 1u, 3u)));
  EXPECT_THAT(readers("implicit"), Optional(ElementsAre(0u)));
  EXPECT_THAT(readers("order"), Optional(ElementsAre(0u)));
  EXPECT_THAT(readers("check"), Optional(ElementsAre(0u)));
  EXPECT_THAT(readers("header"), Optional(ElementsAre(1u)));
  EXPECT_THAT(readers("b"), Optional(ElementsAre(1u)));
  EXPECT_THAT(readers("a"), Optional(IsEmpty()));
}

TEST_F(ReaderIndexTest, HasTheEdgesThatLookAtTimes) {
  const auto index = read();
  EXPECT_THAT(index->by_times(), Optional(ElementsAre(3u)));
}

TEST_F(ReaderIndexTest, AFileThatCameLaterHasNone) {
  EXPECT_THAT(readers("later"), Optional(IsEmpty()));
}

TEST_F(ReaderIndexTest, IsNotThatOfAnotherState) { EXPECT_EQ(read(kId + 1), nullptr); }

TEST_F(ReaderIndexTest, IsNothingWithoutAFile) {
  EXPECT_EQ(ReaderIndex::read(path_, state_, kId), nullptr);
}

TEST_F(ReaderIndexTest, NoDamageLeadsToAnotherAnswer) {
  const std::string good = bytes_;
  const auto all = [this](const ReaderIndex& index) {
    std::vector<std::optional<std::vector<ninja::EdgeId>>> lists;
    const auto take = [&lists](std::optional<std::span<const ninja::EdgeId>> list) {
      lists.emplace_back();
      if (list) lists.back().emplace(list->begin(), list->end());
    };
    for (ninja::NodeId node = 0; node < state_.graph.node_count(); ++node) {
      take(index.readers(node));
    }
    take(index.by_times());
    return lists;
  };
  const auto whole = read();
  const auto expected = all(*whole);
  for (size_t at = 0; at < good.size(); ++at) {
    bytes_ = good;
    bytes_[at] = static_cast<char>(bytes_[at] ^ 0x41);
    const auto index = read();
    if (index == nullptr) continue;
    const auto found = all(*index);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(!found[i] || found[i] == expected[i]) << "byte " << at;
    }
  }
  for (size_t size = 0; size < good.size(); ++size) {
    bytes_ = good.substr(0, size);
    EXPECT_EQ(read(), nullptr) << size;
  }
}

}  // namespace
}  // namespace cntr::engine
