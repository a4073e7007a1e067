// Packed packages in the cache: <directory>/<key>.pack, a data pack, and <key>.list, its listing.
//
// A listing is written after its pack, both aside and renamed: one that is there is whole. What is
// damaged is as if it were not there. Thread-safe; many processes may share the directory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/file_system.h"
#include "env/package_pack.h"
#include "squashfs/compression.h"
#include "squashfs/data_pack.h"
#include "store/sharing.h"

namespace cntr::env {

struct StoredPackage {
  PackedPackage package;
  std::shared_ptr<const squashfs::DataPack> pack;
};

// Whether packs that are made stay in the cache. Those that do not have no name, and are
// disposable.
enum class NewPacks { kKept, kDropped };

// kDropped when CNTR_KEEP_PACKS is OFF or 0.
NewPacks wanted_packs();

class PackStore {
 public:
  // Both directories are there; `scratch` is on the same file system.
  PackStore(std::string directory, std::string scratch, NewPacks new_packs = NewPacks::kKept);

  // What is kept of a package of this sum.
  static Digest key(const Digest& package, const std::string& prefix,
                    const squashfs::Compression& compression);

  std::optional<StoredPackage> find(const Digest& key) const;

  // Calls `make` with an empty file for the data pack, and keeps or returns what that returns. Many
  // who want to make the same wait for the first, and have what it made. Throws what `make` throws,
  // and an environment Error when the directory cannot be written.
  struct Made {
    PackedPackage package;
    squashfs::DataPack pack;
  };
  using Make = std::function<Made(UniqueFd file)>;
  StoredPackage add(const Digest& key, const Make& make) const;

 private:
  StoredPackage keep(const Digest& key, const Make& make) const;

  std::string directory_;
  std::string scratch_;
  NewPacks new_packs_;
  store::Sharing sharing_;
};

}  // namespace cntr::env
