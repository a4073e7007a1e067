#include "engine/state_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"
#include "base/parallel.h"
#include "engine/state_bytes.h"
#include "ninja/graph_image.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

// Below that many bytes a thread costs more than it brings.
constexpr size_t kLarge = 2 << 20;

Error damaged(const std::string& what) { return user_error("damaged: " + what); }

template <typename T>
std::span<T> elements(std::span<std::byte> section, const char* name) {
  if (section.size() % sizeof(T) != 0) throw damaged(name);
  return {reinterpret_cast<T*>(section.data()), section.size() / sizeof(T)};
}

StateHeader read_header(std::span<const std::byte> bytes) {
  StateHeader header;
  if (bytes.size() < sizeof header) throw damaged("it is too short");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kStateMagic) throw damaged("it is no state file");
  if (header.version != kStateVersion) {
    throw user_error("of version " + std::to_string(header.version) + ", and this is version " +
                     std::to_string(kStateVersion));
  }
  const size_t checked = offsetof(StateHeader, checksum);
  if (header.sections != kSections ||
      fast_checksum(text_of(bytes.first(checked))) != header.checksum) {
    throw damaged("its header");
  }
  // One after the other: what is written to one later is in no other.
  uint64_t end = sizeof header;
  for (const SectionPlace& place : header.places) {
    if (place.offset % 8 != 0 || place.offset < end || place.offset > bytes.size() ||
        place.size > bytes.size() - place.offset) {
      throw damaged("its sections");
    }
    end = place.offset + place.size;
  }
  return header;
}

// Of a state file; each is checked when it is asked for. Thread-safe.
class Sections {
 public:
  Sections(const MappedFile& file, const StateHeader& header) : file_(file), header_(header) {}

  std::span<std::byte> operator[](Section section) const {
    const SectionPlace& place = header_.places[section];
    file_.prefault(place.offset, place.size);
    const std::span<std::byte> bytes = file_.bytes().subspan(place.offset, place.size);
    if (fast_checksum(text_of(bytes)) != place.checksum) {
      throw damaged("section " + std::to_string(section));
    }
    return bytes;
  }

 private:
  const MappedFile& file_;
  const StateHeader& header_;
};

// Of what links refer to. One comparison after a loop without branches: there are millions.
struct Highest {
  NodeId node = 0;
  ContentId content = 0;
};

Highest highest_of(std::span<const Link> links) {
  Highest highest;
  for (const Link& link : links) {
    highest.node = std::max(highest.node, link.node);
    highest.content = std::max(highest.content, link.content);
  }
  return highest;
}

void check_record(const EdgeRecord& record, size_t links) {
  const uint64_t count = uint64_t{record.inputs} + record.discovered + record.outputs;
  if (record.first_link > links || count > links - record.first_link ||
      record.tools > record.discovered) {
    throw damaged("an edge");
  }
}

// All but the graph and the paths that belong to it.
void read_columns(const Sections& sections, SavedState& saved) {
  State& state = saved.state;
  state.contents = Contents(Column<Digest>(elements<Digest>(sections[kDigests], "digests")));
  state.memos = Column<FileMemo>(elements<FileMemo>(sections[kMemos], "memos"));
  state.records = Column<EdgeRecord>(elements<EdgeRecord>(sections[kRecords], "records"));
  state.links = Column<Link>(elements<Link>(sections[kLinks], "links"));
  const auto retired = elements<RetiredRecord>(sections[kRetired], "retired records");
  state.retired.assign(retired.begin(), retired.end());
  const auto programs = elements<NodeId>(sections[kPrograms], "programs");
  state.programs.assign(programs.begin(), programs.end());
  const auto manifests = elements<Identity>(sections[kManifests], "manifests");
  saved.manifests.assign(manifests.begin(), manifests.end());
  const auto closure = elements<NodeId>(sections[kClosure], "closure");
  saved.closure.emplace(closure.begin(), closure.end());
  const auto clean = elements<uint8_t>(sections[kClean], "clean");
  saved.clean.assign(clean.begin(), clean.end());
}

