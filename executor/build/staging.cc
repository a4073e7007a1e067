#include "build/staging.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/file_system.h"
#include "build/sandbox_paths.h"

namespace cntr::build {
namespace {

void copy_file(const std::string& from, const std::string& to) {
  const auto info = stat_file(from);
  if (!info) throw system_error("Cannot read " + from, ENOENT);
  remove_tree(to);  // the placeholder of a mount point, or an earlier copy
  clone_file(from, to, info->executable() ? 0555 : 0444);
}

void copy_tree(const std::string& from, const std::string& to) {
  make_directories(to);
  for (const std::string& name : list_directory(from)) {
    const std::string source = from + "/" + name;
    const std::string target = to + "/" + name;
    const auto info = stat_link(source);
    if (!info) continue;
    if (info->kind == FileKind::kDirectory) {
      copy_tree(source, target);
    } else if (info->kind == FileKind::kSymlink) {
      remove_tree(target);
      if (symlink(read_link(source).c_str(), target.c_str()) != 0) {
        throw system_error("Cannot make the link " + target, errno);
      }
    } else {
      copy_file(source, target);
    }
  }
}

}  // namespace

void stage_on_host(const spec::Step& step, const std::string& env_prefix,
                   runner::Sandbox& sandbox) {
  const std::string& work = sandbox.work_directory;
  std::vector<PathMap::Root> roots = {{"/tmp", work + "/tmp"}};
  if (!env_prefix.empty()) roots.push_back({env_prefix, env_prefix});
  for (const std::string_view root : {kSourceRoot, kBuildRoot, kMountRoot}) {
    roots.push_back({std::string(root), work + std::string(root)});
    make_directories(roots.back().to);
  }
  const PathMap paths(roots);
  for (const runner::Bind& bind : sandbox.binds) {
    const auto target = paths.find(bind.container);
    if (!target || bind.writable) {
      throw user_error_at(
          step.location,
          "Step " + step.name + ": the host runner cannot show " + bind.host + " at " +
              bind.container,
          {"Use RUNNER bubblewrap, or declare the files as INPUTS and OUTPUTS below "
           "the build directory."});
    }
    if (*target == bind.host) continue;
    make_directories(parent_path(*target));
    if (bind.directory) {
      copy_tree(bind.host, *target);
    } else {
      copy_file(bind.host, *target);
    }
  }
  sandbox.binds.clear();
  for (std::string& word : sandbox.argv) word = paths.rewrite(word);
  for (std::string& entry : sandbox.environment) {
    const size_t value = entry.find('=') + 1;
    entry = entry.substr(0, value) + paths.rewrite(entry.substr(value));
  }
  sandbox.directory = paths.find(sandbox.directory).value_or(sandbox.directory);
}

}  // namespace cntr::build
