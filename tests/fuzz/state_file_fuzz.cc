// The input says how a good state file, its journal and its index are damaged: each seven bytes are
// which of them, a place, and the four bytes to put there. The checksums are made right again, so
// every input reaches what lies behind them. A state must be refused, or be safe to use; and what
// can be used comes back as it was when it is written again.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../unit/engine/fake_disk.h"
#include "../unit/engine/state_text.h"
#include "base/error.h"
#include "base/fast_hash.h"
#include "base/file_system.h"
#include "engine/affected_edges.h"
#include "engine/decider.h"
#include "engine/file_table.h"
#include "engine/plan.h"
#include "engine/state_format.h"
#include "engine/state_migration.h"
#include "graph_walk.h"
#include "ninja/manifest_parser.h"

namespace cntr::engine {
namespace {

constexpr const char* kManifest =
    "rule cat\n"
    "  command = cat $in > $out\n"
    "build alias: phony in\n"
    "build mid: cat in | alias\n"
    "build stamp | side: cat mid || order |@ check\n"
    "build order: phony\n"
    "build check: cat stamp\n"
    "default stamp\n";

ninja::Graph good_graph() {
  return ninja::parse_manifest(
      "build.ninja", [](const std::string&) { return std::optional<std::string>(kManifest); });
}

EdgeRecord record(State& state, std::initializer_list<const char*> read, uint32_t discovered,
                  const char* output) {
  EdgeRecord made;
  made.action = digest_of(output);
  made.first_link = static_cast<uint32_t>(state.links.size());
  made.inputs = static_cast<uint32_t>(read.size()) - discovered;
  made.discovered = discovered;
  made.tools = discovered > 1 ? 1 : 0;
  made.outputs = 1;
  std::vector<Link> links;
  for (const char* path : read) links.push_back({state.node(path), 1});
  links.push_back({state.node(output), 1});
  state.links.append(links);
  return made;
}

// Files of a state that has something in every section, and in every kind of journal record.
struct Files {
  std::string state;
  std::string journal;
  std::string readers;
};

Files good_files(const std::string& folder) {
  State state = State::of(good_graph());
  FileMemo memo;
  memo.identity = {1, 2, 3, 4, 5, 0100644, 1};
  memo.content = state.contents.add(digest_of("content"));
  state.memos[0] = memo;
  state.records[1] = record(state, {"in", "h", "/bin/cat"}, 2, "mid");
  state.records[2] = record(state, {"mid"}, 0, "stamp");
  state.retired.push_back({state.node("old"), 0, record(state, {"in"}, 0, "old")});
  state.programs.push_back(state.node("/bin/cat"));
  StateFile file(folder, [](const std::string&) {});
  file.write(
      state,
      {{memo.identity}, digest_of("environment"), std::vector<ninja::NodeId>{0, 1, 2}, {1, 0, 1}});
  SavedState saved = std::move(*file.load());
  file.continue_journal(saved);
  State& later = saved.state;
  const ninja::NodeId node = later.node("new.h");
  later.memos[node] = memo;
  later.memos[node].content = later.contents.add(digest_of("new"));
  later.programs.push_back(node);
  later.records[1] = record(later, {"in", "new.h"}, 1, "mid");
  const ninja::EdgeId edge = 1;
  file.append(later, std::span(&node, 1), std::span(&edge, 1));
  file.append_conclusion(std::span(&node, 1));
  return {read_file(folder + "/state"), read_file(folder + "/journal"),
          read_file(folder + "/readers")};
}

void damage(Files& files, std::span<const uint8_t> input) {
  constexpr size_t kStep = 7;
  for (; input.size() >= kStep; input = input.subspan(kStep)) {
    const std::array<std::string*, 3> all = {&files.state, &files.journal, &files.readers};
    std::string& bytes = *all.at(input[0] % all.size());
    uint16_t place = 0;
    std::memcpy(&place, &input[1], sizeof place);
    const size_t words = bytes.size() / sizeof(uint32_t);
    std::memcpy(&bytes[place % words * sizeof(uint32_t)], &input[3], sizeof(uint32_t));
  }
}

template <typename T>
std::string_view first_bytes(const T& value, size_t size = sizeof(T)) {
  return {reinterpret_cast<const char*>(&value), size};
}

void mend_state(std::string& bytes, uint64_t& id) {
  StateHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  for (SectionPlace& place : header.places) {
    if (place.offset > bytes.size() || place.size > bytes.size() - place.offset) continue;
    place.checksum = fast_checksum(std::string_view(bytes).substr(place.offset, place.size));
  }
  header.checksum = fast_checksum(first_bytes(header, offsetof(StateHeader, checksum)));
  std::memcpy(bytes.data(), &header, sizeof header);
  id = header.id;
}

void mend_journal(std::string& bytes, uint64_t id) {
  std::memcpy(&bytes[offsetof(JournalHeader, id)], &id, sizeof id);
  size_t at = sizeof(JournalHeader);
  while (bytes.size() - at >= sizeof(JournalRecordHeader)) {
    JournalRecordHeader record;
    std::memcpy(&record, &bytes[at], sizeof record);
    if (record.size > bytes.size() - at - sizeof record) return;
    const std::string_view payload(&bytes[at + sizeof record], record.size);
    record.checksum = fast_hash(payload) + record.kind;
    std::memcpy(&bytes[at], &record, sizeof record);
    at += sizeof record + record.size;
  }
}

// As docs/formats.md describes it.
void mend_readers(std::string& bytes, uint64_t id) {
  constexpr size_t kHeader = 40;
  std::memcpy(&bytes[16], &id, sizeof id);
  const uint64_t checksum = fast_hash(std::string_view(bytes).substr(0, kHeader - sizeof checksum));
  std::memcpy(&bytes[kHeader - sizeof checksum], &checksum, sizeof checksum);
  uint32_t nodes = 0;
  std::memcpy(&nodes, &bytes[12], sizeof nodes);
  constexpr size_t kList = 16;
  if (nodes >= (bytes.size() - kHeader) / kList) return;
  const size_t edges = kHeader + (size_t{nodes} + 1) * kList;
  for (size_t number = 0; number <= nodes; ++number) {
    char* const list = &bytes[kHeader + number * kList];
    std::array<uint32_t, 2> place{};
    std::memcpy(place.data(), list, sizeof place);
    const auto [first, count] = place;
    const size_t words = (bytes.size() - edges) / sizeof(uint32_t);
    if (first > words || count > words - first) continue;
    const std::string_view its(bytes.data() + edges + first * sizeof first, count * sizeof first);
    const uint64_t list_checksum = fast_hash(its) + number;
    std::memcpy(list + sizeof place, &list_checksum, sizeof list_checksum);
  }
}

// What a build does with it.
void find_affected(const StateFile& file, const SavedState& saved) {
  const auto index = file.readers(saved);
  if (index == nullptr) return;
  for (ninja::NodeId node = 0; node < saved.state.graph.node_count(); ++node) {
    std::vector<uint8_t> changed(saved.state.graph.node_count());
    changed[node] = 1;
    affected_edges(saved.state, *index, saved.suspect_edges, changed);
  }
}

void plan(SavedState& saved) {
  State& state = saved.state;
  FakeDisk disk;
  FileTable files(state, disk);
  files.probe(saved.closure.value_or(std::vector<ninja::NodeId>()));
  Decider decider(state, files, saved.environment);
  for (const ninja::NodeId program : state.programs) decider.program_moved(program);
  Plan its(state, {[](ninja::NodeId) { return false; },
                   [&decider](ninja::EdgeId edge) {
                     for (const Reason& reason : decider.reasons(edge, true)) decider.text(reason);
                     return false;
                   },
                   [](ninja::NodeId) { return true; },
                   {}});
  const std::vector<ninja::NodeId> targets(state.graph.defaults().begin(),
                                           state.graph.defaults().end());
  Plan::nodes_of(state, targets);
  its.add_targets(targets);
}

void use(SavedState& saved, const std::string& folder) {
  ninja::walk(saved.state.graph);
  const std::string text = state_text(saved.state);
  state_text(migrate(saved.state, good_graph()));

  StateFile file(folder, [](const std::string&) {});
  file.write(saved.state, {saved.manifests, saved.environment, saved.closure, saved.clean});
  const std::optional<SavedState> again = file.load();
  if (!again || state_text(again->state) != text) std::abort();
  plan(saved);
}

void write(const std::string& path, std::string_view bytes) { RealDisk().write(path, bytes); }

}  // namespace
}  // namespace cntr::engine

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using cntr::engine::Files;
  // Each input writes files: in memory where there is a place.
  static const cntr::TemporaryDirectory directory(cntr::exists("/dev/shm") ? "/dev/shm" : "/tmp",
                                                  "cntr-fuzz-");
  static const Files good = cntr::engine::good_files(directory.path());
  Files files = good;
  cntr::engine::damage(files, std::span(data, size));
  uint64_t id = 0;
  cntr::engine::mend_state(files.state, id);
  cntr::engine::mend_journal(files.journal, id);
  cntr::engine::mend_readers(files.readers, id);
  cntr::engine::write(directory.path() + "/state", files.state);
  cntr::engine::write(directory.path() + "/journal", files.journal);
  cntr::engine::write(directory.path() + "/readers", files.readers);
  try {
    cntr::engine::StateFile file(directory.path(), [](const std::string&) {});
    std::optional<cntr::engine::SavedState> saved = file.load();
    if (saved) {
      cntr::engine::find_affected(file, *saved);
      cntr::engine::use(*saved, directory.path() + "/again");
    }
  } catch (const cntr::Error&) {
    return 0;  // a cycle, or a variable without end: what a build says as well
  }
  return 0;
}
