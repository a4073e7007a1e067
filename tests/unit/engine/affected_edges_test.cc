#include "engine/affected_edges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "ninja/manifest_parser.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

class AffectedEdgesTest : public testing::Test {
 protected:
  using Names = std::vector<std::string>;

  void manifest(const std::string& edges) {
    const std::string text = "rule r\n  command = $out\n" + edges;
    state_ = State::of(ninja::parse_manifest(
        "build.ninja", [&text](const std::string&) { return std::optional(text); }));
  }
  // What the last run of the edge that makes `output` read and wrote.
  void record(const std::string& output, const Names& read, const Names& wrote) {
    EdgeRecord& record = state_.records[state_.graph.producer(*state_.graph.find(output))];
    record.first_link = static_cast<uint32_t>(state_.links.size());
    record.discovered = static_cast<uint32_t>(read.size());
    record.outputs = static_cast<uint32_t>(wrote.size());
    for (const std::string& path : read) state_.links.push_back({state_.node(path), kMissing});
    for (const std::string& path : wrote) state_.links.push_back({state_.node(path), kMissing});
  }
  // As of the state now, unless it has been made before.
  void index() {
    if (index_ != nullptr) return;
    write_file_atomically(path_, reader_index_bytes(state_, 7));
    index_ = ReaderIndex::read(path_, state_, 7);
    ASSERT_NE(index_, nullptr);
  }
  // The first outputs.
  std::optional<Names> affected_by(const std::string& path) {
    const ninja::NodeId node = state_.node(path);
    std::vector<uint8_t> changed(state_.graph.node_count());
    changed[node] = 1;
    index();
    const auto affected = affected_edges(state_, *index_, ran_, changed);
    if (!affected) return std::nullopt;
    Names names;
    for (ninja::EdgeId edge = 0; edge < affected->edges.size(); ++edge) {
      if (!affected->edges[edge]) continue;
      names.emplace_back(state_.graph.path(state_.graph.outputs(edge).front()));
    }
    return names;
  }

  TemporaryDirectory directory_{testing::TempDir(), "affected_edges."};
  std::string path_ = directory_.path() + "/readers";
  State state_;
  std::unique_ptr<const ReaderIndex> index_;
  std::vector<ninja::EdgeId> ran_;  // after the index was made
};

TEST_F(AffectedEdgesTest, ReadersAndTheirReadersAre) {
  manifest("build a: r in\nbuild b: r other\nbuild c: r a\nbuild d: r b\n");
  EXPECT_THAT(affected_by("in"), Optional(ElementsAre("a", "c")));
  EXPECT_THAT(affected_by("other"), Optional(ElementsAre("b", "d")));
  EXPECT_THAT(affected_by("d"), Optional(ElementsAre("d")));
  EXPECT_THAT(affected_by("elsewhere"), Optional(IsEmpty()));
}

TEST_F(AffectedEdgesTest, EveryKindOfInputCounts) {
  manifest(
      "build explicit: r in\nbuild implicit: r | in\nbuild order: r || in\n"
      "build alias: phony in\nbuild behind: r || alias\nbuild valid: r |@ explicit\n");
  EXPECT_THAT(affected_by("in"),
              Optional(ElementsAre("explicit", "implicit", "order", "alias", "behind", "valid")));
}

TEST_F(AffectedEdgesTest, WhatTheLastRunReadAndWroteCounts) {
  manifest("build a: r\nbuild b: r\n");
  record("a", {"header"}, {"a"});
  record("b", {}, {"b", "side"});
  EXPECT_THAT(affected_by("header"), Optional(ElementsAre("a")));
  EXPECT_THAT(affected_by("side"), Optional(ElementsAre("b")));
}

TEST_F(AffectedEdgesTest, GeneratorsAlwaysAre) {
  manifest("build a: r in\n  generator = 1\nbuild b: r a\nbuild c: r in\n");
  EXPECT_THAT(affected_by("elsewhere"), Optional(ElementsAre("a", "b")));
}

