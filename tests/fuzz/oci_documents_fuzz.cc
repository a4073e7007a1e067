#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "image/oci_json.h"

namespace {

// What is wrong is said of the document.
template <typename Parse>
void parse(const Parse& parse_document) {
  try {
    parse_document();
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser || !error.message().starts_with("here"))
      std::abort();
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse([&] { cntr::image::media_type_of(text, "here"); });
  parse([&] { cntr::image::check_layout_version(text, "here"); });
  parse([&] { cntr::image::parse_index(text, "here"); });
  parse([&] { cntr::image::parse_manifest(text, "here"); });
  parse([&] { cntr::image::parse_config(text, "here"); });
  return 0;
}
