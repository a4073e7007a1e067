// The version of ninja whose language this is, and the versions that files ask for.
#pragma once

#include <compare>
#include <string_view>

namespace cntr::ninja {

inline constexpr std::string_view kNinjaVersion = "1.14.0";

struct Version {
  int major_number = 0;
  int minor_number = 0;

  auto operator<=>(const Version&) const = default;
};

// The first two numbers of "1.14.0"; what is no number is 0.
Version parse_version(std::string_view text);

}  // namespace cntr::ninja
