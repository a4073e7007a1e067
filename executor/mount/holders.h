// Who uses a mount, as /proc tells (proc(5)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mount/entry.h"
#include "mount/mount.h"

namespace cntr::mount {

std::vector<Holder> find_holders(const Entry& entry);

// Whether a line of /proc/<pid>/maps is of a file on this device (st_dev).
bool maps_device(std::string_view line, uint64_t device);

}  // namespace cntr::mount
