#include "engine/reader_index.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "base/fast_hash.h"
#include "base/file_system.h"
#include "engine/state_bytes.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

constexpr std::array<char, 8> kMagic = {'c', 'n', 't', 'r', 'r', 'e', 'a', 'd'};

struct Header {
  std::array<char, 8> magic = kMagic;
  uint32_t version = 1;
  uint32_t nodes = 0;
  uint64_t state_id = 0;
  uint64_t edges = 0;     // in all lists
  uint64_t checksum = 0;  // of what stands before
};

uint64_t checksum_of_header(const Header& header) {
  return fast_hash(bytes_of(header).substr(0, offsetof(Header, checksum)));
}

}  // namespace

uint64_t ReaderIndex::checksum_of(size_t number, std::span<const EdgeId> edges) {
  return fast_hash(bytes_of(edges)) + number;
}

class ReaderIndexWriter {
 public:
  explicit ReaderIndexWriter(const State& state)
      : state_(state), lists_(state.graph.node_count() + 1) {}

  std::string write(uint64_t state_id) {
    uint64_t count = 0;
    for_each_reading([&](size_t number, EdgeId) {
      ++lists_[number].count;
      ++count;
    });
    if (count > UINT32_MAX) return "";
    place_lists();
    std::vector<EdgeId> edges(count);
    for_each_reading([&](size_t number, EdgeId edge) {
      ReaderIndex::List& list = lists_[number];
      edges[list.first + list.count++] = edge;
    });
    for (size_t number = 0; number < lists_.size(); ++number) {
      ReaderIndex::List& list = lists_[number];
      list.checksum = ReaderIndex::checksum_of(
          number, std::span<const EdgeId>(edges).subspan(list.first, list.count));
    }
    Header header;
    header.nodes = static_cast<uint32_t>(state_.graph.node_count());
    header.state_id = state_id;
    header.edges = count;
    header.checksum = checksum_of_header(header);
    std::string bytes;
    bytes.reserve(sizeof header + lists_.size() * sizeof lists_[0] + count * sizeof(EdgeId));
    bytes += bytes_of(header);
    bytes += bytes_of(std::span<const ReaderIndex::List>(lists_));
    bytes += bytes_of(std::span<const EdgeId>(edges));
    return bytes;
  }

 private:
  // One behind the other, and empty.
  void place_lists() {
    uint32_t first = 0;
    for (ReaderIndex::List& list : lists_) {
      list.first = first;
      first += std::exchange(list.count, 0);
    }
  }

  // Calls visit(number of a list, edge), for each pair once.
  template <typename Visit>
  void for_each_reading(Visit visit) const {
    const ninja::Graph& graph = state_.graph;
    std::vector<EdgeId> last(lists_.size(), ninja::kNone);
    for (EdgeId edge = 0; edge < graph.edge_count(); ++edge) {
      const auto once = [&](size_t number) {
        if (std::exchange(last[number], edge) != edge) visit(number, edge);
      };
      for (const NodeId node : graph.all_inputs(edge)) once(node);
      for (const NodeId node : graph.validations(edge)) once(node);
      for (const Link& link : state_.links_of(state_.records[edge])) once(link.node);
      if (graph.looks_at_times(edge)) once(graph.node_count());
    }
  }

  const State& state_;
  std::vector<ReaderIndex::List> lists_;
};

std::string reader_index_bytes(const State& state, uint64_t state_id) {
  return ReaderIndexWriter(state).write(state_id);
}

std::unique_ptr<const ReaderIndex> ReaderIndex::read(const std::string& path, const State& state,
                                                     uint64_t state_id) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return nullptr;
  std::shared_ptr<MappedFile> file = MappedFile::of(fd.get(), path, MappedFile::Access::kRead);
  Header header;
  if (file == nullptr || file->bytes().size() < sizeof header) return nullptr;
  std::memcpy(&header, file->bytes().data(), sizeof header);
  if (header.magic != kMagic || header.version != 1 || header.state_id != state_id ||
      header.checksum != checksum_of_header(header) || header.nodes > state.graph.node_count()) {
    return nullptr;
  }
  const std::span<const std::byte> rest = std::as_bytes(file->bytes()).subspan(sizeof header);
  const size_t lists = (size_t{header.nodes} + 1) * sizeof(List);
  if (rest.size() < lists || header.edges != (rest.size() - lists) / sizeof(EdgeId)) return nullptr;
  std::unique_ptr<ReaderIndex> index(new ReaderIndex);
  index->lists_ = {reinterpret_cast<const List*>(rest.data()), size_t{header.nodes} + 1};
  index->edges_ = {reinterpret_cast<const EdgeId*>(rest.data() + lists), header.edges};
  index->nodes_ = header.nodes;
  index->edge_count_ = state.graph.edge_count();
  index->file_ = std::move(file);
  return index;
}

std::optional<std::span<const EdgeId>> ReaderIndex::readers(NodeId node) const {
  if (node >= nodes_) return std::span<const EdgeId>();
  return list(node);
}

std::optional<std::span<const EdgeId>> ReaderIndex::list(size_t number) const {
  const List& list = lists_[number];
  if (list.first > edges_.size() || list.count > edges_.size() - list.first) return std::nullopt;
  const std::span<const EdgeId> edges = edges_.subspan(list.first, list.count);
  const auto in_graph = [this](EdgeId edge) { return edge < edge_count_; };
  if (list.checksum != checksum_of(number, edges) ||
      !std::all_of(edges.begin(), edges.end(), in_graph)) {
    return std::nullopt;
  }
  return edges;
}

}  // namespace cntr::engine