// Makes sure that no number in the columns leads out of them, and returns the highest node.
NodeId check_columns(const State& state) {
  if (state.contents.size() == 0 || state.contents.at(kMissing) != Digest()) {
    throw damaged("digests");
  }
  const auto unknown_or_there = [&state](const FileMemo& memo) {
    return memo.content == kUnknown || memo.content < state.contents.size();
  };
  const std::span<const FileMemo> memos = state.memos.mapped();
  if (!std::all_of(memos.begin(), memos.end(), unknown_or_there)) throw damaged("a memo");
  for (const EdgeRecord& record : state.records.mapped()) check_record(record, state.links.size());
  for (const RetiredRecord& retired : state.retired) {
    check_record(retired.record, state.links.size());
  }
  const Highest highest = highest_of(state.links.mapped());
  if (highest.content >= state.contents.size()) throw damaged("a link");
  return highest.node;
}

// Makes sure that the graph and the rest belong together.
void check_numbers(const State& state, const SavedState& saved, NodeId highest_link) {
  const size_t nodes = state.graph.node_count();
  if (state.memos.size() != nodes || state.records.size() != state.graph.edge_count() ||
      saved.clean.size() > state.records.size() ||
      saved.manifests.size() != state.graph.manifests().size()) {
    throw damaged("its counts");
  }
  if (state.links.size() != 0 && highest_link >= nodes) throw damaged("a link");
  const auto in_graph = [nodes](NodeId node) { return node < nodes; };
  const bool retired_in_graph =
      std::all_of(state.retired.begin(), state.retired.end(),
                  [&](const RetiredRecord& retired) { return in_graph(retired.output); });
  if (!retired_in_graph || !std::all_of(state.programs.begin(), state.programs.end(), in_graph) ||
      (saved.closure && !std::all_of(saved.closure->begin(), saved.closure->end(), in_graph))) {
    throw damaged("a node");
  }
}

void add_paths(std::string_view paths, State& state) {
  while (!paths.empty()) {
    const size_t end = paths.find('\0');
    if (end == std::string_view::npos || end == 0) throw damaged("a path");
    const size_t before = state.graph.node_count();
    state.graph.add_node(paths.substr(0, end));
    if (state.graph.node_count() == before) throw damaged("a path that is there twice");
    paths.remove_prefix(end + 1);
  }
}

// Takes one record of the journal into the state.
class JournalReader {
 public:
  explicit JournalReader(SavedState& saved) : saved_(saved), state_(saved.state) {}

  void take(uint32_t kind, std::span<const std::byte> payload) {
    switch (kind) {
      case kPathRecord:
        return take_path(text_of(payload));
      case kContentRecord:
        state_.contents.add(read<Digest>(payload, 0));
        return;
      case kMemoRecord:
        return take_memo(payload);
      case kEdgeRecord:
        return take_edge(payload);
      case kProgramRecord:
        state_.programs.push_back(node(read<NodeId>(payload, 0)));
        return;
      case kConclusionRecord:
        return take_conclusion(payload);
      default:
        throw damaged("a record of the journal");
    }
  }

