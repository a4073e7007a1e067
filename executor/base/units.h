// Quantities as users write them. Each function throws a user Error that shows the accepted forms.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cntr {

// "90", "90s", "1500ms", "5min", "2h", "1d": a positive whole number with a unit; seconds when
// there is none.
std::chrono::milliseconds parse_duration(std::string_view text);
// "4096", "64Ki", "512Mi", "8Gi", "1Ti" (powers of 1024) or "64k", "500M", "8G" (powers of 1000).
uint64_t parse_bytes(std::string_view text);

std::string format_bytes(uint64_t bytes);                      // "1.5 GiB"
std::string format_duration(std::chrono::milliseconds value);  // "350 ms", "2.4 s", "3 min 5 s"

}  // namespace cntr
