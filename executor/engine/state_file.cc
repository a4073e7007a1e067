#include "engine/state_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "base/mapped_file.h"
#include "engine/state_bytes.h"
#include "engine/state_reader.h"
#include "engine/state_writer.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

constexpr uint32_t kLargestRecord = 1U << 30;

uint64_t new_id() {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return fast_hash(std::to_string(now) + "." + std::to_string(::getpid()));
}

}  // namespace

StateFile::StateFile(std::string folder, WarningSink warn)
    : folder_(std::move(folder)), warn_(std::move(warn)) {}

bool StateFile::exists() const { return cntr::exists(folder_ + "/state"); }

std::optional<SavedState> StateFile::load() {
  const std::string path = folder_ + "/state";
  if (!exists()) return std::nullopt;
  try {
    const std::shared_ptr<MappedFile> mapping =
        MappedFile::of(open_to_read(path).get(), path, MappedFile::Access::kChange);
    if (mapping == nullptr) throw user_error("damaged: it is empty, or cannot be read");
    SavedState saved = read_state(mapping);
    read_journal(folder_ + "/journal", saved);
    return saved;
  } catch (const Error& error) {
    warn_(path + " cannot be used (" + error.message() + "); what it knew is unknown");
    return std::nullopt;
  }
}

std::unique_ptr<const ReaderIndex> StateFile::readers(const SavedState& saved) const {
  try {
    return ReaderIndex::read(folder_ + "/readers", saved.state, saved.id);
  } catch (const Error&) {
    return nullptr;
  }
}

void StateFile::open_journal() {
  const std::string path = folder_ + "/journal";
  journal_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  // What follows the last whole record is a torn one.
  if (!journal_.valid() || ::ftruncate(journal_.get(), static_cast<off_t>(journal_bytes_)) != 0 ||
      ::lseek(journal_.get(), 0, SEEK_END) < 0) {
    throw system_error("cannot write " + path, errno);
  }
  if (journal_bytes_ != 0) return;
  JournalHeader header;
  header.id = id_;
  write_all(journal_.get(), bytes_of(header), path);
  journal_bytes_ = sizeof header;
}

void StateFile::continue_journal(const SavedState& saved) {
  const State& state = saved.state;
  state_bytes_ = std::static_pointer_cast<const MappedFile>(state.mapping)->bytes().size();
  id_ = saved.id;
  journal_bytes_ = saved.journal_bytes;
  known_nodes_ = state.graph.node_count();
  known_contents_ = state.contents.size();
  known_programs_ = state.programs.size();
  journal_.reset();
  appends_ = true;
}

void StateFile::put(uint32_t kind, std::string_view payload) {
  if (payload.size() > kLargestRecord) return;
  JournalRecordHeader header;
  header.size = static_cast<uint32_t>(payload.size());
  header.kind = kind;
  header.checksum = checksum_of(kind, payload);
  buffer_ += bytes_of(header);
  buffer_ += payload;
}

void StateFile::append(const State& state, std::span<const NodeId> memos,
                       std::span<const EdgeId> edges) {
  if (!appends_) return;
  for (; known_nodes_ < state.graph.node_count(); ++known_nodes_) {
    put(kPathRecord, state.graph.path(static_cast<NodeId>(known_nodes_)));
  }
  for (; known_contents_ < state.contents.size(); ++known_contents_) {
    put(kContentRecord, bytes_of(state.contents.at(static_cast<ContentId>(known_contents_))));
  }
  for (; known_programs_ < state.programs.size(); ++known_programs_) {
    put(kProgramRecord, bytes_of(state.programs[known_programs_]));
  }
  std::string payload;
  for (const NodeId node : memos) {
    payload.assign(bytes_of(uint64_t{node}));
    payload += bytes_of(state.memos[node]);
    put(kMemoRecord, payload);
  }
  for (const EdgeId edge : edges) {
    payload.assign(bytes_of(uint64_t{edge}));
    payload += bytes_of(state.records[edge]);
    payload += bytes_of(state.links_of(state.records[edge]));
    put(kEdgeRecord, payload);
  }
  write_buffer();
}

void StateFile::append_conclusion(std::span<const NodeId> added) {
  if (!appends_) return;
  put(kConclusionRecord, bytes_of(added));
  write_buffer();
}

void StateFile::write_buffer() {
  const std::string bytes = std::exchange(buffer_, {});
  if (bytes.empty()) return;
  try {
    if (!journal_.valid()) open_journal();
    write_all(journal_.get(), bytes, folder_ + "/journal");
    journal_bytes_ += bytes.size();
  } catch (const Error& error) {
    warn_(error.message() + "; what this build learns is not kept");
    appends_ = false;
  }
}

bool StateFile::worth_folding() const {
  constexpr uint64_t kSmall = 16 << 10;
  return appends_ && journal_bytes_ > std::max(state_bytes_ / 16, kSmall);
}

void StateFile::write(const State& state, const Conclusion& conclusion) {
  const uint64_t id = new_id();
  make_directories(folder_);
  const std::string bytes = state_bytes(state, conclusion, id);
  write_file_atomically(folder_ + "/readers", reader_index_bytes(state, id));
  write_file_atomically(folder_ + "/state", bytes);
  id_ = id;
  journal_bytes_ = 0;
  open_journal();
  // The contents have other numbers in the file than in `state`.
  journal_.reset();
  appends_ = false;
}

}  // namespace cntr::engine
