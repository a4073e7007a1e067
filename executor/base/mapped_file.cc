#include "base/mapped_file.h"

#include <sys/mman.h>

#include <cerrno>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr {

std::shared_ptr<MappedFile> MappedFile::of(int fd, const std::string& path, Access access) {
  const auto found = stat_descriptor(fd);
  if (!found || found->kind != FileKind::kRegular || found->size == 0) return nullptr;
  const size_t size = found->size;
  // Read-only at first: to populate what can be written to is to copy it.
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (address == MAP_FAILED) throw system_error("Cannot map " + path, errno);
  const std::shared_ptr<MappedFile> mapped(new MappedFile(static_cast<std::byte*>(address), size));
  if (access == Access::kChange && ::mprotect(address, size, PROT_READ | PROT_WRITE) != 0) {
    throw system_error("Cannot map " + path, errno);
  }
  return mapped;
}

MappedFile::~MappedFile() { ::munmap(data_, size_); }

}  // namespace cntr
