#include "env/program_words.h"

#include "base/text.h"

namespace cntr::env {

std::vector<std::string> last_lines(const std::string& output) {
  constexpr size_t kMost = 30;
  std::vector<std::string> out;
  for (const std::string& line : split(output, '\n')) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) out.push_back(printable(line));
  }
  if (out.size() > kMost) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(kMost));
  return out;
}

}  // namespace cntr::env
