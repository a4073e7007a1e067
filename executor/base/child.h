// How run_process() (process.h) starts a child and holds on to it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/file_system.h"

namespace cntr {

// What a child that could not execute its program writes to Launch::status.
struct StartFailure {
  enum class Stage { kParentGone, kDescriptors, kDirectory, kExecute };
  Stage stage = Stage::kExecute;
  int error = 0;
};

// All that the child needs, as it needs it: nothing is allocated after vfork(). Descriptors must be
// kLowestFd or above, so that those which the child makes of them overwrite none.
struct Launch {
  static constexpr int kLowestFd = 10;

  std::string program;
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* directory = nullptr;
  bool own_process_group = true;
  int input = -1;  // -1: keep the caller's
  int output = -1;
  int error = -1;
  int extra = -1;  // becomes Command::kExtraFd
  int lock = -1;   // becomes Command::kLockFd
  int status = -1;
};

// A started child. Until finish() it is killed, with its group, by the destructor. It dies with the
// thread that made it.
class Child {
 public:
  // Throws an environment Error when the system has no room for a process.
  explicit Child(const Launch& launch);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  int pidfd() const { return pidfd_.get(); }
  void send(int number);
  // After pidfd() has become readable; returns the status of waitpid(). What is left of the group
  // is killed first, when asked for, while the zombie still keeps the number from being used again.
  int finish(bool kill_group);

 private:
  void reap();

  pid_t pid_ = -1;
  bool group_;
  UniqueFd pidfd_;
};

}  // namespace cntr
