#include "engine/state_writer.h"

#include <cstring>
#include <vector>

#include "engine/state_bytes.h"
#include "ninja/graph_image.h"

namespace cntr::engine {

using ninja::NodeId;

namespace {

// A state with its unused links and digests left out, section by section.
class StateWriter {
 public:
  explicit StateWriter(const State& state)
      : state_(state), new_ids_(state.contents.size(), kUnknown) {
    new_ids_[kMissing] = kMissing;
    digests_.push_back(Digest());
  }

  std::string write(const Conclusion& conclusion, uint64_t id) {
    StateHeader header;
    header.id = id;
    header.environment = conclusion.environment;
    header.concluded = conclusion.closure ? 1 : 0;
    bytes_.assign(sizeof header, '\0');
    collect();
    section(header, kGraph, ninja::graph_bytes(state_.graph));
    section(header, kManifests, bytes_of(std::span<const Identity>(conclusion.manifests)));
    section(header, kAddedPaths, added_paths());
    section(header, kDigests, bytes_of(std::span<const Digest>(digests_)));
    section(header, kMemos, bytes_of(std::span<const FileMemo>(memos_)));
    section(header, kRecords, bytes_of(std::span<const EdgeRecord>(records_)));
    section(header, kLinks, bytes_of(std::span<const Link>(links_)));
    section(header, kRetired, bytes_of(std::span<const RetiredRecord>(retired_)));
    section(header, kPrograms, bytes_of(std::span<const NodeId>(state_.programs)));
    const std::vector<NodeId> closure = conclusion.closure.value_or(std::vector<NodeId>());
    section(header, kClosure, bytes_of(std::span<const NodeId>(closure)));
    section(header, kClean, bytes_of(std::span<const uint8_t>(conclusion.clean)));
    const size_t checked = offsetof(StateHeader, checksum);
    header.checksum = fast_checksum(bytes_of(header).substr(0, checked));
    std::memcpy(bytes_.data(), &header, sizeof header);
    return std::move(bytes_);
  }

 private:
  ContentId kept(ContentId content) {
    if (content == kUnknown) return kUnknown;
    ContentId& id = new_ids_[content];
    if (id == kUnknown) {
      id = static_cast<ContentId>(digests_.size());
      digests_.push_back(state_.contents.at(content));
    }
    return id;
  }

  void collect() {
    memos_.reserve(state_.memos.size());
    for (size_t i = 0; i < state_.memos.size(); ++i) {
      memos_.push_back(state_.memos[i]);
      memos_.back().content = kept(memos_.back().content);
    }
    records_.reserve(state_.records.size());
    for (size_t i = 0; i < state_.records.size(); ++i) records_.push_back(kept(state_.records[i]));
    for (const RetiredRecord& retired : state_.retired) {
      retired_.push_back({retired.output, 0, kept(retired.record)});
    }
  }

  EdgeRecord kept(EdgeRecord record) {
    const auto links = state_.links_of(record);
    record.first_link = static_cast<uint32_t>(links_.size());
    for (const Link& link : links) links_.push_back({link.node, kept(link.content)});
    return record;
  }

  std::string added_paths() const {
    std::string paths;
    for (size_t i = state_.graph.manifest_nodes(); i < state_.graph.node_count(); ++i) {
      paths += state_.graph.path(static_cast<NodeId>(i));
      paths += '\0';
    }
    return paths;
  }

  void section(StateHeader& header, Section which, std::string_view content) {
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    header.places[which] = {bytes_.size(), content.size(), fast_checksum(content)};
    bytes_ += content;
  }

  const State& state_;
  std::string bytes_;
  std::vector<ContentId> new_ids_;
  std::vector<Digest> digests_;
  std::vector<FileMemo> memos_;
  std::vector<EdgeRecord> records_;
  std::vector<RetiredRecord> retired_;
  std::vector<Link> links_;
};

}  // namespace

std::string state_bytes(const State& state, const Conclusion& conclusion, uint64_t id) {
  return StateWriter(state).write(conclusion, id);
}

}  // namespace cntr::engine
