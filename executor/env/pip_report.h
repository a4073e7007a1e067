// What `pip install --dry-run --report` says that it would install (pip's installation report,
// version 1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "env/lock.h"

namespace cntr::env {

// Throws a user Error for what is no such report, and for what is neither a wheel nor a source
// distribution, or has no SHA-256 sum: `where` names the report in messages.
std::vector<LockedWheel> parse_pip_report(std::string_view json, const std::string& where);

}  // namespace cntr::env