TEST_F(AffectedEdgesTest, BehindADyndepFileItCannotBeTold) {
  manifest("build a: r in || dd\n  dyndep = dd\nbuild b: r other\n");
  EXPECT_EQ(affected_by("in"), std::nullopt);
  EXPECT_EQ(affected_by("dd"), std::nullopt);
  EXPECT_THAT(affected_by("other"), Optional(ElementsAre("b")));
}

TEST_F(AffectedEdgesTest, ReadersThatStandBeforeTheProducerAre) {
  manifest(
      "build recorded: r\nbuild order: r || made\nbuild valid: r |@ made\n"
      "build behind: r order\nbuild made: r in\nbuild other: r out\nbuild last: r recorded\n");
  record("recorded", {"made"}, {"recorded"});
  record("made", {"in"}, {"made"});
  EXPECT_THAT(affected_by("in"),
              Optional(ElementsAre("recorded", "order", "valid", "behind", "made", "last")));
}

TEST_F(AffectedEdgesTest, ALongWayIsGone) {
  std::string text;
  for (int i = 1000; i > 0; --i) {
    text += "build n" + std::to_string(i) + ": r n" + std::to_string(i - 1) + "\n";
  }
  manifest(text);
  EXPECT_EQ(affected_by("n0").value_or(Names()).size(), 1000u);
  EXPECT_THAT(affected_by("n1000"), Optional(ElementsAre("n1000")));
}

TEST_F(AffectedEdgesTest, WhatRanAfterTheIndexWasMadeCounts) {
  manifest("build a: r\nbuild b: r a\nbuild c: r\nbuild d: r\n");
  index();
  record("c", {"b", "new.h"}, {"c"});
  ran_ = {2};
  EXPECT_THAT(affected_by("a"), Optional(ElementsAre("a", "b", "c")));
  EXPECT_THAT(affected_by("new.h"), Optional(ElementsAre("c")));
}

// Each pass finds one that the passes before could not know of.
TEST_F(AffectedEdgesTest, AVeryLongWayThroughWhatRanIsNotGone) {
  constexpr uint32_t kEdges = 100;
  std::string text;
  for (uint32_t i = 0; i < kEdges; ++i) text += "build n" + std::to_string(i) + ": r\n";
  manifest(text);
  index();
  for (uint32_t i = 0; i + 1 < kEdges; ++i) {
    record("n" + std::to_string(i), {"n" + std::to_string(i + 1)}, {});
    ran_.push_back(i);
  }
  EXPECT_EQ(affected_by("n5").value_or(Names()).size(), 6u);
  EXPECT_EQ(affected_by("n99"), std::nullopt);
}

TEST_F(AffectedEdgesTest, WithADamagedIndexItCannotBeTold) {
  manifest("build a: r in\nbuild b: r other\n");
  std::string bytes = reader_index_bytes(state_, 7);
  bytes[bytes.size() - sizeof(ninja::EdgeId)] ^= 1;  // who reads "other"
  write_file_atomically(path_, bytes);
  index_ = ReaderIndex::read(path_, state_, 7);
  ASSERT_NE(index_, nullptr);
  EXPECT_THAT(affected_by("in"), Optional(ElementsAre("a")));
  EXPECT_EQ(affected_by("other"), std::nullopt);
}

TEST_F(AffectedEdgesTest, EdgesWithANodeAreThoseThatReadOrWroteIt) {
  manifest("build a: r in\nbuild b: r a\nbuild c: r b\n");
  record("a", {"in"}, {"a"});
  record("b", {"a"}, {"b"});
  const ninja::NodeId node = state_.node("a");
  EXPECT_THAT(edges_with(state_, flags_of(std::span(&node, 1), state_.graph.node_count())),
              ElementsAre(0u, 1u));
}

}  // namespace
}  // namespace cntr::engine
