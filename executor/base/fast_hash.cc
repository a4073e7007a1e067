#include "base/fast_hash.h"

// The whole of the hash in this file: nothing to link.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace cntr {

uint64_t fast_hash(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

Checksum fast_checksum(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

}  // namespace cntr
