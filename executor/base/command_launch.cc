#include "base/command_launch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace cntr {
namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Where argv[0] is: absolute when PATH decided, since the child may change its directory.
std::string program_of(const Command& command) {
  if (command.argv.empty()) throw internal_error("a command without a program");
  const std::string& name = command.argv[0];
  if (name.find('/') != std::string::npos) return name;
  const std::optional<std::string> found = find_program(name, search_path());
  if (!found) {
    throw environment_error("cannot start " + quote(name) + ": no such program",
                            {"It is looked for in PATH, which is " + quote(search_path()) + "."});
  }
  return found->front() == '/' ? *found : current_directory() + "/" + *found;
}

Error start_error(const Command& command, const std::string& program, const StartFailure& failure) {
  const std::string name = quote(command.argv[0]);
  if (failure.stage == StartFailure::Stage::kDirectory) {
    return system_error("cannot start " + name + " in " + quote(command.directory), failure.error);
  }
  Error error = system_error("cannot start " + name, failure.error);
  if (failure.stage == StartFailure::Stage::kExecute && failure.error == ENOENT &&
      exists(program)) {
    return environment_error(error.message(), {"The file exists; its interpreter does not."});
  }
  return error;
}

}  // namespace

UniqueFd duplicate_above(int low) {
  UniqueFd high(fcntl(low, F_DUPFD_CLOEXEC, Launch::kLowestFd));
  if (!high.valid()) throw system_error("cannot duplicate a descriptor", errno);
  return high;
}

UniqueFd moved_up(UniqueFd low) { return duplicate_above(low.get()); }

Pipe make_high_pipe() {
  Pipe low = make_pipe();
  return {moved_up(std::move(low.read)), moved_up(std::move(low.write))};
}

Launch launch_of(const Command& command) {
  Launch launch;
  launch.program = program_of(command);
  launch.argv = pointers_to(command.argv);
  launch.environment = pointers_to(command.environment);
  if (!command.directory.empty()) launch.directory = command.directory.c_str();
  return launch;
}

void check_started(UniqueFd status, const Command& command, const Launch& launch) {
  StartFailure failure;
  ssize_t size;
  do {
    size = read(status.get(), &failure, sizeof failure);
  } while (size < 0 && errno == EINTR);
  if (size == static_cast<ssize_t>(sizeof failure))
    throw start_error(command, launch.program, failure);
}

}  // namespace cntr
