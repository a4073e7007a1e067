// The root file system of a SIF as a tree of files, for machines that cannot mount it.
#pragma once

#include <string>

#include "image/sif.h"
#include "image/tree_modes.h"

namespace cntr::image {

// Puts it into the existing empty directory `to`, by the rules for a root file system that is a
// directory (rootfs.h); `scratch` is an empty directory beside it. Uses the program unsquashfs.
// Throws a user Error when the squashfs is damaged, an environment Error when the program is not
// there.
void unpack_sif(const std::string& sif, const SifPartition& partition, const std::string& to,
                const std::string& scratch, TreeModes modes);

}  // namespace cntr::image
