// What the tests of the process runner share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/environment.h"
#include "base/file_system.h"
#include "engine/command_runner.h"

namespace cntr::engine {

// A variable as it was, when the test is over.
class ScopedVariable {
 public:
  ScopedVariable(const std::string& name, const char* value)
      : name_(name), old_(environment_variable(name)) {
    set(value);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;
  ~ScopedVariable() { set(old_ ? old_->c_str() : nullptr); }

 private:
  void set(const char* value) {
    if (value == nullptr) {
      unsetenv(name_.c_str());
    } else {
      setenv(name_.c_str(), value, 1);
    }
  }

  std::string name_;
  std::optional<std::string> old_;
};

class ProcessRunnerTest : public ::testing::Test {
 protected:
  void make(size_t parallelism = 8) {
    options_.parallelism = parallelism;
    make_with(options_);
  }
  void make_with(const CommandRunnerOptions& options) {
    runner_.reset();
    runner_ = make_process_runner(options);
  }

  Finished run(const std::string& command, bool console = false) {
    if (!runner_) make();
    runner_->start({7, command, console});
    const std::optional<Finished> finished = runner_->wait(false);
    EXPECT_TRUE(finished) << command;
    return finished.value_or(Finished());
  }
  std::string output(const std::string& command) { return run(command).output; }

  std::string file(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string script(const std::string& name, const std::string& text, mode_t mode = 0755) {
    write_file_atomically(file(name), text);
    chmod(file(name).c_str(), mode);
    return file(name);
  }
  void wait_for_file(const std::string& path) {
    while (!exists(path)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  // Of a process group or, as a zombie at most, of a process.
  static bool is_gone(pid_t pid) {
    const auto stat = read_file_if_exists("/proc/" + std::to_string(pid) + "/stat");
    return !stat || stat->find(") Z ") != std::string::npos;
  }

  TemporaryDirectory directory_{"/tmp", "cntr-runner-"};
  CommandRunnerOptions options_;
  std::unique_ptr<CommandRunner> runner_;
};

}  // namespace cntr::engine
