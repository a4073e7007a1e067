// environment.yml files, requirements files and solvers' answers, each of which any text may be.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "env/pip_report.h"
#include "env/requirements.h"
#include "env/solver.h"
#include "spec/conda_environment.h"

namespace {

template <typename Read>
void try_to(const Read& read) {
  try {
    read();
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
}

// What a solver is handed is never one of its options.
void check_words(std::string_view text) {
  const auto environment = cntr::spec::parse_conda_environment(text, "/dir/environment.yml");
  for (const auto& package : environment.packages) {
    if (package.text.empty() || package.text[0] == '-') std::abort();
  }
  for (const std::string& channel : environment.channels) {
    if (channel.empty() || channel[0] == '-') std::abort();
  }
}

void check_lines(std::string_view text) {
  cntr::env::Requirements requirements;
  cntr::env::add_requirement_lines(cntr::env::requirement_lines(text, "/dir/requirements.txt"),
                                   "/no such directory", requirements);
  for (const std::string& line : requirements.lines) {
    if (line.empty() || line.find('\n') != std::string::npos) std::abort();
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with('{')) {
    try_to([&] { cntr::env::parse_solution(text, "the answer"); });
    try_to([&] { cntr::env::parse_pip_report(text, "the report"); });
  } else {
    try_to([&] { check_words(text); });
    try_to([&] { check_lines(text); });
  }
  return 0;
}
