// What a build directory remembers between builds, by the numbers of the graph: of every file what
// was in it, of every edge what its last successful run read and wrote. Plain data; state_file.h
// keeps it on disk, FileTable and Decider work on it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/digest.h"
#include "engine/disk.h"
#include "ninja/graph.h"

namespace cntr::engine {

// A vector whose first elements lie in a mapped file (privately: writing to them does not change
// the file), and to which more can be added.
template <typename T>
class Column {
 public:
  Column() = default;
  explicit Column(std::span<T> mapped) : mapped_(mapped) {}

  size_t size() const { return mapped_.size() + added_.size(); }
  T& operator[](size_t i) { return i < mapped_.size() ? mapped_[i] : added_[i - mapped_.size()]; }
  const T& operator[](size_t i) const {
    return i < mapped_.size() ? mapped_[i] : added_[i - mapped_.size()];
  }
  // `count` elements from `first`, which were added together.
  std::span<const T> range(size_t first, size_t count) const {
    if (count == 0) return {};
    return first < mapped_.size()
               ? std::span<const T>(mapped_).subspan(first, count)
               : std::span<const T>(added_).subspan(first - mapped_.size(), count);
  }
  void push_back(const T& element) { added_.push_back(element); }
  void resize(size_t size) { added_.resize(size - mapped_.size()); }  // never below the mapped ones
  void append(std::span<const T> elements) {
    added_.insert(added_.end(), elements.begin(), elements.end());
  }
  std::span<const T> mapped() const { return mapped_; }
  std::span<const T> added() const { return added_; }

 private:
  std::span<T> mapped_;
  std::vector<T> added_;
};

// Index of a digest in Contents. 0: nothing is there.
using ContentId = uint32_t;
inline constexpr ContentId kMissing = 0;
inline constexpr ContentId kUnknown = UINT32_MAX;

// The digests of contents that memos and records speak of. Equal digests may have two ids.
class Contents {
 public:
  Contents() { digests_.push_back(Digest()); }
  explicit Contents(Column<Digest> digests) : digests_(std::move(digests)) {}

  ContentId add(const Digest& digest) {
    if (digest == Digest()) return kMissing;
    digests_.push_back(digest);
    return static_cast<ContentId>(digests_.size() - 1);
  }
  const Digest& at(ContentId id) const { return digests_[id]; }
  bool equal(ContentId a, ContentId b) const {
    return a == b || (a != kUnknown && b != kUnknown && digests_[a] == digests_[b]);
  }
  size_t size() const { return digests_.size(); }

 private:
  Column<Digest> digests_;
};

// What a file held when it had this identity.
struct FileMemo {
  Identity identity;
  ContentId content = kUnknown;  // kUnknown: not read yet
  // Nonzero: the file was so young when it was read that a later change could leave its identity
  // as it is; it is read again.
  uint32_t racy = 0;
};

// A file that an edge read or wrote, and what was in it.
struct Link {
  ninja::NodeId node = ninja::kNone;
  ContentId content = kUnknown;
};

// What the last successful run of an edge read and wrote. Its links stand in State::links: first
// the inputs of the manifest (sorted by node), then what only the run told (headers of a depfile,
// the program), then the outputs.
struct EdgeRecord {
  Digest action;  // command, response file and named variables; default: there is no record
  uint32_t first_link = 0;
  uint32_t inputs = 0;
  uint32_t discovered = 0;
  uint32_t tools = 0;  // the last ones of the discovered
  uint32_t outputs = 0;
  uint32_t duration_ms = 0;
  // When the command began. Nanoseconds, of the clock that stamps files.
  int64_t began_at = 0;
  // When its last run failed, or gave no record; 0 when it did not.
  int64_t failed_at = 0;

  bool exists() const { return action != Digest(); }
};

// The record of an edge that the manifest does not have any more, or not at the moment: another
// branch may bring it back.
struct RetiredRecord {
  ninja::NodeId output = ninja::kNone;  // the first one
  uint32_t unused = 0;
  EdgeRecord record;
};

struct State {
  // Knows nothing yet of any file or edge.
  static State of(ninja::Graph graph) {
    State state;
    state.graph = std::move(graph);
    state.memos.resize(state.graph.node_count());
    state.records.resize(state.graph.edge_count());
    return state;
  }

  std::shared_ptr<const void> mapping;  // what graph and columns lie in; may be nothing
  ninja::Graph graph;
  Contents contents;
  Column<FileMemo> memos;      // by NodeId
  Column<EdgeRecord> records;  // by EdgeId
  Column<Link> links;
  std::vector<RetiredRecord> retired;  // the latest ones last
  // Programs that commands named without a directory, found through PATH.
  std::vector<ninja::NodeId> programs;

  // The node of a path that may be in no manifest.
  ninja::NodeId node(std::string_view canonical_path) {
    const ninja::NodeId id = graph.add_node(canonical_path);
    if (id >= memos.size()) memos.resize(id + 1);
    return id;
  }

  std::span<const Link> links_of(const EdgeRecord& record) const {
    return links.range(record.first_link,
                       size_t{record.inputs} + record.discovered + record.outputs);
  }
  std::span<const Link> inputs_of(const EdgeRecord& record) const {
    return links_of(record).first(record.inputs);
  }
  std::span<const Link> discovered_of(const EdgeRecord& record) const {
    return links_of(record).subspan(record.inputs, record.discovered);
  }
  std::span<const Link> outputs_of(const EdgeRecord& record) const {
    return links_of(record).last(record.outputs);
  }
};

}  // namespace cntr::engine
