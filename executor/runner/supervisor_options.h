// How cntr-supervisor is told what to do, and how it says that it cannot. Of the C and C++
// libraries only.
//
//   cntr-supervisor [--lock FD] [--terminal] [--stop-signal NUMBER] [--overlay LOWER DIRECTORY]
//                   [--inputs LIST DIRECTORY GATE FILE] [--started FILE]
//                   [--private-mounts] [--scratch DIRECTORY] [--link FILE TARGET]
//                   [--cleanup COUNT ARGUMENT...] [--finally COUNT ARGUMENT...] -- COMMAND
//                   [ARGUMENT...]
//
//   --lock       an inherited descriptor with a lock, kept open until nothing of the command is
//                left; the command does not get it
//   --terminal   stay in the caller's session and process group: the command is a person's shell
//   --stop-signal  what the command gets instead of SIGTERM, SIGINT and SIGHUP
//   --overlay    before the command starts, in a private mount namespace, mount an overlay over
//                LOWER at DIRECTORY/root; what is written goes to DIRECTORY/upper
//   --inputs     in the same namespace, mount a tmpfs at DIRECTORY, and mount the inputs that are
//                listed in the descriptor LIST (see supervisor_inputs.h) when the command has made
//                FILE and reads the descriptor GATE, which ends when all is mounted; FILE is
//                removed
//   --started    as long as FILE is missing or empty, the command is busy making what the cleanup
//                will remove, and is not interrupted (for at most 30 seconds)
//   --private-mounts  what the command mounts is in a mount namespace of its own
//   --scratch    make DIRECTORY, which must be new, for the command's own files
//   --link       then make a symbolic link in it
//   --cleanup    what to run when the command was interrupted or killed (COUNT arguments follow)
//   --finally    what to run at the very end, however the command ended; it removes the scratch
//                directory
#pragma once

#include <vector>

namespace cntr::supervisor {

inline constexpr int kOwnFailure = 125;

struct Options {
  bool terminal = false;
  int stop_signal = 0;  // 0 for the one that came
  char* overlay_lower = nullptr;
  char* overlay_directory = nullptr;
  int input_list = -1;
  const char* input_directory = nullptr;
  int gate = -1;
  const char* gate_file = nullptr;
  const char* started_file = nullptr;
  const char* scratch_directory = nullptr;
  const char* link = nullptr;
  const char* link_target = nullptr;
  bool private_mounts = false;
  std::vector<char*> cleanup;  // ends in nullptr when not empty; so does `finally`
  std::vector<char*> finally;
  char** command = nullptr;  // ends in nullptr
};

// Ends the process when the arguments are wrong. The options point into `argv`.
Options parse_options(int argc, char** argv);

// Says what is in errno, and ends the process with kOwnFailure.
[[noreturn]] void fail(const char* what, const char* which = "");

}  // namespace cntr::supervisor
