// The outputs of an action as one text, as the table `actions` keeps them. One line an output,
// sorted by path, in the words of a tree listing:
//   f <digest hex> <path>      a file
//   x <digest hex> <path>      an executable file
//   d <digest hex> <path>      a directory; the digest is that of its tree
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/cache.h"

namespace cntr::store {

// In any order.
std::string output_listing(std::vector<Output> outputs);
// Hostile input: nullopt for anything that output_listing() does not write of absolute plain paths.
std::optional<std::vector<Output>> parse_output_listing(std::string_view listing);

}  // namespace cntr::store
