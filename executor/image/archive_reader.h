// Reads archives into images: the layers of an OCI image, or the one tar archive of a root file
// system.
//
// Archives are hostile. Each is read once, to its end, before anything in it is used: its contents
// go into a data pack while its digest is taken. docs/images.md has the rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "archive/tar_reader.h"
#include "archive/unpack_budget.h"
#include "base/digest.h"
#include "image/flat_image.h"
#include "image/layer_tree.h"
#include "image/oci_layout.h"

namespace cntr::image {

// An archive that was read, but not applied to anything.
struct ArchiveContent {
  struct Entry {
    TarEntry header;
    squashfs::FileIndex file = 0;  // of a regular file: in `pack`
  };
  std::string name;  // for messages
  std::vector<Entry> entries;
  squashfs::DataPack pack;
  Digest digest;  // of the bytes that `hashed` named
  bool has_end_mark = false;
};

// Reads the archive from the descriptor. Throws a user Error that names archive and entry, an
// environment Error when the pack cannot be written. Thread-safe.
ArchiveContent read_archive(int fd, const std::string& name, Hashed hashed, UnpackBudget& budget,
                            const Workshop& workshop);

// Applies archives one after another.
class ImageBuilder {
 public:
  // `budget` must outlive the object.
  ImageBuilder(Whiteouts whiteouts, UnpackBudget& budget);
  // Throws a user Error that names archive and entry.
  void apply(ArchiveContent archive);
  FlatImage take();

 private:
  LayerTree tree_;
  std::vector<squashfs::DataPack> packs_;
};

// The layers of an image, several at a time. Each is checked against the config's diff_id before
// any of it is used.
FlatImage read_layers(const OciLayout& layout, const LayoutImage& image, const Workshop& workshop,
                      const UnpackLimits& limits = {});

struct ArchiveImage {
  FlatImage image;
  Digest archive;  // of the file
};

// The tar archive of a root file system.
ArchiveImage read_rootfs_archive(const std::string& path, const Workshop& workshop,
                                 const UnpackLimits& limits = {});

}  // namespace cntr::image
