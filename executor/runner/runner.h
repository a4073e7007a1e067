// From a sandbox description to a launch plan (the Command to run), one pure planner a runner.
//
// The contract is section "What a step sees" of docs/sandbox.md; docs/sandbox.md also has the table
// of what each runner cannot enforce.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/process.h"
#include "base/warning.h"
#include "spec/spec.h"

namespace cntr::runner {

using Kind = spec::RunnerKind;

// A host path that appears at a path inside. Both absolute and normal. The mount point inside
// /build exists already in the work directory, one inside another bind exists there; elsewhere the
// runner makes it.
struct Bind {
  std::string host;
  std::string container;
  bool writable = false;
  bool directory = false;

  bool operator==(const Bind&) const = default;
};

// The image to run in.
struct Root {
  Digest identity;
  std::string directory;  // its unpacked tree on the host

  bool operator==(const Root&) const = default;
};

struct UserIds {
  uid_t uid = 0;
  gid_t gid = 0;

  bool operator==(const UserIds&) const = default;
};

// All that decides how one step starts. Paths in argv, environment and binds are those inside,
// except for the host runner, whose caller makes them host paths below work_directory.
struct Sandbox {
  std::string id;                        // unique on this machine, a name: names the container
  std::vector<std::string> argv;         // complete: entrypoint and command
  std::vector<std::string> environment;  // "NAME=value", complete but for PWD, which is `directory`
  std::string directory;                 // the working directory inside; it exists
  std::string input_path;                // standard input; "" for none
  std::optional<Root> root;              // nullopt: the host's system directories
  std::vector<std::string> hidden;  // host directories that must not be seen when root is nullopt
  // On the host; holds build/ (-> /build) and tmp/ (-> /tmp), and what a runner puts beside them.
  std::string work_directory;
  std::vector<Bind> binds;  // parents before children
  spec::Network network = spec::Network::kNone;
  bool writable_root = false;
  std::optional<spec::Gpus> gpus;
  UserIds user;           // inside
  UserIds caller;         // outside: who owns what is written
  int stop_signal = 0;    // what asks the step to end; 0: SIGTERM
  bool terminal = false;  // a person's shell at the caller's terminal
  int lock_fd = -1;       // of a FileLock that holds until nothing of the step is left; -1 for none
};

// Whether a runner can be used on this machine.
struct Availability {
  bool usable = false;
  std::string version;  // "" when not found
  std::string reason;   // why not, in one sentence; "" when usable
  std::string fix;      // what to do; "" when usable
};

// Thread-safe.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual Kind kind() const = 0;
  virtual bool runs_images() const = 0;
  virtual bool runs_host_steps() const = 0;
  // Whether there is a reason not to try it, without starting anything. Microseconds.
  virtual Availability quick_look() const = 0;
  // Looks at the machine: starts the tool once. Milliseconds to a second.
  virtual Availability probe() const = 0;
  // Why this runner cannot run such a step ("" when it can): host runner with an image, docker
  // without one.
  virtual std::string refusal(const Sandbox& sandbox) const = 0;
  // Makes the image known to the engine, once an identity (docker); does nothing elsewhere. Throws
  // an environment Error.
  virtual void prepare(const Sandbox& sandbox) const = 0;
  // Looks only for the programs that it names and, for bubblewrap, at the names in those
  // directories of the root that get a mount point. The plan starts with the cntr-supervisor
  // program, which ends what outlives the command, when the command ends or Cntr dies. Throws an
  // environment Error when a program is missing, a user Error for a bind that cannot be.
  virtual Command plan(const Sandbox& sandbox) const = 0;
  // Whether this exit status is the runner's own failure to start the step, with its reason taken
  // from the end of the log; nullopt when the step itself ended so.
  virtual std::optional<std::string> start_failure(const ExitStatus& status,
                                                   const std::string& log_tail) const = 0;
  // How the line begins in which the runner says, on standard error, that it cannot start the
  // step's own program. It is all that is printed then, and the reason follows its last ": ".
  virtual std::string_view complaint_of_program() const = 0;
};

const Runner& runner_of(Kind kind);

// What a step asks of the machine, as far as it decides about the runner.
struct Demand {
  std::optional<Kind> runner;  // nullopt: the first that can, in the order of spec::kAllRunners
  bool image = false;          // else it runs on the host
};

// A runner that is out of the question for a step.
struct Rejection {
  Kind kind = Kind::kHost;
  std::string reason;  // a sentence without its full stop
  std::string fix;     // "" when there is none
};

// The runner for a step, cheaply: a program on PATH is taken to work. Without a runner for it a
// step on the host runs with the host runner (with a warning, once a process: no isolation). Throws
// a user Error for an explicit choice that cannot run such a step, and an environment Error, with
// what to do, when no runner is left.
Kind choose(const Demand& demand, const std::vector<Rejection>& rejected, const WarningSink& warn);

// When a runner could not start a step for this reason: probes it, and when it turns out unusable
// and the choice was automatic, returns why. Throws an environment Error, with what to do, in all
// other cases.
Rejection examine_failure(const Demand& demand, Kind failed, const std::string& reason);

}  // namespace cntr::runner
