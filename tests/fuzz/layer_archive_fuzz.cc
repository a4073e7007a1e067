#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/file_system.h"
#include "image/layer_tree.h"
#include "tree_check.h"

namespace {

using cntr::image::LayerTree;
using cntr::image::TarKind;
using cntr::image::TarReader;

void read_layer(TarReader& reader, LayerTree& tree) {
  tree.begin_layer();
  while (const auto entry = reader.next()) {
    if (entry->kind == TarKind::kFile) {
      uint64_t end = 0;
      reader.read([&](std::string_view bytes, uint64_t offset) {
        if (offset < end || offset + bytes.size() > entry->size) std::abort();
        end = offset + bytes.size();
      });
    }
    tree.apply(*entry, {});
  }
  reader.finish();
}

}  // namespace

// The same archive twice: what it removes and replaces is there the second time.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const cntr::UniqueFd file(memfd_create("layer", MFD_CLOEXEC));
  if (!file.valid()) std::abort();
  cntr::write_all(file.get(), {reinterpret_cast<const char*>(data), size}, "layer");
  cntr::image::UnpackBudget budget({uint64_t{64} << 20, 10'000, 1 << 20, 1000, 16 << 20});
  LayerTree tree(cntr::image::Whiteouts::kApply, budget);
  try {
    for (int layer = 0; layer < 2; ++layer) {
      lseek(file.get(), 0, SEEK_SET);
      TarReader reader(file.get(), cntr::image::Hashed::kStream, budget);
      read_layer(reader, tree);
    }
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  const cntr::squashfs::Tree result = tree.take();
  cntr::fuzz::check_directory(result, cntr::squashfs::Tree::kRoot, 0);
  return 0;
}
