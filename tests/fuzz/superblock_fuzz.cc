// The input is the beginning of a file that claims to be a squashfs image: refused, or a superblock
// whose numbers are in range.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/file_system.h"
#include "squashfs/superblock.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const cntr::UniqueFd fd(memfd_create("image", MFD_CLOEXEC));
  if (!fd.valid()) std::abort();
  cntr::write_all(fd.get(), {reinterpret_cast<const char*>(data), size}, "image");
  constexpr uint64_t kLength = 1'000'000;  // as if more followed
  try {
    const auto super = cntr::squashfs::read_superblock(fd.get(), 0, kLength, "image");
    const bool is_power = (super.block_size & (super.block_size - 1)) == 0;
    if (super.bytes_used > kLength || super.block_size < 4096 || super.block_size > 1 << 20 ||
        !is_power || super.inodes == 0 || super.compressor.empty()) {
      std::abort();
    }
  } catch (const cntr::Error&) {
    return 0;
  }
  return 0;
}
