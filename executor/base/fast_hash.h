// Hashes for tables and checksums (XXH3, github.com/Cyan4973/xxHash): fast, the same on every
// machine, and no protection against somebody who wants a collision. Digests of content are
// base/digest.h's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cntr {

uint64_t fast_hash(std::string_view bytes);

// 128 bits: tells damaged bytes from whole ones.
using Checksum = std::array<uint64_t, 2>;
Checksum fast_checksum(std::string_view bytes);

}  // namespace cntr