 private:
  template <typename T>
  static T read(std::span<const std::byte> payload, size_t offset) {
    if (payload.size() < offset + sizeof(T)) throw damaged("a record of the journal");
    T value;
    std::memcpy(&value, payload.data() + offset, sizeof value);
    return value;
  }
  NodeId node(NodeId id) const {
    if (id >= state_.graph.node_count()) throw damaged("a node in the journal");
    return id;
  }
  void take_path(std::string_view path) {
    if (path.empty() || path.find('\0') != std::string_view::npos) {
      throw damaged("a path in the journal");
    }
    const size_t before = state_.graph.node_count();
    state_.node(path);
    if (state_.graph.node_count() == before) throw damaged("a path in the journal");
  }
  void take_memo(std::span<const std::byte> payload) {
    const NodeId id = node(read<NodeId>(payload, 0));
    const auto memo = read<FileMemo>(payload, 8);
    if (memo.content != kUnknown && memo.content >= state_.contents.size()) {
      throw damaged("a memo in the journal");
    }
    // A file that was read again because it was young, and is the same, is no news. One that only
    // looks different is none to those that go by content.
    const FileMemo& before = state_.memos[id];
    const bool same_content =
        memo.content != kUnknown && state_.contents.equal(before.content, memo.content);
    if (!same_content) saved_.suspect_nodes.push_back(id);
    if (!same_content || !(before.identity == memo.identity)) saved_.new_nodes.push_back(id);
    state_.memos[id] = memo;
  }
  void take_edge(std::span<const std::byte> payload) {
    const auto edge = read<EdgeId>(payload, 0);
    auto record = read<EdgeRecord>(payload, 8);
    const size_t count = size_t{record.inputs} + record.discovered + record.outputs;
    if (edge >= state_.records.size() || record.tools > record.discovered ||
        payload.size() != 8 + sizeof record + count * sizeof(Link)) {
      throw damaged("an edge in the journal");
    }
    record.first_link = static_cast<uint32_t>(state_.links.size());
    for (size_t i = 0; i < count; ++i) {
      const auto link = read<Link>(payload, 8 + sizeof record + i * sizeof(Link));
      node(link.node);
      if (link.content >= state_.contents.size()) throw damaged("an edge in the journal");
      links_.push_back(link);
    }
    state_.links.append(links_);
    links_.clear();
    state_.records[edge] = record;
    saved_.suspect_edges.push_back(edge);
    saved_.new_edges.push_back(edge);
  }
  void take_conclusion(std::span<const std::byte> payload) {
    if (!saved_.closure || payload.size() % sizeof(NodeId) != 0) {
      throw damaged("a conclusion in the journal");
    }
    for (size_t at = 0; at < payload.size(); at += sizeof(NodeId)) {
      saved_.closure->push_back(node(read<NodeId>(payload, at)));
    }
    saved_.new_nodes.clear();
    saved_.new_edges.clear();
  }

  SavedState& saved_;
  State& state_;
  std::vector<Link> links_;
};

}  // namespace

SavedState read_state(const std::shared_ptr<MappedFile>& mapping) {
  const StateHeader header = read_header(mapping->bytes());
  const Sections sections(*mapping, header);
  SavedState saved;
  saved.environment = header.environment;
  saved.id = header.id;
  saved.state.mapping = mapping;
  // The graph is half of the bytes, and of the work.
  ninja::Graph graph;
  NodeId highest_link = 0;
  const auto read_graph = [&] { graph = ninja::graph_from_bytes(sections[kGraph]); };
  const auto read_rest = [&] {
    read_columns(sections, saved);
    if (header.concluded == 0) saved.closure.reset();
    highest_link = check_columns(saved.state);
  };
  const unsigned threads = mapping->bytes().size() > kLarge ? 2 : 1;
  run_in_parallel(2, threads, [&](size_t i) { i == 0 ? read_graph() : read_rest(); });
  saved.state.graph = std::move(graph);
  add_paths(text_of(sections[kAddedPaths]), saved.state);
  check_numbers(saved.state, saved, highest_link);
  return saved;
}

void read_journal(const std::string& path, SavedState& saved) {
  // Read, not mapped: the builder of this directory may cut it off meanwhile.
  const std::string text = read_file_if_exists(path).value_or("");
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  if (bytes.size() < sizeof(JournalHeader)) return;
  JournalHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kJournalMagic || header.version != kStateVersion || header.id != saved.id) {
    return;
  }
  size_t at = sizeof header;
  saved.journal_bytes = at;
  JournalReader reader(saved);
  while (bytes.size() - at >= sizeof(JournalRecordHeader)) {
    JournalRecordHeader record;
    std::memcpy(&record, bytes.data() + at, sizeof record);
    if (record.size > bytes.size() - at - sizeof record) return;
    const auto payload = bytes.subspan(at + sizeof record, record.size);
    if (checksum_of(record.kind, text_of(payload)) != record.checksum) return;
    reader.take(record.kind, payload);
    at += sizeof record + record.size;
    saved.journal_bytes = at;
  }
}

}  // namespace cntr::engine
