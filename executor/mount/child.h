// Starting programs in a way that suits those that stay in the background: they inherit only what
// is passed, and nobody waits for more than what they say.
#pragma once

#include <string>
#include <vector>

namespace cntr::mount {

// The first of the descriptors that are passed has this number, and so on.
constexpr int kFirstPassedFd = 3;

struct ChildResult {
  int code = 0;       // 128 + signal when a signal ended it
  std::string error;  // what it wrote to standard error, 4 KiB at most
};

// Runs argv[0], a path, to its end. Standard input and output are /dev/null, `passed` are the only
// other descriptors; the environment is PATH and the C locale; signals are at their defaults; the
// session is its own. Returns when it has ended and standard error is closed. Throws an environment
// Error when it cannot be started. Thread-safe.
ChildResult run_child(const std::vector<std::string>& argv, const std::vector<int>& passed);

}  // namespace cntr::mount
