#include "engine/compilation.h"

#include <algorithm>
#include <array>
#include <regex>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "engine/command_runner.h"
#include "engine/programs.h"

namespace cntr::engine {
namespace {

// What the compiler writes beside its output, or reads and does not tell of.
constexpr std::array<std::string_view, 15> kOptionsForUnnamedFiles = {
    "--coverage",       "-MJ",
    "-coverage",        "-fauto-profile",
    "-fcallgraph-info", "-fdump-",
    "-fmodules",        "-fplugin",
    "-fprofile-",       "-fsave-optimization-record",
    "-fstack-usage",    "-ftest-coverage",
    "-ftime-trace",     "-gsplit-dwarf",
    "-save-temps"};

bool is_compiler(const std::string& program) {
  static const std::regex kCompilers(
      "(.*-)?(cc|c\\+\\+|gcc|g\\+\\+|clang|clang\\+\\+|clang-cl|cl|icx|icpx|nvcc|hipcc)(-[0-9.]+)"
      "?");
  return std::regex_match(base_name(program), kCompilers);
}

bool asks_for_unnamed_files(const std::string& word) {
  return std::any_of(kOptionsForUnnamedFiles.begin(), kOptionsForUnnamedFiles.end(),
                     [&word](std::string_view option) { return word.starts_with(option); });
}

}  // namespace

bool is_compilation(const std::string& command) {
  constexpr std::string_view kBefore = ": && ";
  constexpr std::string_view kBehind = " && :";
  std::string_view inner = command;
  if (inner.starts_with(kBefore)) inner.remove_prefix(kBefore.size());
  while (inner.ends_with(' ')) inner.remove_suffix(1);
  if (inner.ends_with(kBehind)) inner.remove_suffix(kBehind.size());
  const auto words = direct_words(inner);
  if (!words || std::any_of(words->begin(), words->end(), asks_for_unnamed_files)) return false;
  const std::vector<std::string> programs = program_words(inner);
  return !programs.empty() && is_compiler(programs.back());
}

bool writes_debug_information(const std::string& command) {
  for (size_t at = command.find(" -g"); at != std::string::npos; at = command.find(" -g", at + 1)) {
    if (command.compare(at, 4, " -g0") != 0) return true;
  }
  return command.find(" /Z") != std::string::npos;
}

}  // namespace cntr::engine
