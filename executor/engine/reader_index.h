// Which edges depend on a file: an index of a state file, so that a build need not go through all
// edges to find the few that a change concerns. Nothing is lost with it. docs/formats.md describes
// the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/mapped_file.h"
#include "engine/state.h"

namespace cntr::engine {

// The index of the state file with this id: of each node the edges that name it as an input of any
// kind or as a validation, and those that read or wrote it when they ran last; and the edges that
// look at times. "" when the format has no room for it.
std::string reader_index_bytes(const State& state, uint64_t state_id);

// Reads only what it is asked for. Thread-safe.
class ReaderIndex {
 public:
  // nullptr when the file is not there, is damaged, or is of another state. Throws an environment
  // Error when it cannot be read.
  static std::unique_ptr<const ReaderIndex> read(const std::string& path, const State& state,
                                                 uint64_t state_id);

  // Each edge once; valid as long as the index. nullopt: that part is damaged. A node that came
  // after the state file was written has none.
  std::optional<std::span<const ninja::EdgeId>> readers(ninja::NodeId node) const;
  std::optional<std::span<const ninja::EdgeId>> by_times() const { return list(nodes_); }

 private:
  // The edges of a node.
  struct List {
    uint32_t first = 0;
    uint32_t count = 0;
    uint64_t checksum = 0;
  };
  friend class ReaderIndexWriter;

  ReaderIndex() = default;
  static uint64_t checksum_of(size_t number, std::span<const ninja::EdgeId> edges);
  std::optional<std::span<const ninja::EdgeId>> list(size_t number) const;

  std::shared_ptr<MappedFile> file_;
  std::span<const List> lists_;  // by node, then that of the edges that look at times
  std::span<const ninja::EdgeId> edges_;
  size_t nodes_ = 0;
  size_t edge_count_ = 0;  // of the graph
};

}  // namespace cntr::engine
