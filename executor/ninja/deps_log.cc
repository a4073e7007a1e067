#include "ninja/deps_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bitset>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace cntr::ninja {
namespace {

constexpr std::string_view kDepsHeader = "# ninjadeps\n";
constexpr size_t kHeaderSize = 16;
constexpr uint32_t kDependenciesBit = uint32_t{1} << 31;
constexpr size_t kLargestRecord = (size_t{1} << 19) - 1;
constexpr size_t kWord = sizeof(uint32_t);
constexpr size_t kLargestLog = UINT32_MAX * kWord;  // what places in words can say
constexpr uint32_t kNoNumber = UINT32_MAX;
constexpr size_t kShortRecord = 64;  // bytes, of a path and of its dependencies
// Below that many records, to look at the tags of all paths for each takes less than an index.
constexpr size_t kFewRecords = 32;

uint32_t word_at(std::string_view bytes, size_t at) {
  uint32_t word = 0;
  std::memcpy(&word, bytes.data() + at, kWord);
  return word;
}

void append_word(std::string& bytes, uint32_t word) {
  char raw[kWord];
  std::memcpy(raw, &word, kWord);
  bytes.append(raw, kWord);
}

std::string header() {
  std::string bytes(kDepsHeader);
  append_word(bytes, kDepsLogVersion);
  return bytes;
}

// How a path stands in a record.
std::string padded(std::string_view path) {
  std::string bytes(path);
  bytes.append((kWord - path.size() % kWord) % kWord, '\0');
  return bytes;
}

// Goes by the end of a path, where paths of one project differ, and where its record is read
// anyway.
uint32_t tag_of(std::string_view padded_path) {
  constexpr uint64_t kMix = 0x9e3779b97f4a7c15;  // odd, and its bits look random
  const size_t size = padded_path.size();
  uint64_t end[2] = {};
  if (size < sizeof end) {
    std::memcpy(end, padded_path.data(), size);
  } else {
    std::memcpy(end, padded_path.data() + size - sizeof end, sizeof end);
  }
  return static_cast<uint32_t>((((end[0] + size) * kMix + end[1]) * kMix) >> 32);
}

}  // namespace

DepsLog::DepsLog(std::string bytes) {
  const auto owner = std::make_shared<const std::string>(std::move(bytes));
  owner_ = owner;
  bytes_ = *owner;
  read();
}

DepsLog::DepsLog(const std::shared_ptr<MappedFile>& file) : owner_(file) {
  if (file != nullptr) bytes_ = file->text();
  read();
}

void DepsLog::read() {
  if (bytes_.empty() || !read_header()) return;
  read_records();
  damaged_ = valid_bytes_ < bytes_.size();
}

bool DepsLog::read_header() {
  if (bytes_.size() < kHeaderSize || !bytes_.starts_with(kDepsHeader)) {
    problem_ = "it is not a deps log of ninja";
    return false;
  }
  const uint32_t version = word_at(bytes_, kDepsHeader.size());
  if (version != 3 && version != kDepsLogVersion) {
    problem_ =
        "its version " + std::to_string(version) + " is too " + (version < 3 ? "old" : "new");
    return false;
  }
  version_ = static_cast<int>(version);
  return true;
}

void DepsLog::read_records() {
  valid_bytes_ = kHeaderSize;
  paths_.reserve(bytes_.size() / kShortRecord);
  const size_t end = std::min(bytes_.size(), kLargestLog);
  while (end - valid_bytes_ >= kWord) {
    const size_t at = valid_bytes_;
    const uint32_t head = word_at(bytes_, at);
    const size_t size = head & ~kDependenciesBit;
    if (size > kLargestRecord || size > end - at - kWord || size % kWord != 0) return;
    const bool good =
        (head & kDependenciesBit) != 0 ? read_dependencies(at, size) : read_path(at, size);
    if (!good) return;
    valid_bytes_ = at + kWord + size;
  }
}

bool DepsLog::read_path(size_t at, size_t size) {
  if (size <= kWord) return false;
  const std::string_view path = bytes_.substr(at + kWord, size - kWord);
  const uint32_t number = ~word_at(bytes_, at + size);
  if (number != path_count()) return false;
  paths_.push_back({static_cast<uint32_t>(at / kWord), tag_of(path), 0});
  return true;
}

