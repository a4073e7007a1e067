// The input says how a good image is damaged: each six bytes are a place and the four bytes to put
// there. So every input reaches what lies behind the header's checks, in any version of the format.
// A graph must be refused, or be safe to use.
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "graph_walk.h"
#include "ninja/graph_image.h"
#include "ninja/manifest_parser.h"

namespace cntr::ninja {
namespace {

constexpr const char* kManifest =
    "builddir = out\n"
    "pool link\n"
    "  depth = 3\n"
    "rule cc\n"
    "  command = cc $flags -c $in -o $out $description\n"
    "  description = $depfile $v\n"
    "  depfile = $out.d\n"
    "rule ld\n"
    "  command = ld @$rspfile\n"
    "  rspfile = $out.rsp\n"
    "  rspfile_content = $in\n"
    "  pool = link\n"
    "build a.o | a.x: cc a.c | h || gen |@ check\n"
    "  flags = -O2\n"
    "build b.o: cc b.c\n"
    "build app: ld a.o b.o\n"
    "build check: phony\n"
    "build gen: ld | dd\n"
    "  dyndep = dd\n"
    "subninja sub.ninja\n"
    "default app\n";

std::vector<uint32_t> good_image() {
  const auto read = [](const std::string& path) -> std::optional<std::string> {
    return path == "sub.ninja" ? "flags = sub\nbuild s.o: cc s.c\n" : kManifest;
  };
  const std::string bytes = graph_bytes(parse_manifest("build.ninja", read));
  std::vector<uint32_t> words(bytes.size() / sizeof(uint32_t));
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

void damage(std::vector<uint32_t>& image, std::span<const uint8_t> input) {
  constexpr size_t kStep = 6;
  for (; input.size() >= kStep; input = input.subspan(kStep)) {
    uint16_t place = 0;
    std::memcpy(&place, input.data(), sizeof(place));
    std::memcpy(&image[place % image.size()], input.data() + sizeof(place), sizeof(uint32_t));
  }
}

void use(std::span<const std::byte> bytes) {
  std::optional<Graph> graph;
  try {
    graph = graph_from_bytes(bytes);
  } catch (const Error&) {
    return;
  }
  walk(*graph);
  const NodeId added = graph->add_node("added");
  if (graph->edge_count() == 0 || graph->producer(added) != kNone) return;
  graph->add_dyndep(0, {added}, {added}, true);
  walk_edge(*graph, 0);
}

}  // namespace
}  // namespace cntr::ninja

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<uint32_t> good = cntr::ninja::good_image();
  std::vector<uint32_t> image = good;
  cntr::ninja::damage(image, std::span(data, size));
  cntr::ninja::use(std::as_bytes(std::span(image)));
  return 0;
}
