// A graph as bytes: the arrays as they lie in memory, for the machine that wrote them. Reading it
// costs a mapping and a check, not a parse.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "ninja/graph.h"

namespace cntr::ninja {

// The manifest's part of a graph: added nodes follow it, dyndep's additions are not in it.
std::string graph_bytes(const Graph& graph);

// A graph that reads from `bytes`, which must outlive it and be aligned to 8. The bytes are
// hostile: throws a user Error "damaged" when an index, a range or a count is out of bounds (every
// later access is then safe), or when version, byte order or sizes of the format differ.
// Costs no allocation per node or edge. Whether the bytes are those that were written is for a
// checksum to say.
Graph graph_from_bytes(std::span<const std::byte> bytes);

}  // namespace cntr::ninja
