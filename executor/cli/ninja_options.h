// The command line of cntr-ninja: ninja's options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/ninja_status.h"

namespace cntr::cli {

inline constexpr char kNinjaVersion[] = "1.14.0";  // whose language and options are spoken

struct NinjaOptions {
  std::string directory;  // -C; "" for the current one
  std::string manifest = "build.ninja";
  std::optional<size_t> parallelism;  // -j; SIZE_MAX for 0
  size_t failures_allowed = 1;        // -k; SIZE_MAX for 0
  double max_load = 0;                // -l
  bool dry_run = false;
  bool use_cache = false;  // --cache, or CNTR_NINJA_CACHE=1
  NinjaStatusOptions::Verbosity verbosity = NinjaStatusOptions::Verbosity::kNormal;
  std::optional<std::string> status;
  bool stats = false;
  bool explain = false;
  bool keep_depfile = false;
  bool keep_rspfile = false;
  bool phony_cycle_is_error = false;
  std::string tool;                    // -t; "" for none
  std::vector<std::string> arguments;  // targets, or what the tool gets
};

// The commands that run at once when nobody says how many: two more than processors that this
// process may use, as ninja has it.
size_t default_parallelism();

// nullopt when the command line asked only for a text, which has been printed, or is wrong, which
// has been said; `exit_code` is for the process then.
std::optional<NinjaOptions> parse_ninja_options(int argc, char** argv, int& exit_code);

}  // namespace cntr::cli
