#include "runner/docker_image.h"

#include <sys/file.h>

#include <cerrno>
#include <mutex>
#include <set>

#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/text.h"
#include "runner/launch.h"

namespace cntr::runner {
namespace {

// $1 is the tree, $2 the client. Prints tar's exit code and the id of the new image, which has no
// name yet: nobody uses it before tar is known to have read everything.
constexpr const char* kImport =
    "exec 3>&1\n"
    "{ tar -C \"$1\" --numeric-owner --owner=0 --group=0 -cf - . 3>&-; echo \"tar $?\" >&3; } |\n"
    "\"$2\" import - 3>&-\n";

bool is_there(const std::string& docker, const std::string& name) {
  const Captured answer =
      capture_process({docker, "image", "inspect", "--format", "{{.Id}}", name});
  if (answer.status.code == 0) return true;
  if (answer.err.find("No such image") != std::string::npos) return false;
  throw environment_error("cannot ask docker for images: " + last_line(answer.err),
                          {"`cntr doctor` says what is wrong with docker here."});
}

Error import_error(const Root& root, const std::string& reason) {
  return environment_error("cannot import the image " + root.directory + " into docker: " + reason);
}

void import_image(const Root& root, const std::string& docker, const std::string& name) {
  const Captured imported = capture_process({"sh", "-c", kImport, "sh", root.directory, docker});
  bool complete = false;
  std::string id;
  for (const std::string& line : split(imported.out, '\n')) {
    if (line == "tar 0") complete = true;
    if (line.starts_with("sha256:")) id = line;
  }
  if (imported.status.code != 0 || id.empty()) throw import_error(root, last_line(imported.err));
  if (complete) {
    const Captured named = capture_process({docker, "tag", id, name});
    if (named.status.code != 0) throw import_error(root, last_line(named.err));
    return;
  }
  capture_process({docker, "image", "rm", id});
  throw import_error(root, last_line(imported.err));
}

}  // namespace

std::string docker_image_name(const Digest& identity) { return "cntr/image:" + identity.hex(); }

void ensure_docker_image(const Root& root, const std::string& docker) {
  static std::mutex mutex;
  static std::set<std::string> known;
  const std::lock_guard guard(mutex);
  const std::string name = docker_image_name(root.identity);
  if (known.contains(name)) return;
  if (!is_there(docker, name)) {
    // The lock is on the tree itself, so that nothing is written beside it.
    const UniqueFd lock = open_to_read(root.directory);
    if (!lock_open_file(lock.get(), LOCK_EX)) {
      throw system_error("cannot lock " + root.directory, errno);
    }
    if (!is_there(docker, name)) import_image(root, docker, name);
  }
  known.insert(name);
}

}  // namespace cntr::runner
