// A thin archive (ar's option T) names object files instead of holding them, so its own bytes do
// not tell what is linked from it. Format: docs of GNU ar, and ar(5): headers of 60 bytes, the
// paths in the member "//", each ended by "/\n" and relative to the archive's directory.
#pragma once

#include <string_view>
#include <vector>

namespace cntr::engine {

inline constexpr std::string_view kThinArchiveMagic = "!<thin>\n";

// The paths that it names, as written, in their order. Of bytes that are no sound thin archive
// those that could be read; the views are into `bytes`. Thread-safe.
std::vector<std::string_view> thin_archive_members(std::string_view bytes);

}  // namespace cntr::engine
