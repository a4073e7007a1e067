// What the cache keeps of a packed package, beside its data pack: a file of its own format
// (docs/formats.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "env/package_pack.h"

namespace cntr::env {

std::string write_listing(const PackedPackage& package);

// nullopt when it is damaged or of another version.
std::optional<PackedPackage> read_listing(std::string_view bytes);

}  // namespace cntr::env
