#include "cli/ninja_options.h"

#include <getopt.h>
#include <sched.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/process.h"
#include "cli/ninja_tools.h"
#include "cli/spelling.h"

namespace cntr::cli {
namespace {

void print_usage() {
  std::fprintf(stderr,
               "usage: cntr-ninja [options] [targets...]\n"
               "\n"
               "Builds the targets, or those of the manifest's 'default' statements. Takes the "
               "manifests\n"
               "and the options of ninja %s; decides by content what has to run.\n"
               "\n"
               "options:\n"
               "  --version      print the version of ninja that this stands in for\n"
               "  -v, --verbose  show whole commands\n"
               "  --quiet        show only what commands print\n"
               "  --status FMT   format of the progress status, like NINJA_STATUS\n"
               "\n"
               "  -C DIR   change to DIR before doing anything else\n"
               "  -f FILE  read this manifest [build.ninja]\n"
               "\n"
               "  -j N     run N commands at once, 0 for no limit [%zu here]\n"
               "  -k N     go on until N commands have failed, 0 for no limit [1]\n"
               "  -l N     start no command while the load average is above N\n"
               "  -n       say what would run, and run nothing\n"
               "\n"
               "  --cache  take what a compiler made before from the cache of CNTR_CACHE_DIR\n"
               "\n"
               "  -d MODE  debugging (-d list)\n"
               "  -t TOOL  run a tool, which takes what follows (-t list)\n"
               "  -w FLAG  warnings (-w list)\n",
               kNinjaVersion, default_parallelism());
}

void complain(const std::string& text) { std::fprintf(stderr, "ninja: error: %s\n", text.c_str()); }

std::string unknown(const char* what, const std::string& name,
                    const std::vector<std::string>& known) {
  std::string text = std::string("unknown ") + what + " '" + name + "'";
  const std::string near = nearest(name, known);
  return near.empty() ? text : text + ", did you mean '" + near + "'?";
}

bool set_debug_mode(const std::string& mode, NinjaOptions& options) {
  if (mode == "list") {
    std::printf(
        "debugging modes:\n"
        "  stats        say how long the parts of the build took\n"
        "  explain      say why a command runs\n"
        "  keepdepfile  keep depfiles that were read\n"
        "  keeprsp      keep response files of commands that succeeded\n"
        "-d may be given several times\n");
    return false;
  }
  if (mode == "stats") return options.stats = true;
  if (mode == "explain") return options.explain = true;
  if (mode == "keepdepfile") return options.keep_depfile = true;
  if (mode == "keeprsp") return options.keep_rspfile = true;
  if (mode == "nostatcache") return true;  // ninja's, on Windows
  complain(unknown("debug setting", mode, {"stats", "explain", "keepdepfile", "keeprsp"}));
  return false;
}

bool set_warning(const std::string& flag, NinjaOptions& options) {
  if (flag == "list") {
    std::printf(
        "warning flags:\n"
        "  phonycycle={err,warn}  a phony target that is its own input\n");
    return false;
  }
  if (flag == "phonycycle=err" || flag == "phonycycle=warn") {
    options.phony_cycle_is_error = flag.ends_with("err");
    return true;
  }
  for (const char* const old : {"dupbuild", "depfilemulti"}) {
    if (flag != std::string(old) + "=err" && flag != std::string(old) + "=warn") continue;
    std::fprintf(stderr, "ninja: warning: deprecated warning '%s'\n", old);
    return true;
  }
  complain(unknown("warning flag", flag, {"phonycycle=err", "phonycycle=warn"}));
  return false;
}

// A number of commands: 0 and less mean no limit.
size_t limit_of(long value) { return value > 0 ? static_cast<size_t>(value) : SIZE_MAX; }

bool set_number(int option, const char* text, NinjaOptions& options) {
  char* end = nullptr;
  if (option == 'l') {
    options.max_load = std::strtod(text, &end);
    if (end != text) return true;
    std::fprintf(stderr, "ninja: fatal: -l parameter not numeric: did you mean -l 0.0?\n");
    return false;
  }
  const long value = std::strtol(text, &end, 10);
  const bool whole = *end == '\0' && end != text;
  if (option == 'j') {
    options.parallelism = limit_of(value);
    if (whole && value >= 0) return true;
    std::fprintf(stderr, "ninja: fatal: invalid -j parameter\n");
    return false;
  }
  options.failures_allowed = limit_of(value);
  if (whole) return true;
  std::fprintf(stderr, "ninja: fatal: -k parameter not numeric; did you mean -k 0?\n");
  return false;
}

}  // namespace

size_t default_parallelism() {
  cpu_set_t set;
  size_t processors = std::thread::hardware_concurrency();
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    processors = static_cast<size_t>(CPU_COUNT(&set));
  }
  return processors <= 1 ? 2 : processors == 2 ? 3 : processors + 2;  // ninja's numbers
}

std::optional<NinjaOptions> parse_ninja_options(int argc, char** argv, int& exit_code) {
  enum { kVersion = 1, kQuiet, kStatus, kCache };
  const option long_options[] = {{"help", no_argument, nullptr, 'h'},
                                 {"version", no_argument, nullptr, kVersion},
                                 {"verbose", no_argument, nullptr, 'v'},
                                 {"quiet", no_argument, nullptr, kQuiet},
                                 {"status", required_argument, nullptr, kStatus},
                                 {"cache", no_argument, nullptr, kCache},
                                 {nullptr, 0, nullptr, 0}};
  NinjaOptions options;
  const std::string cache = environment_variable("CNTR_NINJA_CACHE").value_or("");
  options.use_cache = !cache.empty() && cache != "0";
  exit_code = 1;
  int found;
  while (options.tool.empty() &&
         (found = ::getopt_long(argc, argv, "d:f:j:k:l:nt:vw:C:h", long_options, nullptr)) != -1) {
    switch (found) {
      case 'd':
        if (!set_debug_mode(optarg, options)) return std::nullopt;
        break;
      case 'w':
        if (!set_warning(optarg, options)) return std::nullopt;
        break;
      case 'j':
      case 'k':
      case 'l':
        if (!set_number(found, optarg, options)) return std::nullopt;
        break;
      case 'f':
        options.manifest = optarg;
        break;
      case 'C':
        options.directory = optarg;
        break;
      case 'n':
        options.dry_run = true;
        break;
      case 'v':
        options.verbosity = NinjaStatusOptions::Verbosity::kVerbose;
        break;
      case kQuiet:
        options.verbosity = NinjaStatusOptions::Verbosity::kQuiet;
        break;
      case kCache:
        options.use_cache = true;
        break;
      case kStatus:
        options.status = optarg;
        break;
      case 't':
        options.tool = optarg;
        if (options.tool == "list") {
          print_tool_list();
          exit_code = 0;
          return std::nullopt;
        }
        if (!is_tool(options.tool)) {
          std::fprintf(stderr, "ninja: fatal: %s\n",
                       unknown("tool", options.tool, tool_names()).c_str());
          return std::nullopt;
        }
        break;
      case kVersion:
        std::printf("%s\n", kNinjaVersion);
        exit_code = 0;
        return std::nullopt;
      default:
        print_usage();
        return std::nullopt;
    }
  }
  options.arguments.assign(argv + optind, argv + argc);
  return options;
}

}  // namespace cntr::cli
