#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "base/error.h"
#include "env/wheel.h"
#include "squashfs/worker_pool.h"

namespace {

cntr::UniqueFd memory_file(const uint8_t* data, size_t size) {
  cntr::UniqueFd file(memfd_create("fuzz", MFD_CLOEXEC));
  if (!file.valid() || pwrite(file.get(), data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  return file;
}

cntr::env::LockedWheel locked_wheel() {
  cntr::env::LockedWheel out;
  out.url = "https://host/words-1.0-py3-none-any.whl";
  out.name = "words";
  out.version = "1.0";
  return out;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static cntr::squashfs::WorkerPool pool(1);
  const cntr::env::Python python{"3.11", "lib/python3.11/site-packages"};
  try {
    cntr::squashfs::DataPackWriter pack(memory_file(data, 0), "wheel", {}, pool);
    const auto packed = cntr::env::pack_wheel(memory_file(data, size), locked_wheel(), python,
                                              "/opt/cntr/env", pack);
    std::set<std::string> paths;
    for (const auto& path : packed.info.paths) {
      const std::string& text = path.path;
      const bool leaves = text.empty() || text[0] == '/' || text.starts_with("../") ||
                          text.find("/../") != std::string::npos;
      if (leaves || !paths.insert(text).second) std::abort();
    }
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  return 0;
}
