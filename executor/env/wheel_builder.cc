#include "env/wheel_builder.h"

#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/process.h"
#include "base/stop_request.h"
#include "base/text.h"
#include "env/activation.h"
#include "env/prefix_sandbox.h"
#include "env/program_words.h"
#include "env/wheel_name.h"

namespace cntr::env {
namespace {

constexpr size_t kMostOutput = size_t{1} << 20;
constexpr const char* kSource = "/tmp/source";
constexpr const char* kArchives = "/archives/";

// Unpacks the archive at a place that is the same each time, because compilers write it into what
// they make, and becomes pip. Builds in the directory itself.
constexpr const char* kDriver = R"py(
import os, shutil, sys
archive, source, subdirectory = sys.argv[1:4]
os.umask(0o022)
shutil.unpack_archive(archive, source)
below = os.listdir(source)
if len(below) == 1 and os.path.isdir(os.path.join(source, below[0])):
    source = os.path.join(source, below[0])
source = os.path.join(source, subdirectory)
os.execv(sys.executable, [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index",
    "--no-build-isolation", "--check-build-dependencies", "--use-pep517", "--no-cache-dir",
    "--no-input", "--disable-pip-version-check", "--no-color", "--progress-bar", "off",
    "--wheel-dir", "/tmp/wheels", source])
)py";

std::string title_of(const LockedWheel& wheel) { return wheel.name + " " + wheel.version; }

// The only file that pip left in its directory.
std::string only_wheel(const std::string& directory, const LockedWheel& wheel) {
  const auto error = [&] {
    return user_error_at(wheel.where,
                         "The build of " + title_of(wheel) + " left no wheel, or several");
  };
  const auto there = stat_link(directory);
  if (!there || there->kind != FileKind::kDirectory) throw error();
  const std::vector<std::string> names = list_directory(directory);
  if (names.size() != 1) throw error();
  const std::string path = directory + "/" + names.front();
  const auto stat = stat_link(path);
  if (!stat || stat->kind != FileKind::kRegular) throw error();
  return path;
}

}  // namespace

std::optional<std::string> unmet_build_requirements(const std::string& what,
                                                    const std::string& output) {
  constexpr std::string_view kBegin = "Some build dependencies for ";
  constexpr std::string_view kMissing = " are missing: ";
  constexpr std::string_view kConflict = " conflict with ";
  for (const std::string& raw : split(output, '\n')) {
    const size_t begin = raw.find(kBegin);
    if (begin == std::string::npos) continue;
    std::string line = printable(raw.substr(begin));
    if (line.ends_with('.')) line.pop_back();
    const auto subject = [&](size_t end) {
      const std::string named = line.substr(kBegin.size(), end - kBegin.size());
      return what.empty() ? named.substr(0, named.find(' ')) : what;
    };
    if (const size_t at = line.find(kMissing); at != std::string::npos) {
      return subject(at) + " needs " + line.substr(at + kMissing.size()) +
             " to be built, which the environment does not have";
    }
    const size_t conflict = line.find(kConflict);
    const size_t colon = line.find(": ", conflict);
    if (conflict != std::string::npos && colon != std::string::npos) {
      return subject(conflict) + " cannot be built in the environment: " + line.substr(colon + 2);
    }
  }
  return std::nullopt;
}

const std::string& WheelBuilder::base_image() {
  if (!base_directory_) {
    base_directory_.emplace(scratch_, "build-base-");
    base_image_ = base_directory_->path() + "/image";
    base_.write_image(base_image_);
  }
  return base_image_;
}

void WheelBuilder::run_pip(const LockedWheel& wheel, const std::string& archive,
                           const std::string& workspace) {
  const ShownImage base(base_image(), workspace);
  if (!exists(base.path() + "/" + base_.python.site_packages + "/pip")) {
    throw user_error_at(wheel.where,
                        title_of(wheel) + " is there as source only, and the environment has no " +
                            "pip to build it",
                        {"Add pip to the packages of conda and lock again."});
  }
  const std::string private_directory = workspace + "/tmp";
  make_directories(private_directory);
  const std::string python = base_.prefix + "/" + base_.python.interpreter();
  const std::string shown_archive = kArchives + file_name_of(wheel).file;
  const Activation activation = activation_of(base.path(), base_.prefix);
  Command command;
  command.argv = sandbox_command("wheels are built from source");
  command.argv.insert(command.argv.end(),
                      {"--bind", private_directory, "/tmp", "--ro-bind", base.path(), base_.prefix,
                       "--ro-bind", archive, shown_archive, "--chdir", "/tmp", "--"});
  for (const std::string& word :
       activated_command(activation.scripts, {python, "-c", kDriver, shown_archive, kSource,
                                              subdirectory_of(wheel.url, wheel.where)})) {
    command.argv.push_back(word);
  }
  command.environment = sandbox_variables();
  command.environment.push_back("PATH=" + search_path_in(base_.prefix, kSandboxPath));
  command.environment.insert(command.environment.end(),
                             {"PREFIX=" + base_.prefix, "PYTHONNOUSERSITE=1",
                              "PYTHONWARNINGS=ignore", "PIP_CONFIG_FILE=/dev/null"});
  for (const auto& [name, value] : activation.variables) {
    command.environment.push_back(name + "=" + value);
  }
  std::string output;
  const ExitStatus status = run_process(command, {}, [&](std::string_view bytes) {
    output.append(bytes);
    if (output.size() > 2 * kMostOutput) output.erase(0, output.size() - kMostOutput);
  });
  if (status.interrupted) throw Stopped();
  if (const auto failure = failure_of_sandbox(status, output)) {
    throw environment_error(
        title_of(wheel) + " cannot be built from source: " + printable(*failure),
        {"Source is built in bubblewrap. Where that is not possible, build a wheel elsewhere (pip "
         "wheel), and name the directory that it is in with --find-links."});
  }
  if (status.code == 0) return;
  if (const auto unmet = unmet_build_requirements(title_of(wheel), output)) {
    throw user_error_at(wheel.where, *unmet,
                        {"What a build needs must be among the packages of conda."});
  }
  throw user_error_at(wheel.where, title_of(wheel) + " cannot be built from source",
                      last_lines(output));
}

BuiltWheel WheelBuilder::build(const LockedWheel& wheel, const std::string& archive) {
  throw_if_stopped();
  const TemporaryDirectory workspace(scratch_, "build-");
  run_pip(wheel, archive, workspace.path());
  const std::string path = only_wheel(workspace.path() + "/tmp/wheels", wheel);
  BuiltWheel out;
  out.lock = wheel;
  out.lock.url = "file://" + path;
  out.lock.is_source = false;
  const WheelName name = wheel_name_of(base_name(path), wheel.where);
  if (name.name != wheel.name) {
    throw user_error_at(wheel.where,
                        "The build of " + title_of(wheel) + " made a wheel of " + quote(name.name));
  }
  out.lock.version = name.version;
  out.file = open_to_read(path);
  return out;
}

}  // namespace cntr::env
