// Blobs by digest: <root>/blobs/<2 hex>/<62 hex>, mode 0444. What is being written lies in
// <root>/tmp.
//
// A blob is written aside and renamed, so a name that exists was written whole. Blobs are not
// synced: what a power cut damages is found, because every read is checked against the digest; a
// damaged blob is removed and counts as missing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "store/sharing.h"

namespace cntr::store {

enum class Fetch {
  kDone,
  kMissing,
  kDamaged,  // it was there, with other bytes, and is removed
};

// Thread-safe; many processes may share the root. Functions throw environment Errors (full disk,
// denied permission) unless they say otherwise.
class ContentStore {
 public:
  // `root` is there already; directories below it are made when they are needed.
  ContentStore(std::string root, const Sharing& sharing);

  bool has(const Digest& digest) const;
  // Stores the regular file's bytes (by reflink where possible) and returns their digest. The
  // digest is taken of the stored copy, so a file that changes meanwhile cannot be stored under a
  // wrong name. A blob that is there already is left alone, unless its size shows that it is
  // damaged.
  Digest put_file(const std::string& path);
  Digest put_bytes(std::string_view bytes);

  // The bytes, checked. nullopt when missing or damaged.
  std::optional<std::string> get_bytes(const Digest& digest) const;
  // Writes the blob, checked, to the new file `to` (mode 0666 or 0777, less the umask), by reflink
  // where possible. Unless it is done, `to` is not there.
  Fetch get_file(const Digest& digest, const std::string& to, bool executable) const;

  // Calls `visit` for every blob, with its size.
  void for_each(const std::function<void(const Digest&, uint64_t size)>& visit) const;
  // True when the stored bytes are those of the digest.
  bool verify(const Digest& digest) const;
  void remove(const Digest& digest);

 private:
  class Upload;
  std::string blob_path(const Digest& digest) const;
  void forget_damaged(const Digest& digest) const;

  std::string root_;
  Sharing sharing_;
};

}  // namespace cntr::store
