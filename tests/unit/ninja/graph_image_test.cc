#include "ninja/graph_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "manifest_fixture.h"

namespace cntr::ninja {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kManifest =
    "builddir = out\n"
    "pool link\n"
    "  depth = 3\n"
    "rule cc\n"
    "  command = cc $flags -c $in -o $out\n"
    "  depfile = $out.d\n"
    "  deps = gcc\n"
    "rule ld\n"
    "  command = ld @$rspfile\n"
    "  rspfile = $out.rsp\n"
    "  rspfile_content = $in\n"
    "  pool = link\n"
    "build a.o | a.x: cc a.c | h || gen |@ check\n"
    "  flags = -O2\n"
    "build b.o: cc b.c\n"
    "  flags = -O2\n"
    "build app: ld a.o b.o\n"
    "build check: phony\n"
    "build gen: ld | dd\n"
    "  dyndep = dd\n"
    "subninja sub.ninja\n"
    "default app ./b.o\n";

// A copy of an image, where a Graph can read it.
class Image {
 public:
  explicit Image(const std::string& bytes)
      : words_(bytes.size() / sizeof(uint64_t) + 1), size_(bytes.size()) {
    std::memcpy(words_.data(), bytes.data(), bytes.size());
  }

  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(words_)).first(size_); }

 private:
  std::vector<uint64_t> words_;
  size_t size_;
};

class GraphImageTest : public ManifestTest {
 protected:
  GraphImageTest() { files_["sub.ninja"] = "flags = sub\nbuild s.o: cc s.c\n"; }
};

std::string error_of_bytes(const std::string& bytes) {
  const Image image(bytes);
  try {
    graph_from_bytes(image.bytes());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUser);
    return error.message();
  }
  return "";
}

TEST_F(GraphImageTest, SaysWhatTheGraphSaid) {
  const Graph graph = parse(kManifest);
  const Image image(graph_bytes(graph));
  const Graph copy = graph_from_bytes(image.bytes());

  ASSERT_EQ(copy.node_count(), graph.node_count());
  for (NodeId node = 0; node < graph.node_count(); ++node) {
    EXPECT_EQ(copy.path(node), graph.path(node));
    EXPECT_EQ(copy.producer(node), graph.producer(node));
    EXPECT_EQ(copy.find(graph.path(node)), node);
  }
  EXPECT_EQ(copy.find("none"), std::nullopt);
  ASSERT_EQ(copy.edge_count(), graph.edge_count());
  for (EdgeId edge = 0; edge < graph.edge_count(); ++edge) {
    EXPECT_EQ(std::memcmp(&copy.edge(edge), &graph.edge(edge), sizeof(Edge)), 0);
    EXPECT_EQ(paths(copy, copy.outputs(edge)), paths(graph, graph.outputs(edge)));
    EXPECT_EQ(paths(copy, copy.all_inputs(edge)), paths(graph, graph.all_inputs(edge)));
    EXPECT_EQ(paths(copy, copy.validations(edge)), paths(graph, graph.validations(edge)));
    EXPECT_EQ(copy.command_text(edge), graph.command_text(edge));
    EXPECT_EQ(copy.command_digest(edge), graph.command_digest(edge));
    EXPECT_EQ(copy.rule_name(edge), graph.rule_name(edge));
    EXPECT_EQ(copy.pool_depth(copy.edge(edge).pool), graph.pool_depth(graph.edge(edge).pool));
  }
  EXPECT_EQ(copy.rule_names(), graph.rule_names());
  EXPECT_EQ(copy.rule_binding_source("cc", "depfile"), "${out}.d");
  EXPECT_EQ(copy.variable("builddir"), "out");
  EXPECT_THAT(paths(copy, copy.defaults()), ElementsAre("app", "b.o"));
  EXPECT_EQ(copy.roots(), graph.roots());
  ASSERT_EQ(copy.manifests().size(), 2U);
  EXPECT_EQ(copy.manifests()[1].digest, graph.manifests()[1].digest);
  EXPECT_EQ(command_for(copy, "s.o"), "cc sub -c s.c -o s.o");
}

TEST_F(GraphImageTest, IsTheSameForTheSameManifest) {
  EXPECT_EQ(graph_bytes(parse(kManifest)), graph_bytes(parse(kManifest)));
}

TEST_F(GraphImageTest, HoldsWhatTheManifestSaysAndNoMore) {
  Graph graph = parse(kManifest);
  const std::string before = graph_bytes(graph);
  const NodeId header = graph.add_node("extra.h");
  graph.add_dyndep(edge_of(graph, "gen"), {header}, {}, true);
  EXPECT_EQ(graph_bytes(graph), before);
}

