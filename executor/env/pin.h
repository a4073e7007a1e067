// The lock that Cntr makes of an environment.yml: an explicit list, made for version control, that
// says in its header what it was made from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "env/lock.h"
#include "env/solve_request.h"

namespace cntr::env {

// The text of the lock, packages in their order, then wheels by name. Each package needs a sum.
std::string pin_text(const SolveRequest& request, const std::vector<LockedPackage>& packages,
                     const std::vector<LockedWheel>& wheels);

// Its line in an explicit lock.
std::string line_of(const LockedWheel& wheel);

// The digest of the request that the lock was made from; nullopt for a lock that Cntr did not make.
std::optional<Digest> request_of_pin(std::string_view text);

enum class PinState {
  kFits,
  kMissing,
  kOutdated,  // it was made from something else
  kForeign,   // it was not made by Cntr
};
PinState state_of_pin(const std::string& path, const SolveRequest& request);

// Throws a user Error, at the lock when there is one, unless it fits.
void check_pin(const std::string& path, const SolveRequest& request);

}  // namespace cntr::env
