// A program that bytes go through, such as a decompressor.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/process.h"

namespace cntr {

// Used by the thread that made it, with whose end the program dies; the program is killed by the
// destructor when it still runs. What it writes to standard error is lost.
class FilterProcess {
 public:
  // The next bytes for the program, valid until the next call; empty at their end.
  using More = std::function<std::string_view()>;

  // Of `command`, only arguments, environment and directory count. Throws an environment Error when
  // the program cannot be started.
  FilterProcess(const Command& command, More more);
  ~FilterProcess();
  FilterProcess(const FilterProcess&) = delete;
  FilterProcess& operator=(const FilterProcess&) = delete;

  // The next bytes that the program has written, valid until the next call; empty when it has
  // ended. Asks for more to give to the program meanwhile, and throws what that throws; Stopped
  // when the thread is asked to stop.
  std::string_view next();

  // How it ended, once next() has returned nothing.
  ExitStatus status() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cntr
