// Decompresses bzip2 with lbzip2, a program that takes three quarters of the time of libbz2, beside
// the thread that reads.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "archive/byte_source.h"

namespace cntr::archive {

// Whether it begins as a bzip2 file with content.
bool is_bzip2(std::string_view head);

// What `size` bytes of `compressed`, which must outlive it, become. Null where that program is not
// in PATH or does not start, and where it would take longer to start than it saves; nothing has
// been read then.
std::unique_ptr<ByteSource> start_bzip2_process(ByteSource& compressed, uint64_t size);

}  // namespace cntr::archive
