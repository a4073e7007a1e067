#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file_system.h"
#include "env/package_archive.h"

namespace {

bool is_normal(const std::string& path) {
  const std::string slashes = "/" + path + "/";
  return !path.empty() && slashes.find("//") == std::string::npos &&
         slashes.find("/./") == std::string::npos && slashes.find("/../") == std::string::npos;
}

cntr::UniqueFd file_of(std::string_view bytes) {
  cntr::UniqueFd file(memfd_create("package", MFD_CLOEXEC));
  if (!file.valid()) std::abort();
  cntr::write_all(file.get(), bytes, "package");
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

void read_all(cntr::env::PackageArchive& package) {
  std::set<std::string> seen;
  package.read_payload([&](const cntr::env::PayloadEntry& entry, cntr::archive::TarReader& reader) {
    if (!is_normal(entry.path) || !seen.insert(entry.path).second) std::abort();
    if (entry.kind != cntr::archive::TarKind::kFile) return;
    uint64_t end = 0;
    reader.read([&](std::string_view bytes, uint64_t offset) {
      if (offset < end || offset + bytes.size() > entry.size) std::abort();
      end = offset + bytes.size();
    });
  });
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    cntr::env::PackageArchive package(file_of({reinterpret_cast<const char*>(data), size}),
                                      "package");
    for (const auto& path : package.info().paths) {
      if (!is_normal(path.path)) std::abort();
    }
    read_all(package);
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  return 0;
}
