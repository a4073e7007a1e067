#include "fixtures.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace cntr::store {
namespace {

std::string temporary_parent() {
  std::string parent = testing::TempDir();
  while (parent.size() > 1 && parent.back() == '/') parent.pop_back();
  return parent;
}

}  // namespace

Scratch::Scratch() : directory_(temporary_parent(), "cntr-store-") {}

void write(const std::string& path, std::string_view bytes) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  ASSERT_TRUE(fd.valid()) << path;
  write_all(fd.get(), bytes, path);
}

void set_mtime(const std::string& path, int64_t nanoseconds) {
  constexpr int64_t kSecond = 1'000'000'000;
  std::array<timespec, 2> times{};
  times[0].tv_nsec = UTIME_OMIT;
  times[1] = {nanoseconds / kSecond, nanoseconds % kSecond};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0) << path;
}

void damage(const std::string& path, std::string_view bytes) {
  ASSERT_EQ(chmod(path.c_str(), 0644), 0) << path;
  write(path, bytes);
}

std::string blob_path(const std::string& cache_root, const Digest& digest) {
  return cache_root + "/v1/blobs/" + digest.hex().substr(0, 2) + "/" + digest.hex().substr(2);
}

std::string problems_of(Cache& cache) {
  std::string out;
  for (const CacheProblem& problem : cache.verify()) out += problem.what + "\n";
  return out;
}

pid_t start_process(const std::function<int()>& work) {
  const pid_t process = fork();
  if (process == 0) {
    try {
      _exit(work());
    } catch (const std::exception& error) {
      fprintf(stderr, "%s\n", error.what());
      _exit(99);
    }
  }
  return process;
}

int wait_for(pid_t process) {
  int status = 0;
  if (waitpid(process, &status, 0) != process) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

StoredAction store_action(Cache& cache, const std::string& name, const std::string& bytes,
                          const std::string& scratch) {
  const std::string path = scratch + "/made-" + name;
  write(path, bytes);
  StoredAction action;
  action.record.signature = digest_of("signature of " + name);
  action.record.signature_text = "command " + name + "\n";
  action.record.step = name;
  action.record.runner = "host";
  const auto digest = cache.store_file(path);
  action.result.outputs = {
      {"/build/" + name, OutputKind::kFile, digest.value_or(digest_of(bytes)), false}};
  cache.add_action(action.record, action.result);
  return action;
}

}  // namespace cntr::store
