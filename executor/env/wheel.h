// Wheels: what one becomes in an environment, as pip would install it (PyPA specifications: binary
// distribution format, recording installed projects, entry points).
//
// A wheel is hostile. Each file must have the sum that the wheel's own RECORD says.
#pragma once

#include <string>

#include "base/file_system.h"
#include "env/lock.h"
#include "env/package_pack.h"
#include "env/python.h"
#include "squashfs/data_pack_writer.h"

namespace cntr::env {

// Puts the wheel's files into the pack. The package that it becomes is one that fits any Python:
// its modules lie in "site-packages/", its scripts in "python-scripts/". Its .dist-info has
// INSTALLER and a RECORD of what is installed. Throws a user Error, which names wheel and file, for
// what is no wheel, another one than `lock` says, or damaged.
PackedPackage pack_wheel(UniqueFd file, const LockedWheel& lock, const Python& python,
                         const std::string& prefix, squashfs::DataPackWriter& pack);

// The build of the packages that wheels become, as conda calls those that pip installed.
inline constexpr const char* kWheelBuild = "pypi_0";

}  // namespace cntr::env
