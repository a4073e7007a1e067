#include "engine/affected_edges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

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
  // The first outputs.
  std::optional<Names> affected_by(const std::string& path) {
    const ninja::NodeId node = state_.node(path);
    std::vector<uint8_t> changed(state_.graph.node_count());
    changed[node] = 1;
    const auto affected = affected_edges(state_, changed);
    if (!affected) return std::nullopt;
    Names names;
    for (ninja::EdgeId edge = 0; edge < affected->edges.size(); ++edge) {
      if (!affected->edges[edge]) continue;
      names.emplace_back(state_.graph.path(state_.graph.outputs(edge).front()));
    }
    return names;
  }

  State state_;
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

// A manifest from back to front takes a pass for each edge.
TEST_F(AffectedEdgesTest, AVeryLongWayIsNotGone) {
  const auto chain = [](int edges) {
    std::string text;
    for (int i = edges; i > 0; --i) {
      text += "build n" + std::to_string(i) + ": r n" + std::to_string(i - 1) + "\n";
    }
    return text;
  };
  manifest(chain(10));
  EXPECT_EQ(affected_by("n0").value_or(Names()).size(), 10u);
  manifest(chain(1000));
  EXPECT_EQ(affected_by("n0"), std::nullopt);
  EXPECT_THAT(affected_by("n1000"), Optional(ElementsAre("n1000")));
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
