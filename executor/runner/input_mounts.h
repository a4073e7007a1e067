// Who mounts the inputs of a step under bubblewrap.
//
// bwrap reads the list of all mounts again for each bind that it makes, so that the time grows with
// the square of their number, and it takes 9,000 words of options at most. So cntr-supervisor gives
// bwrap directories that are still empty, and mounts single files there when bwrap is ready for the
// command and waits: they appear in the sandbox by propagation (mount_namespaces(7)).
#pragma once

#include <string>
#include <vector>

#include "runner/runner.h"

namespace cntr::runner {

inline constexpr size_t kFewInputs = 8;  // of these bwrap makes less work than another namespace
inline constexpr size_t kMostBinds = 2'500;  // bwrap takes 9,000 words of options, a bind has three

// The binds of one sandbox by who mounts them, each in their order.
struct DividedBinds {
  std::vector<Bind> by_supervisor;
  std::vector<Bind> by_bwrap;
};

// The supervisor, when it can, gets the single read-only files below /src and /build that are in no
// directory which is a bind itself. The others are bwrap's; so are all when they are few, or not
// too many for a person's shell: a failed step may have left links in their way, which only bwrap
// follows inside.
DividedBinds divide_binds(const Sandbox& sandbox, bool supervisor_can);

// Where the supervisor makes what is to appear at /src.
std::string input_directory(const Sandbox& sandbox);

// The descriptor at whose end bwrap waits, and the file that it makes meanwhile, as bwrap sees it.
inline constexpr int kGateFd = Command::kLockFd + 1;
inline constexpr const char* kGateFile = "/tmp/.cntr-inputs";

// The supervisor's options.
std::vector<std::string> input_options(const Sandbox& sandbox);

// What cntr-supervisor is to read: supervisor_inputs.h says how.
std::string input_list(const Sandbox& sandbox, const std::vector<Bind>& files);

// Whether the kernel lets cntr-supervisor mount inputs: Linux 5.12, and no AppArmor that allows
// ordinary users their mounts only by way of bwrap. Costs microseconds.
bool supervisor_can_mount();

}  // namespace cntr::runner
