// The table at the end of a data pack's file, as docs/formats.md describes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "squashfs/data_pack.h"

namespace cntr::squashfs {

// What follows the data: the table and the trailer.
std::string pack_table_bytes(const PackTable& table);

// Hostile: throws an environment Error, which names the pack, unless everything in it is in range:
// what a reader or the image writer takes from it needs no more checks.
PackTable read_pack_table(int fd, const std::string& name);
// The same for the bytes behind the data, `data_size` bytes in.
PackTable parse_pack_table(std::string_view bytes, uint64_t data_size, const std::string& name);

}  // namespace cntr::squashfs
