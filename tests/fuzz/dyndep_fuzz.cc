#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/error.h"
#include "ninja/canonical_path.h"
#include "ninja/dyndep.h"
#include "ninja/manifest_parser.h"

namespace {

cntr::ninja::Graph make_graph() {
  return cntr::ninja::parse_manifest("build.ninja", [](const std::string&) {
    return std::optional<std::string>(
        "rule r\n"
        "  command = r\n"
        "build a b | c: r in || dd\n"
        "  dyndep = dd\n"
        "build d: r in || dd\n"
        "  dyndep = dd\n"
        "build e: r in\n");
  });
}

void check(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (path.empty() || !cntr::ninja::is_canonical(path)) std::abort();
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const cntr::ninja::Graph graph = make_graph();
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const auto entries = cntr::ninja::parse_dyndep("dd", text, graph, *graph.find("dd"));
    if (entries.size() != 2 || entries[0].edge == entries[1].edge) std::abort();
    for (const cntr::ninja::DyndepEntry& entry : entries) {
      if (entry.edge > 1) std::abort();
      check(entry.implicit_inputs);
      check(entry.implicit_outputs);
    }
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  return 0;
}
