// Which edges a change of some files can concern, found without deciding anything: for a build
// that knows that everything was up to date before, so that it need not look at the rest.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/reader_index.h"
#include "engine/state.h"

namespace cntr::engine {

// A set of numbers.
using Flags = std::vector<bool>;

Flags flags_of(std::span<const uint32_t> numbers, size_t size);

// What a change can concern.
struct Affected {
  Flags edges;
  Flags nodes;  // what changed, and the outputs of those edges
};

// The edges of which something that they depend on, also by order only or through other edges, is
// marked in `changed` (by node; 0 for what it does not have), or an output of their own is; and all
// edges that look at times. `ran` are the edges whose record is younger than the
// index. nullopt when that cannot be told, or not quickly: a dyndep file may say something else
// after the change, the index is damaged, or the way through what ran is very long.
std::optional<Affected> affected_edges(const State& state, const ReaderIndex& index,
                                       std::span<const ninja::EdgeId> ran,
                                       std::span<const uint8_t> changed);

// The edges that read or wrote one of the nodes when they ran last.
std::vector<ninja::EdgeId> edges_with(const State& state, const Flags& nodes);

}  // namespace cntr::engine
