// "Did you mean ...?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cntr::cli {

// How many single characters must be inserted, removed or replaced to make one word of the other;
// more than `most` is `most` + 1.
size_t edit_distance(std::string_view a, std::string_view b, size_t most);

// The word that is at most three edits away, and nearest; "" when there is none.
std::string nearest(std::string_view word, const std::vector<std::string>& words);

}  // namespace cntr::cli
