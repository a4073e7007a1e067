// The root of an image, as steps on this machine see it: the image's squashfs file, mounted once
// for all who use it; or a directory, where nothing can mount such files.
#pragma once

#include <optional>
#include <string>

#include "base/warning.h"
#include "image/image.h"
#include "mount/mount.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::build {

// In use while this object lives.
class ImageRoot {
 public:
  explicit ImageRoot(image::ImageUse tree) : image_(std::move(tree)) {}
  ImageRoot(image::ImageUse packed, mount::MountedImage mounted)
      : image_(std::move(packed)), mounted_(std::move(mounted)) {}

  // A directory that is never written to.
  const std::string& path() const { return mounted_ ? mounted_->path() : image_.path(); }

 private:
  image::ImageUse image_;
  std::optional<mount::MountedImage> mounted_;
};

// Packs and mounts what is not there yet. Where nothing can be mounted the image is unpacked, once,
// with a warning that says why; a tree that is there is used without another look. Throws as
// packed_image() and mount::Mounts::mount() do.
ImageRoot provide_root(const spec::Image& image, const spec::ImageIdentity& identity,
                       store::Cache& cache, const WarningSink& warn);

}  // namespace cntr::build
