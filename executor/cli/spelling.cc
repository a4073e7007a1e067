#include "cli/spelling.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace cntr::cli {

size_t edit_distance(std::string_view a, std::string_view b, size_t most) {
  const size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > most) return most + 1;
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
    if (*std::min_element(row.begin(), row.end()) > most) return most + 1;
  }
  return row.back();
}

std::string nearest(std::string_view word, const std::vector<std::string>& words) {
  constexpr size_t kMost = 3;
  std::string best;
  size_t best_distance = kMost + 1;
  for (const std::string& candidate : words) {
    const size_t distance = edit_distance(word, candidate, kMost);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace cntr::cli
