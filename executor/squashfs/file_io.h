// Reading and writing at offsets of open files. Functions throw an environment Error that names the
// file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cntr::squashfs {

void write_at(int fd, uint64_t offset, std::string_view bytes, const std::string& name);
// Fills `out`; false when the file ends before.
bool read_at(int fd, uint64_t offset, std::span<char> out, const std::string& name);

}  // namespace cntr::squashfs
