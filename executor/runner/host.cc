#include "runner/host.h"

#include <sys/utsname.h>

#include <utility>

#include "runner/gpus.h"
#include "runner/launch.h"

namespace cntr::runner {
namespace {

class Host : public Runner {
 public:
  Kind kind() const override { return Kind::kHost; }
  bool runs_images() const override { return false; }
  bool runs_host_steps() const override { return true; }
  Availability quick_look() const override { return {true, "", "", ""}; }

  Availability probe() const override {
    utsname name = {};
    uname(&name);
    return {true, std::string(name.sysname) + " " + name.release, "", ""};
  }

  std::string refusal(const Sandbox& sandbox) const override {
    if (sandbox.root) return "the host runner cannot run images";
    if (sandbox.writable_root) return "only an image can have a writable root";
    return "";
  }

  void prepare(const Sandbox&) const override {}

  Command plan(const Sandbox& sandbox) const override {
    return plan_host(sandbox, supervisor_program());
  }

  std::optional<std::string> start_failure(const ExitStatus& status,
                                           const std::string& log_tail) const override {
    return supervisor_failure(status, log_tail);
  }

  std::string_view complaint_of_program() const override {
    return "cntr-supervisor: cannot start ";
  }
};

}  // namespace

Command plan_host(const Sandbox& sandbox, const std::string& supervisor) {
  std::vector<std::string> argv = {supervisor};
  if (sandbox.terminal) argv.push_back("--terminal");
  argv.push_back("--");
  argv.insert(argv.end(), sandbox.argv.begin(), sandbox.argv.end());
  Command command = command_for(sandbox, std::move(argv));
  command.environment = environment_with_pwd(sandbox);
  if (sandbox.gpus) limit_visible_gpus(*sandbox.gpus, command.environment);
  command.directory = sandbox.directory;
  return command;
}

const Runner& host_runner() {
  static const Host runner;
  return runner;
}

}  // namespace cntr::runner
