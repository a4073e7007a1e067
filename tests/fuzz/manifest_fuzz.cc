// The input is a manifest; a line "%%" ends it and begins the file "a", another one the file "b".
// What can be parsed must be the same after a way through an image.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph_walk.h"
#include "ninja/graph_image.h"
#include "ninja/manifest_parser.h"

namespace cntr::ninja {
namespace {

std::vector<std::string> files_in(std::string_view input) {
  constexpr std::string_view kSeparator = "%%\n";
  std::vector<std::string> files;
  for (;;) {
    const size_t end = input.find(kSeparator);
    files.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) return files;
    input.remove_prefix(end + kSeparator.size());
  }
}

void check_image(const Graph& graph) {
  const std::string bytes = graph_bytes(graph);
  std::vector<uint64_t> words(bytes.size() / sizeof(uint64_t) + 1);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  const Graph copy = graph_from_bytes(std::as_bytes(std::span(words)).first(bytes.size()));
  if (walk(copy) != walk(graph) || graph_bytes(copy) != bytes) std::abort();
}

}  // namespace
}  // namespace cntr::ninja

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using cntr::ninja::Graph;
  const std::vector<std::string> files =
      cntr::ninja::files_in(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto read = [&files](const std::string& path) -> std::optional<std::string> {
    const size_t number = path == "build.ninja" ? 0 : path == "a" ? 1 : path == "b" ? 2 : SIZE_MAX;
    if (number >= files.size()) return std::nullopt;
    return files[number];
  };
  std::optional<Graph> graph;
  try {
    graph = cntr::ninja::parse_manifest("build.ninja", read);
  } catch (const cntr::Error& error) {
    // A manifest may be wrong, but for a reason.
    if (error.message().empty()) std::abort();
    return 0;
  }
  cntr::ninja::check_image(*graph);
  return 0;
}