TEST_F(GraphImageTest, MakesGraphsThatGrow) {
  const Image image(graph_bytes(parse(kManifest)));
  Graph graph = graph_from_bytes(image.bytes());
  const NodeId known = *graph.find("a.o");
  const NodeId header = graph.add_node("extra.h");
  EXPECT_EQ(header, graph.manifest_nodes());
  EXPECT_EQ(graph.add_node("a.o"), known);
  EXPECT_EQ(graph.find("extra.h"), header);
  EXPECT_EQ(graph.path(header), "extra.h");
  const EdgeId edge = edge_of(graph, "gen");
  graph.add_dyndep(edge, {header}, {known}, true);
  EXPECT_EQ(graph.producer(header), edge);
  EXPECT_TRUE(graph.restat(edge));
}

TEST_F(GraphImageTest, HoldsAnEmptyManifest) {
  const Image image(graph_bytes(parse("")));
  const Graph graph = graph_from_bytes(image.bytes());
  EXPECT_EQ(graph.edge_count(), 0U);
  EXPECT_EQ(graph.find(""), std::nullopt);
  EXPECT_EQ(graph.variable("x"), "");
}

TEST_F(GraphImageTest, RefusesEveryPartOfItself) {
  const std::string bytes = graph_bytes(parse(kManifest));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(error_of_bytes(bytes.substr(0, size)), "the stored build graph is damaged") << size;
  }
  EXPECT_EQ(error_of_bytes(bytes + std::string(8, '\0')), "the stored build graph is damaged");
}

TEST_F(GraphImageTest, RefusesOtherVersions) {
  const std::string bytes = graph_bytes(parse(kManifest));
  for (const size_t at : {0, 4, 8, 12}) {  // the mark, the version, sizes of items
    std::string other = bytes;
    ++other[at];
    EXPECT_EQ(error_of_bytes(other), "the stored build graph is damaged") << at;
  }
}

// Walks all of a graph: under a sanitizer, an index out of bounds ends the test.
size_t walk(Graph& graph) {
  size_t seen = 0;
  for (EdgeId edge = 0; edge < graph.edge_count(); ++edge) {
    for (const NodeId node : graph.outputs(edge)) seen += graph.path(node).size();
    for (const NodeId node : graph.all_inputs(edge)) seen += graph.path(node).size();
    for (const NodeId node : graph.validations(edge)) seen += graph.producer(node);
    seen += graph.rule_name(edge).size() + graph.pool_name(graph.edge(edge).pool).size();
    try {
      seen += graph.command_text(edge).size() + graph.binding(edge, "depfile").size();
    } catch (const Error&) {
      ++seen;  // a cycle
    }
  }
  for (NodeId node = 0; node < graph.manifest_nodes(); ++node) {
    seen += graph.find(graph.path(node)).has_value() ? 1 : 0;
  }
  for (const std::string_view rule : graph.rule_names()) {
    seen += graph.rule_binding_source(rule, "command").size();
  }
  seen += graph.variable("builddir").size() + graph.defaults().size();
  return seen + graph.add_node("more");
}

TEST_F(GraphImageTest, IsSafeWhateverTheBytesSay) {
  const std::string bytes = graph_bytes(parse(kManifest));
  size_t accepted = 0;
  size_t refused = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const char change : {'\x01', '\x40', '\xff'}) {
      std::string other = bytes;
      other[at] = static_cast<char>(other[at] ^ change);
      const Image image(other);
      try {
        Graph graph = graph_from_bytes(image.bytes());
        EXPECT_GT(walk(graph), 0U);
        ++accepted;
      } catch (const Error& error) {
        EXPECT_EQ(error.message(), "the stored build graph is damaged");
        ++refused;
      }
    }
  }
  // Text and digests may hold anything; indices and counts may not.
  EXPECT_GT(accepted, 1000U);
  EXPECT_GT(refused, 1000U);
}

TEST_F(GraphImageTest, RefusesBytesThatAreNotAligned) {
  const std::string bytes = graph_bytes(parse(kManifest));
  std::vector<uint64_t> words(bytes.size() / sizeof(uint64_t) + 2);
  std::memcpy(reinterpret_cast<char*>(words.data()) + 1, bytes.data(), bytes.size());
  EXPECT_THROW(graph_from_bytes(std::as_bytes(std::span(words)).subspan(1, bytes.size())), Error);
}

}  // namespace
}  // namespace cntr::ninja
