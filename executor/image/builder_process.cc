#include "image/builder_process.h"

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"

namespace cntr::image {

void run_builder(const std::vector<std::string>& argv, const std::string& source) {
  constexpr size_t kShownLines = 20;
  const Captured result = capture_process(argv);
  if (result.status.interrupted) throw environment_error("Interrupted while building " + source);
  if (result.status.code == 0) return;
  std::vector<std::string> lines = split(result.out + result.err, '\n');
  std::erase_if(lines, [](const std::string& line) { return line.empty(); });
  if (lines.size() > kShownLines) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kShownLines));
  }
  for (std::string& line : lines) line = printable(line);
  throw user_error(source + " cannot be built (exit code " + std::to_string(result.status.code) +
                       "). What was printed last:",
                   lines);
}

}  // namespace cntr::image
