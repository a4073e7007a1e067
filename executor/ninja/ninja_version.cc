#include "ninja/ninja_version.h"

#include <algorithm>
#include <charconv>

namespace cntr::ninja {

namespace {

int leading_number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Version parse_version(std::string_view text) {
  const size_t dot = std::min(text.find('.'), text.size());
  Version version;
  version.major_number = leading_number(text.substr(0, dot));
  version.minor_number = leading_number(text.substr(std::min(dot + 1, text.size())));
  return version;
}

}  // namespace cntr::ninja
