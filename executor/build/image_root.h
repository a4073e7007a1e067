// The root of an image, as steps on this machine see it: the image's squashfs file, mounted once
// for all who use it; or a directory, where nothing can mount such files.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/warning.h"
#include "image/image.h"
#include "mount/mount.h"
#include "runner/runner.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::build {

// In use while this object lives.
class ImageRoot {
 public:
  explicit ImageRoot(image::ImageUse tree) : use_(std::move(tree)) {}
  ImageRoot(image::PackedImage packed, mount::MountedImage mounted)
      : use_(Shown{std::move(packed), std::move(mounted)}) {}

  // A directory that is never written to.
  const std::string& path() const;

 private:
  struct Shown {
    image::PackedImage packed;
    mount::MountedImage mounted;
  };
  std::variant<image::ImageUse, Shown> use_;
};

// The root for a step with that runner. Packs and mounts what is not there yet. Where nothing can
// be mounted the image is unpacked, once, with a warning that says why; a tree that is there is
// used without another look. Throws as packed_image() and mount::Mounts::mount() do.
//
// There is a tree, without a warning, where a mount would be of no use. An ordinary user's podman
// and writable roots need files that belong to the caller, and apptainer may be root, who cannot
// look into what users mount with FUSE. Root's steps in an image with another user would not be let
// into the files of that user, who is root with another number inside of a sandbox: neither by the
// kernel nor by root's FUSE mounts, which have default_permissions for the sake of other users.
// What would show the files as root's is not everywhere: idmapped mounts of squashfs came with
// Linux 6.2, and of the two programs only the slow squashfuse has uid= and gid=.
ImageRoot provide_root(const spec::Step& step, runner::Kind runner, const spec::Image& image,
                       const spec::ImageIdentity& identity, store::Cache& cache,
                       const WarningSink& warn);

}  // namespace cntr::build
