// mount_probe: what tests/e2e/mount_holders.bash calls to mount as other programs of Cntr do.
// Places are taken from MOUNT_PROBE_PLACE and MOUNT_PROBE_SHARED_PLACE.
//
//   mount_probe hold FILE OFFSET NAME         mounts; prints "mounted PATH", "joined PATH" or
//   mount_probe hold-at FILE OFFSET PATH      "not possible: REASON"; ends with its standard input
//   mount_probe run FILE OFFSET NAME PROGRAM [ARGUMENT...]
//                                             mounts; "{}" in an argument stands for the path; ends
//                                             as the program does, which has the lock as well
//   mount_probe times FILE OFFSET NAME COUNT  prints the median time of a join in microseconds
//   mount_probe unmount PATH                  prints who uses it
//   mount_probe ways                          prints "WAY ok" or "WAY not ok: REASON [FIX]"
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.h"
#include "mount/mount.h"

namespace {

using cntr::mount::MountedImage;
using cntr::mount::Mounts;
using cntr::mount::NotPossible;

constexpr int kNotPossible = 4;

Mounts mounts() {
  cntr::mount::Settings settings = cntr::mount::default_settings();
  if (const char* place = getenv("MOUNT_PROBE_PLACE")) settings.place = place;
  const char* shared = getenv("MOUNT_PROBE_SHARED_PLACE");
  settings.shared_place = shared ? shared : "";
  return Mounts(settings);
}

MountedImage mounted(cntr::mount::Mounted result) {
  if (const auto* no = std::get_if<NotPossible>(&result)) {
    printf("not possible: %s\n", no->reason.c_str());
    exit(kNotPossible);
  }
  return std::get<MountedImage>(std::move(result));
}

int hold(const MountedImage& image) {
  printf("%s %s\n", image.made() ? "mounted" : "joined", image.path().c_str());
  fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}

int run(const MountedImage& image, std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) {
    if (const size_t at = word.find("{}"); at != std::string::npos)
      word.replace(at, 2, image.path());
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  fcntl(image.lock_descriptor(), F_SETFD, 0);
  execvp(argv[0], argv.data());
  perror(argv[0]);
  return 127;
}

int measure(const cntr::mount::Source& source, const std::string& name, int count) {
  const MountedImage first = mounted(mounts().mount(source, name));
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const MountedImage next = mounted(mounts().mount(source, name));
    const auto end = std::chrono::steady_clock::now();
    times.push_back(std::chrono::duration<double, std::micro>(end - start).count());
  }
  std::sort(times.begin(), times.end());
  printf("%.0f\n", times[times.size() / 2]);
  return 0;
}

int unmount(const std::string& path) {
  for (const auto& holder : mounts().unmount(path)) {
    printf("%d %s\n", static_cast<int>(holder.pid), holder.command.c_str());
  }
  return 0;
}

int ways() {
  for (const auto& trial : mounts().try_ways()) {
    printf("%s %s\n", std::string(name_of(trial.way)).c_str(),
           trial.usable ? "ok" : ("not ok: " + trial.reason + " [" + trial.fix + "]").c_str());
  }
  return 0;
}

int dispatch(const std::vector<std::string>& words) {
  const size_t count = words.size();
  if (count == 1 && words[0] == "ways") return ways();
  if (count == 2 && words[0] == "unmount") return unmount(words[1]);
  if (count >= 4) {
    const cntr::mount::Source source{words[1], std::stoull(words[2])};
    if (words[0] == "hold") return hold(mounted(mounts().mount(source, words[3])));
    if (words[0] == "hold-at") return hold(mounted(mounts().mount_at(source, words[3])));
    if (words[0] == "times" && count == 5) return measure(source, words[3], std::stoi(words[4]));
    if (words[0] == "run" && count > 4) {
      return run(mounted(mounts().mount(source, words[3])), {words.begin() + 4, words.end()});
    }
  }
  fputs("mount_probe: wrong arguments\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch({argv + 1, argv + argc});
  } catch (const cntr::Error& error) {
    fprintf(stderr, "mount_probe: %s\n", error.what());
    return 1;
  }
}
