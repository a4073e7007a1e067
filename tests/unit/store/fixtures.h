// What the tests of the store share.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file_system.h"
#include "base/warning.h"
#include "store/cache.h"

namespace cntr::store {

class FakeClock : public Clock {
 public:
  static constexpr int64_t kSecond = 1'000'000'000;
  static constexpr int64_t kDay = 86'400 * kSecond;

  int64_t file_time() const override { return now; }
  int64_t now = 20'000 * kDay;
};

// A directory of the test's own, removed at its end.
class Scratch {
 public:
  Scratch();
  const std::string& path() const { return directory_.path(); }
  std::string operator/(const std::string& name) const { return path() + "/" + name; }

 private:
  TemporaryDirectory directory_;
};

// Keeps what was warned of.
class Warnings {
 public:
  WarningSink sink() {
    return [this](const std::string& sentence) { sentences.push_back(sentence); };
  }
  std::vector<std::string> sentences;
};

void write(const std::string& path, std::string_view bytes);
// Moves the file's mtime; the ctime becomes now.
void set_mtime(const std::string& path, int64_t nanoseconds);
// Changes the bytes behind the cache's back, whatever the file's permissions.
void damage(const std::string& path, std::string_view bytes);
std::string blob_path(const std::string& cache_root, const Digest& digest);
// What verify() says, one line a problem.
std::string problems_of(Cache& cache);

// Runs `work` in a child process, which ends with _exit(work()).
pid_t start_process(const std::function<int()>& work);
int wait_for(pid_t process);  // the exit code; 128 + signal

// An action whose only output is a file with these bytes, stored in the cache.
struct StoredAction {
  Record record;
  ActionResult result;
};
StoredAction store_action(Cache& cache, const std::string& name, const std::string& bytes,
                          const std::string& scratch);

}  // namespace cntr::store
