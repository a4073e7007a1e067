#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "base/error.h"
#include "env/package_info.h"

namespace {

// A package that says "a" in one of its files, and has paths below its root only, each once.
void parse(const std::string& file, const std::string& text) {
  cntr::env::InfoFiles files;
  files["info/index.json"] = R"({"name": "a", "version": "1", "build": "0"})";
  files["info/files"] = "bin/a\nlib/x.so\n";
  files[file] = text;
  try {
    std::set<std::string> seen;
    for (const auto& path : cntr::env::parse_package_info(files).paths) {
      const std::string slashes = "/" + path.path + "/";
      if (path.path.empty() || slashes.find("//") != std::string::npos ||
          slashes.find("/../") != std::string::npos || !seen.insert(path.path).second) {
        std::abort();
      }
    }
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with("{")) {
    for (const char* const file : {"info/index.json", "info/paths.json", "info/link.json"}) {
      parse(file, text);
    }
  } else {
    for (const char* const file : {"info/files", "info/has_prefix", "info/no_link"}) {
      parse(file, text);
    }
  }
  return 0;
}