bool DepsLog::read_dependencies(size_t at, size_t size) {
  if (size < fixed_words() * kWord) return false;
  const uint32_t output = word_at(bytes_, at + kWord);
  uint32_t highest = output;
  for (size_t input = (1 + fixed_words()) * kWord; input < kWord + size; input += kWord) {
    highest = std::max(highest, word_at(bytes_, at + input));
  }
  if (highest >= path_count()) return false;
  uint32_t& last = paths_[output].last_record;
  if (last == 0) ++outputs_;
  last = static_cast<uint32_t>(at / kWord);
  ++read_;
  return true;
}

const char* DepsLog::at(uint32_t place) const {
  const size_t byte = place * kWord;
  return byte < valid_bytes_ ? bytes_.data() + byte : added_.data() + (byte - valid_bytes_);
}

uint32_t DepsLog::end() const {
  return static_cast<uint32_t>((valid_bytes_ + added_.size()) / kWord);
}

std::string_view DepsLog::path(uint32_t number) const {
  const char* const record = at(paths_[number].record);
  std::string_view path(record + kWord, word_at({record, kWord}, 0) - kWord);
  for (size_t padding = 0; padding < kWord - 1 && path.ends_with('\0'); ++padding) {
    path.remove_suffix(1);
  }
  return path;
}

std::optional<DepsLog::Deps> DepsLog::deps(uint32_t number) const {
  const uint32_t place = paths_[number].last_record;
  if (place == 0) return std::nullopt;
  const auto* const record = reinterpret_cast<const uint32_t*>(at(place));
  const size_t words = (record[0] & ~kDependenciesBit) / kWord;
  uint64_t mtime = record[2];
  if (version_ > 3) mtime |= static_cast<uint64_t>(record[3]) << 32;
  return Deps{static_cast<int64_t>(mtime), {record + 1 + fixed_words(), words - fixed_words()}};
}

uint32_t DepsLog::append_path(std::string_view path) {
  const std::string bytes = padded(path);
  const size_t size = bytes.size() + kWord;
  if (size > kLargestRecord) {
    throw environment_error("a path of " + std::to_string(path.size()) +
                            " bytes is too long for ninja's deps log");
  }
  const auto number = static_cast<uint32_t>(path_count());
  paths_.push_back({end(), tag_of(bytes), 0});
  append_word(added_, static_cast<uint32_t>(size));
  added_ += bytes;
  append_word(added_, ~number);
  return number;
}

void DepsLog::append_dependencies(uint32_t output, int64_t mtime,
                                  std::span<const uint32_t> inputs) {
  const size_t size = (3 + inputs.size()) * kWord;
  if (size > kLargestRecord) {
    throw environment_error(std::to_string(inputs.size()) +
                            " inputs of one output are too many for ninja's deps log");
  }
  paths_[output].last_record = end();
  append_word(added_, static_cast<uint32_t>(size) | kDependenciesBit);
  append_word(added_, output);
  const auto bits = static_cast<uint64_t>(mtime);
  append_word(added_, static_cast<uint32_t>(bits));
  append_word(added_, static_cast<uint32_t>(bits >> 32));
  for (const uint32_t input : inputs) append_word(added_, input);
}

DepsLogWriter::DepsLogWriter(const std::string& path) : path_(path) {
  open();
  if (log_.needs_recompaction()) {
    recompact_deps_log(path_, log_, [](std::string_view) { return true; });
    open();
  }
  if (log_.version() != kDepsLogVersion) {
    write_file_atomically(path_, header());
    open();
  }
  if (log_.damaged() && ftruncate(fd_.get(), static_cast<off_t>(log_.valid_bytes())) != 0) {
    throw system_error("Cannot truncate " + path_, errno);
  }
}

void DepsLogWriter::open() {
  fd_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (!fd_.valid()) throw system_error("Cannot open " + path_, errno);
  log_ = DepsLog(MappedFile::of(fd_.get(), path_, MappedFile::Access::kRead));
}

// Whether the file is still there, and as long as what was read and written of it.
void DepsLogWriter::check_file() const {
  const std::optional<FileStat> file = stat_descriptor(fd_.get());
  if (file && file->links != 0 && file->size == log_.valid_bytes() + written_) return;
  throw environment_error("another program has changed " + path_);
}

