#include "store/output_listing.h"

#include <algorithm>

#include "base/text.h"
#include "store/path_text.h"

namespace cntr::store {
namespace {

std::string_view letter_of(const Output& output) {
  if (output.kind == OutputKind::kDirectory) return "d";
  return output.executable ? "x" : "f";
}

std::optional<Output> parse_line(std::string_view line) {
  const std::vector<std::string> words = split(line, ' ');
  if (words.size() != 3 || words[1].size() != 2 * Digest::kSize) return std::nullopt;
  if (words[0] != "f" && words[0] != "x" && words[0] != "d") return std::nullopt;
  const auto digest = Digest::parse(words[1]);
  const auto path = path_from_text(words[2]);
  if (!digest || !path || path->empty() || path->front() != '/' ||
      !is_plain_relative_path(std::string_view(*path).substr(1))) {
    return std::nullopt;
  }
  return Output{.path = *path,
                .kind = words[0] == "d" ? OutputKind::kDirectory : OutputKind::kFile,
                .digest = *digest,
                .executable = words[0] == "x"};
}

}  // namespace

std::string output_listing(std::vector<Output> outputs) {
  std::sort(outputs.begin(), outputs.end(),
            [](const Output& a, const Output& b) { return a.path < b.path; });
  std::string out;
  for (const Output& output : outputs) {
    out += letter_of(output);
    out += ' ' + output.digest.hex() + ' ' + path_to_text(output.path) + '\n';
  }
  return out;
}

std::optional<std::vector<Output>> parse_output_listing(std::string_view listing) {
  std::vector<Output> outputs;
  for (size_t begin = 0; begin < listing.size();) {
    const size_t end = listing.find('\n', begin);
    if (end == std::string_view::npos) return std::nullopt;
    auto output = parse_line(listing.substr(begin, end - begin));
    if (!output || (!outputs.empty() && outputs.back().path >= output->path)) return std::nullopt;
    outputs.push_back(std::move(*output));
    begin = end + 1;
  }
  return outputs;
}

}  // namespace cntr::store
