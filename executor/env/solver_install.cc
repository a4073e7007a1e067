#include "env/solver_install.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/digest.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/stop_request.h"
#include "base/text.h"
#include "env/conda_config.h"
#include "env/conda_meta.h"
#include "env/download.h"
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
std::string solver_in(const std::string& home, const std::string& preferred = "") {
  for (const std::string& name :
       {preferred, std::string("micromamba"), std::string("mamba"), std::string("conda")}) {
    const std::string program = home + "/bin/" + name;
    if (!name.empty() && exists(program)) return program;
  }
  return "";
}

// An installer on this machine, and how people know it.
struct InstallerFile {
  std::string path;
  std::string name;
  Digest digest;
};

void run_installer(const InstallerFile& installer, const std::string& home) {
  // Modules of the user's break the Python that is being installed.
  const Captured result = capture_process(
      {"env", "-u", "PYTHONPATH", "-u", "PYTHONHOME", "/bin/sh", installer.path, "-b", "-p", home});
  if (result.status.interrupted) throw Stopped();
  if (result.status.code == 0 && !solver_in(home).empty()) return;
  remove_tree(home);
  throw user_error("The installer " + installer.name + " installed no solver of conda packages",
                   last_lines(result.err.empty() ? result.out : result.err));
}

std::string home_of(const Digest& installer, const std::string& directory) {
  return directory + "/solver-" + installer.hex().substr(0, 12);
}

// The programs in it know its path, so it cannot be made elsewhere and moved there: it is whole
// when this file is there.
std::string completion_of(const std::string& home) { return home + "/installed"; }

void install_file(const InstallerFile& installer, const std::string& home) {
  if (exists(completion_of(home))) return;
  const FileLock lock(home + ".lock");
  if (exists(completion_of(home))) return;
  remove_tree(home);
  const std::string begin = first_bytes(installer.path);
  if (begin ==
      "\x7f"
      "ELF") {
    make_directories(home + "/bin");
    clone_file(installer.path, home + "/bin/micromamba", 0755);
    make_executable(home + "/bin/micromamba");
  } else if (begin.starts_with("#!")) {
    run_installer(installer, home);
  } else {
    throw user_error(installer.name + " is neither micromamba nor an installer",
                     {"Known are the program micromamba, and the .sh installers of Miniforge."});
  }
  write_file_atomically(completion_of(home), "");
}

// Returns where that is.
std::string install_from_file(const std::string& path, const std::string& directory) {
  const Digest digest = digest_of_file(path);
  const std::string home = home_of(digest, directory);
  install_file({path, path, digest}, home);
  return home;
}

struct InstallerUrl {
  std::string url;
  std::optional<Digest> digest;
};

bool is_url(const std::string& text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

InstallerUrl parse_url(const std::string& text) {
  const std::string_view mark = "#sha256=";
  const size_t place = text.find('#');
  if (place == std::string::npos) return {text, std::nullopt};
  const std::string_view fragment = std::string_view(text).substr(place);
  const auto digest = fragment.starts_with(mark) ? Digest::parse(fragment.substr(mark.size()))
                                                 : std::optional<Digest>();
  if (!digest) {
    throw user_error("The installer " + quote(public_url(text)) + " has no sum behind its #",
                     {"It is written as #sha256=<64 digits>."});
  }
  return {text.substr(0, place), digest};
}

// Of a URL without a sum this file says what was there when a solver was installed from it.
std::string memory_of(const InstallerUrl& installer, const std::string& directory) {
  return directory + "/installer-" + digest_of(installer.url).hex().substr(0, 12);
}

// Returns where that is.
std::string install_download(const InstallerUrl& installer, const std::string& directory,
                             const std::string& scratch, const WarningSink& tell) {
  // conda's installers refuse to run under a name with another end.
  const std::string file = scratch + "/installer.sh";
  const std::string shown = public_url(installer.url);
  tell("there is no solver here, so " + shown + " is downloaded and installed, once");
  download(installer.url, file, read_conda_config(environment_variable).download);
  const Digest digest = digest_of_file(file);
  if (installer.digest && digest != *installer.digest) {
    throw user_error("The installer " + shown + " has another sum",
                     {"Expected: " + installer.digest->hex(), "Found:    " + digest.hex()});
  }
  const std::string home = home_of(digest, directory);
  install_file({file, shown, digest}, home);
  if (!installer.digest) write_file_atomically(memory_of(installer, directory), digest.hex());
  return home;
}

std::string install_from_url(const InstallerUrl& installer, const std::string& directory,
                             const std::string& scratch, const WarningSink& tell) {
  std::optional<Digest> known = installer.digest;
  if (!known) {
    known = Digest::parse(read_file_if_exists(memory_of(installer, directory)).value_or(""));
  }
  if (known && exists(completion_of(home_of(*known, directory)))) {
    return home_of(*known, directory);
  }
  return install_download(installer, directory, scratch, tell);
}

}  // namespace

std::string install_solver(const SolverInstaller& installer, const std::string& directory,
                           const std::string& scratch, const WarningSink& tell) {
  if (!is_url(installer.place)) {
    if (!exists(installer.place)) throw user_error("There is no installer " + installer.place);
    return solver_in(install_from_file(installer.place, directory), installer.preferred);
  }
  const InstallerUrl url = parse_url(installer.place);
  if (!url.digest && installer.unpinned == UnpinnedUrl::kRefused) {
    throw user_error("The installer " + public_url(installer.place) + " is a URL without a sum",
                     {"Write #sha256=<64 digits> behind it, or name a file on this machine."});
  }
  return solver_in(install_from_url(url, directory, scratch, tell), installer.preferred);
}

}  // namespace cntr::env
