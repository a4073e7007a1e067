// Layers as text, because few mutations of an archive are archives: one entry a line,
// "<kind><path>" or "<kind><path>|<target>"; an empty line begins the next layer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "image/layer_tree.h"
#include "tree_check.h"

namespace {

using cntr::image::TarEntry;
using cntr::image::TarKind;

TarKind kind_of(char letter) {
  switch (letter) {
    case 'd':
      return TarKind::kDirectory;
    case 'l':
      return TarKind::kSymlink;
    case 'h':
      return TarKind::kHardLink;
    case 'c':
      return TarKind::kCharDevice;
    case 'p':
      return TarKind::kFifo;
    case 'o':
      return TarKind::kOther;
    default:
      return TarKind::kFile;
  }
}

TarEntry entry_of(const std::string& line) {
  const size_t bar = line.find('|');
  TarEntry entry;
  entry.kind = kind_of(line.front());
  entry.path = line.substr(1, bar == std::string::npos ? bar : bar - 1);
  if (bar != std::string::npos) entry.target = line.substr(bar + 1);
  return entry;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  std::erase(text, '\0');  // a name of an archive ends there
  cntr::image::UnpackBudget budget;
  cntr::image::LayerTree tree(cntr::image::Whiteouts::kApply, budget);
  try {
    for (const std::string& line : cntr::split(text, '\n')) {
      if (line.empty()) {
        tree.begin_layer();
      } else {
        tree.apply(entry_of(line), {});
      }
    }
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  const cntr::squashfs::Tree result = tree.take();
  cntr::fuzz::check_directory(result, cntr::squashfs::Tree::kRoot, 0);
  return 0;
}
