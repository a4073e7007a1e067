#include "build/depfile.h"

#include "base/file_system.h"

namespace cntr::build {
namespace {

std::string depfile_escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == ' ' || c == '#') out += '\\';
    if (c == '$') out += '$';
    out += c;
  }
  return out;
}

}  // namespace

std::string depfile_text(const std::string& target, const std::vector<std::string>& paths) {
  std::string out = depfile_escaped(target) + ":";
  for (const std::string& path : paths) {
    if (path.find('\n') == std::string::npos) out += " \\\n  " + depfile_escaped(path);
  }
  return out + "\n";
}

void write_depfile(const spec::Step& step, const ResolvedStep& resolved) {
  if (!step.depfile) return;
  std::vector<std::string> paths;
  for (const ResolvedInput& input : resolved.inputs) {
    for (const Watched& watched : input.watched) paths.push_back(watched.path);
  }
  write_file_atomically(*step.depfile,
                        depfile_text(step.depfile_target.value_or(step.name), paths));
}

}  // namespace cntr::build