void DepsLogWriter::make_index() {
  index_.emplace(log_.path_count());
  for (uint32_t number = 0; number < log_.path_count(); ++number) {
    const std::string_view name = log_.path(number);
    index_->find_or_add(
        index_hash(name), [&](uint32_t other) { return log_.path(other) == name; },
        [number] { return number; });
  }
}

// One pass over the tags of all paths. Most builds write a few records, for which an index would
// cost more than all else here.
void DepsLogWriter::number_without_index(std::span<const std::string_view> paths) {
  TextIndex wanted(paths.size());
  std::bitset<1 << 14> wanted_tags;  // by their lowest bits
  std::vector<uint32_t> places;      // of each path in `found`
  std::vector<uint32_t> found;
  std::vector<std::string_view> names;
  const auto place_of = [&](std::string_view name, auto add) {
    return wanted.find_or_add(
        index_hash(name), [&](uint32_t other) { return names[other] == name; }, add);
  };
  for (const std::string_view path : paths) {
    wanted_tags.set(tag_of(padded(path)) % wanted_tags.size());
    places.push_back(place_of(path, [&] {
      names.push_back(path);
      found.push_back(kNoNumber);
      return static_cast<uint32_t>(found.size() - 1);
    }));
  }
  for (uint32_t number = 0; number < log_.path_count(); ++number) {
    if (!wanted_tags.test(log_.paths_[number].tag % wanted_tags.size())) continue;
    const std::string_view name = log_.path(number);
    const uint32_t place =
        wanted.find(index_hash(name), [&](uint32_t other) { return names[other] == name; });
    if (place != kNoNumber && found[place] == kNoNumber) found[place] = number;
  }
  for (const uint32_t place : places) {
    if (found[place] == kNoNumber) found[place] = log_.append_path(names[place]);
    numbers_.push_back(found[place]);
  }
}

void DepsLogWriter::number(std::span<const std::string_view> paths) {
  numbers_.clear();
  if (numbered_++ < kFewRecords) return number_without_index(paths);
  if (!index_) make_index();
  for (const std::string_view path : paths) {
    numbers_.push_back(index_->find_or_add(
        index_hash(path), [&](uint32_t other) { return log_.path(other) == path; },
        [&] { return log_.append_path(path); }));
  }
}

void DepsLogWriter::record(std::string_view output, int64_t mtime,
                           std::span<const std::string_view> inputs) {
  std::vector<std::string_view> paths = {output};
  paths.insert(paths.end(), inputs.begin(), inputs.end());
  check_file();
  number(paths);
  const uint32_t output_number = numbers_.front();
  const std::span<const uint32_t> found = std::span(numbers_).subspan(1);
  const auto known = log_.deps(output_number);
  if (known && known->mtime == mtime &&
      std::equal(known->inputs.begin(), known->inputs.end(), found.begin(), found.end())) {
    return;
  }
  log_.append_dependencies(output_number, mtime, found);
  write_added();
}

// All or nothing, for half a record would hide what follows it.
void DepsLogWriter::write_added() {
  try {
    write_all(fd_.get(), std::string_view(log_.added_).substr(written_), path_);
  } catch (const Error&) {
    if (ftruncate(fd_.get(), static_cast<off_t>(log_.valid_bytes() + written_)) != 0) fd_.reset();
    throw;
  }
  written_ = log_.added_.size();
}

void recompact_deps_log(const std::string& path, const DepsLog& log,
                        const std::function<bool(std::string_view output)>& is_live) {
  if (log.version() != kDepsLogVersion) return;
  DepsLog compact(header());
  std::vector<uint32_t> new_numbers(log.path_count(), kNoNumber);
  const auto renumber = [&](uint32_t number) {
    uint32_t& to = new_numbers[number];
    if (to == kNoNumber) to = compact.append_path(log.path(number));
    return to;
  };
  std::vector<uint32_t> inputs;
  for (uint32_t number = 0; number < log.path_count(); ++number) {
    const auto deps = log.deps(number);
    if (!deps || !is_live(log.path(number))) continue;
    const uint32_t output = renumber(number);
    inputs.clear();
    for (const uint32_t input : deps->inputs) inputs.push_back(renumber(input));
    compact.append_dependencies(output, deps->mtime, inputs);
  }
  write_file_atomically(path, header() + compact.added_);
}

}  // namespace cntr::ninja
