#include "base/mapped_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr {

std::shared_ptr<MappedFile> MappedFile::of(int fd, const std::string& path, Access access) {
  const auto found = stat_descriptor(fd);
  if (!found || found->kind != FileKind::kRegular || found->size == 0) return nullptr;
  const size_t size = found->size;
  const int writable = access == Access::kChange ? PROT_WRITE : 0;
  void* const address = ::mmap(nullptr, size, PROT_READ | writable, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED) throw system_error("Cannot map " + path, errno);
  return std::shared_ptr<MappedFile>(new MappedFile(static_cast<std::byte*>(address), size));
}

void MappedFile::prefault(size_t offset, size_t size) const {
  if (offset >= size_ || size == 0) return;
  static const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t begin = offset / page * page;
  // Kernels before 5.14 cannot; then pages come one after the other.
  ::madvise(data_ + begin, std::min(size, size_ - offset) + (offset - begin), MADV_POPULATE_READ);
}

MappedFile::~MappedFile() { ::munmap(data_, size_); }

}  // namespace cntr
