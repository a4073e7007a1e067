// Starts commands: directly where that is the same as through a shell, else by /bin/sh -c.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/file_system.h"

namespace cntr::engine {

struct StartedCommand {
  pid_t pid = -1;
  UniqueFd output;      // what it writes; none for a console command
  bool direct = false;  // no shell tells what became of the program

  // When nothing could be executed: pid is -1, and this is how it ended at once.
  int code = 0;
  std::string problem;
};

// Not thread-safe. The environment and the working directory are those of its making.
class CommandStarter {
 public:
  // Opens descriptors 0 to 2 where they are closed, so that no pipe gets their numbers.
  CommandStarter();
  CommandStarter(const CommandStarter&) = delete;
  CommandStarter& operator=(const CommandStarter&) = delete;

  // With the console: in this process group, with its standard streams. Otherwise in a group of
  // its own, reading nothing. Throws an environment Error when there can be no more processes or
  // descriptors now.
  StartedCommand start(const std::string& command, bool console);

 private:
  bool start_directly(const std::string& command, int output, StartedCommand& started);
  int spawn(const std::string& program, const std::vector<std::string>& words, int output,
            pid_t& pid);

  UniqueFd null_;
  std::string working_directory_;  // "PWD=..."
  std::vector<char*> environment_;
};

}  // namespace cntr::engine
