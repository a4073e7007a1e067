#include "engine/state_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "base/error.h"
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
    const std::shared_ptr<Mapping> mapping = Mapping::of(path);
    if (mapping == nullptr) throw user_error("damaged: it is empty, or cannot be read");
    SavedState saved = read_state(mapping);
    read_journal(folder_ + "/journal", saved);
    return saved;
  } catch (const Error& error) {
    warn_(path + " cannot be used (" + error.message() + "); what it knew is unknown");
    return std::nullopt;
  }
}

void StateFile::open_journal(uint64_t id, uint64_t keep_bytes, const State& state) {
  const std::string path = folder_ + "/journal";
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (keep_bytes == 0 ? O_TRUNC : 0);
  journal_ = UniqueFd(::open(path.c_str(), flags, 0666));
  if (!journal_.valid()) throw system_error("cannot write " + path, errno);
  if (keep_bytes == 0) {
    JournalHeader header;
    header.id = id;
    write_all(journal_.get(), bytes_of(header), path);
    keep_bytes = sizeof header;
  }
  // What follows the last whole record is a torn one.
  if (::ftruncate(journal_.get(), static_cast<off_t>(keep_bytes)) != 0 ||
      ::lseek(journal_.get(), 0, SEEK_END) < 0) {
    throw system_error("cannot write " + path, errno);
  }
  journal_bytes_ = keep_bytes;
  known_nodes_ = state.graph.node_count();
  known_contents_ = state.contents.size();
  known_programs_ = state.programs.size();
}

void StateFile::continue_journal(const SavedState& saved) {
  state_bytes_ = std::static_pointer_cast<const Mapping>(saved.state.mapping)->bytes().size();
  open_journal(saved.id, saved.journal_bytes, saved.state);
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
  if (!journal_.valid()) return;
  buffer_.clear();
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
  if (buffer_.empty()) return;
  try {
    write_all(journal_.get(), buffer_, folder_ + "/journal");
    journal_bytes_ += buffer_.size();
  } catch (const Error& error) {
    warn_(error.message() + "; what this build learns is not kept");
    journal_.reset();
  }
}

bool StateFile::worth_folding() const {
  constexpr uint64_t kSmall = 256 << 10;
  return journal_.valid() && journal_bytes_ > sizeof(JournalHeader) &&
         (journal_bytes_ > state_bytes_ / 8 || state_bytes_ < kSmall);
}

void StateFile::write(const State& state, const Conclusion& conclusion) {
  const uint64_t id = new_id();
  make_directories(folder_);
  const std::string bytes = state_bytes(state, conclusion, id);
  write_file_atomically(folder_ + "/state", bytes);
  open_journal(id, 0, state);
  // The contents have other numbers in the file than in `state`.
  journal_.reset();
}

}  // namespace cntr::engine
