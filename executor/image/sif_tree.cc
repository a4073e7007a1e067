#include "image/sif_tree.h"

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "image/rootfs.h"

namespace cntr::image {

void unpack_sif(const std::string& sif, const SifPartition& partition, const std::string& to,
                const std::string& scratch, TreeModes modes) {
  if (!find_program("unsquashfs", search_path())) {
    throw environment_error("Cannot unpack " + sif + ": there is no unsquashfs on PATH",
                            {"Install the package squashfs-tools."});
  }
  const std::string tree = scratch + "/tree";
  // Without -no-exit-code a device that an ordinary user may not make would be a failure.
  const Captured result =
      capture_process({"unsquashfs", "-no-progress", "-quiet", "-no-xattrs", "-no-exit-code",
                       "-offset", std::to_string(partition.offset), "-dest", tree, sif});
  if (result.status.interrupted) throw environment_error("Interrupted while unpacking " + sif);
  if (result.status.code != 0 || !exists(tree)) {
    const std::string why = result.err.substr(0, result.err.find('\n'));
    throw user_error(sif + ": the squashfs in it cannot be unpacked: " + printable(why));
  }
  copy_rootfs(tree, to, modes);
  remove_tree(tree);
}

}  // namespace cntr::image
