// Puts the files of an image into a directory, for machines that cannot mount squashfs files.
#pragma once

#include <string>

#include "base/digest.h"
#include "image/flat_image.h"
#include "image/oci_layout.h"
#include "image/tree_modes.h"

namespace cntr::image {

// `directory` is an absolute path of an existing empty directory, private to this process. Files
// get the permissions that `modes` gives them; devices and fifos are left out; owners and extended
// attributes are not kept. No name is resolved that an archive made up: what is made here has no
// links on its way. Throws an environment Error when the directory cannot be written.
void unpack(const FlatImage& image, const std::string& directory, TreeModes modes);

// The layers of an image. Contents lie in the directory above meanwhile. Throws as read_layers()
// as well.
void unpack_layers(const OciLayout& layout, const LayoutImage& image, const std::string& directory,
                   TreeModes modes);

struct UnpackedRootfs {
  Digest archive;  // of the file
  Digest tree;     // content_digest()
};

// The same for the tar archive of a root file system.
UnpackedRootfs unpack_rootfs_archive(const std::string& archive, const std::string& directory,
                                     TreeModes modes);

// add_mount_points() of a tree in a directory that nobody else writes to.
void add_mount_points(const std::string& directory, TreeModes modes);

}  // namespace cntr::image
