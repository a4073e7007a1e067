#include "base/units.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace cntr {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array<Unit, 6> kDurations = {
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

constexpr std::array<Unit, 9> kSizes = {{{"", 1},
                                         {"Ki", uint64_t{1} << 10},
                                         {"Mi", uint64_t{1} << 20},
                                         {"Gi", uint64_t{1} << 30},
                                         {"Ti", uint64_t{1} << 40},
                                         {"k", 1'000},
                                         {"M", 1'000'000},
                                         {"G", 1'000'000'000},
                                         {"T", 1'000'000'000'000}}};

// The number times its unit's factor, unless it is malformed or above `max`.
template <size_t kCount>
std::optional<uint64_t> parse_quantity(std::string_view text, const std::array<Unit, kCount>& units,
                                       uint64_t max) {
  uint64_t number = 0;
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || number == 0) return std::nullopt;
  const std::string_view name = text.substr(static_cast<size_t>(rest - text.data()));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number > max / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

std::chrono::milliseconds parse_duration(std::string_view text) {
  constexpr uint64_t kMax = uint64_t{3650} * 86'400'000;  // ten years
  if (const auto value = parse_quantity(text, kDurations, kMax)) {
    return std::chrono::milliseconds(*value);
  }
  throw user_error("Bad duration " + quote(text),
                   {"Write a positive whole number with a unit: 500ms, 90s, 10min, 2h, 1d."});
}

uint64_t parse_bytes(std::string_view text) {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (const auto value = parse_quantity(text, kSizes, kMax)) return *value;
  throw user_error("Bad size " + quote(text),
                   {"Write a positive whole number with a unit: 64Ki, 512Mi, 8Gi or 500M, 8G."});
}

std::string format_bytes(uint64_t bytes) {
  constexpr std::array<const char*, 5> kNames = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kNames[unit]);
  return text.data();
}

std::string format_duration(std::chrono::milliseconds value) {
  const int64_t ms = value.count();
  if (ms < 1000) return std::to_string(ms) + " ms";
  if (ms < 60'000) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(ms) / 1000);
    return text.data();
  }
  const int64_t seconds = ms / 1000;
  if (seconds < 3600) {
    return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
  }
  return std::to_string(seconds / 3600) + " h " + std::to_string(seconds / 60 % 60) + " min";
}

}  // namespace cntr
