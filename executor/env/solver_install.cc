#include "env/solver_install.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/digest.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/stop_request.h"
#include "env/program_words.h"

namespace cntr::env {
namespace {

std::string first_bytes(const std::string& path) {
  const UniqueFd file = open_to_read(path);
  std::string out(4, '\0');
  const ssize_t count = read(file.get(), out.data(), out.size());
  out.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return out;
}

void make_executable(const std::string& path) {
  if (chmod(path.c_str(), 0755) != 0) throw system_error("Cannot change " + path, errno);
}

// What the installer made: the faster solver first.
std::string solver_in(const std::string& home) {
  for (const char* const name : {"micromamba", "mamba", "conda"}) {
    const std::string program = home + "/bin/" + name;
    if (exists(program)) return program;
  }
  return "";
}

void run_installer(const std::string& installer, const std::string& home) {
  const Captured result = capture_process({"/bin/sh", installer, "-b", "-p", home});
  if (result.status.interrupted) throw Stopped();
  if (result.status.code == 0 && !solver_in(home).empty()) return;
  remove_tree(home);
  throw user_error("The installer " + installer + " installed no solver of conda packages",
                   last_lines(result.err.empty() ? result.out : result.err));
}

}  // namespace

std::string install_solver(const std::string& installer, const std::string& directory) {
  if (!exists(installer)) throw user_error("There is no installer " + installer);
  const std::string home = directory + "/solver-" + digest_of_file(installer).hex().substr(0, 12);
  // The programs in it know its path, so it cannot be made elsewhere and moved there: it is whole
  // when this file is there.
  const std::string complete = home + "/installed";
  if (exists(complete)) return solver_in(home);
  const FileLock lock(home + ".lock");
  if (exists(complete)) return solver_in(home);
  remove_tree(home);
  const std::string begin = first_bytes(installer);
  if (begin ==
      "\x7f"
      "ELF") {
    make_directories(home + "/bin");
    clone_file(installer, home + "/bin/micromamba", 0755);
    make_executable(home + "/bin/micromamba");
  } else if (begin.starts_with("#!")) {
    run_installer(installer, home);
  } else {
    throw user_error(installer + " is neither micromamba nor an installer",
                     {"Known are the program micromamba, and the .sh installers of Miniforge."});
  }
  write_file_atomically(complete, "");
  return solver_in(home);
}

}  // namespace cntr::env
