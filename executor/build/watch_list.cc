#include "build/watch_list.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "base/digest.h"
#include "base/error.h"
#include "base/process.h"
#include "spec/spec.h"

namespace cntr::build {
namespace {

// What must be equal, in one word. The device is left out: it may change when a file system is
// mounted again.
std::string fingerprint(const std::optional<FileStat>& stat) {
  if (!stat) return "absent";
  std::string out;
  for (const uint64_t number :
       {static_cast<uint64_t>(stat->kind), stat->inode, stat->size,
        static_cast<uint64_t>(stat->mtime), static_cast<uint64_t>(stat->ctime),
        static_cast<uint64_t>(stat->mode)}) {
    out += std::to_string(number) + ":";
  }
  return out;
}

// "<follow|itself> <fingerprint> <path>". A path with a newline gives two lines that are no watch
// list, so its step is looked at on every build.
std::string line_of(const Watched& watched) {
  return std::string(watched.follow ? "follow " : "itself ") + fingerprint(watched.stat) + " " +
         watched.path;
}

std::string line_of_variable(const std::string& name) {
  const auto value = environment_variable(name);
  return "variable " + (value ? digest_of(*value).hex() : "unset") + " " + name;
}

bool line_is_as_watched(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return false;
  const std::string_view kind = line.substr(0, first);
  const std::string name(line.substr(second + 1));
  if (kind == "variable") return line == line_of_variable(name);
  return line == line_of(watch(name, kind == "follow"));
}

void touch(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!fd.valid() || futimens(fd.get(), nullptr) != 0) {
    throw system_error("Cannot write " + path, errno);
  }
}

}  // namespace

Watched watch(const std::string& path, bool follow) {
  return {path, follow, follow ? stat_file(path) : stat_link(path)};
}

std::vector<Watched> watch_tree(const std::string& path) {
  std::vector<Watched> out = {watch(path)};
  if (!out.front().stat || out.front().stat->kind != FileKind::kDirectory) return out;
  for (const std::string& relative : list_tree(path)) {
    out.push_back(watch(path + "/" + relative, false));
  }
  return out;
}

std::string watch_list_text(const std::vector<Watched>& watched,
                            const std::vector<std::string>& variables) {
  std::string out;
  for (const std::string& name : variables) out += line_of_variable(name) + "\n";
  for (const Watched& item : watched) out += line_of(item) + "\n";
  return out;
}

bool is_as_watched(std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos || !line_is_as_watched(text.substr(0, end))) return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

size_t check_steps(const std::string& cntr_directory) {
  const spec::WorkflowIndex index = spec::read_workflow_index(cntr_directory + "/workflow.yaml");
  const std::string state = cntr_directory + "/state";
  make_directories(state);
  size_t changed = 0;
  for (const std::string& name : index.steps) {
    const std::string stamp = state + "/" + name + ".stamp";
    const auto watched = read_file_if_exists(state + "/" + name + ".watch");
    if (exists(stamp) && (!watched || is_as_watched(*watched))) continue;
    touch(stamp);
    ++changed;
  }
  return changed;
}

}  // namespace cntr::build
