#include "ninja/ninja_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "base/error.h"

namespace cntr::ninja {
namespace {

constexpr std::string_view kLogHeader = "# ninja log v";
constexpr int kOldestVersion = 5;

std::string header_line(int version) {
  return std::string(kLogHeader) + std::to_string(version) + "\n";
}

// Takes what stands before the separator off the text; nullopt when there is no separator.
std::optional<std::string_view> take_until(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end + 1);
  return part;
}

template <typename Number>
bool read_number(std::string_view text, int base, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && stop == end;
}

template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const auto field = take_until(text, '\t');
  return field && read_number(*field, 10, number);
}

std::optional<NinjaLogEntry> entry_of(std::string_view line) {
  NinjaLogEntry entry;
  if (!take_number(line, entry.start_ms) || !take_number(line, entry.end_ms) ||
      !take_number(line, entry.mtime)) {
    return std::nullopt;
  }
  const auto output = take_until(line, '\t');
  if (!output || output->empty() || !read_number(line, 16, entry.command_hash)) {
    return std::nullopt;
  }
  entry.output = *output;
  return entry;
}

template <typename Number>
void append_number(std::string& text, Number number, int base) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  text.append(digits.data(), end);
}

void append_line(std::string& text, const NinjaLogEntry& entry) {
  if (entry.output.find_first_of("\t\n") != std::string_view::npos) return;
  for (const int64_t number : {entry.start_ms, entry.end_ms, entry.mtime}) {
    append_number(text, number, 10);
    text += '\t';
  }
  text += entry.output;
  text += '\t';
  append_number(text, entry.command_hash, 16);
  text += '\n';
}

UniqueFd open_ninja_log(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (!fd.valid()) throw system_error("Cannot open " + path, errno);
  return fd;
}

// Up to 16 bytes from `offset`, counted from the end when it is negative.
std::string bytes_at(int fd, off_t offset, const std::string& path) {
  std::array<char, 16> bytes;
  const off_t start = offset >= 0 ? offset : std::max<off_t>(0, lseek(fd, 0, SEEK_END) + offset);
  const ssize_t size = pread(fd, bytes.data(), bytes.size(), start);
  if (size < 0) throw system_error("Cannot read " + path, errno);
  return {bytes.data(), static_cast<size_t>(size)};
}

}  // namespace

NinjaLog::NinjaLog(std::string bytes)
    : bytes_(std::make_unique<const std::string>(std::move(bytes))) {
  std::string_view text = read_header(*bytes_);
  while (const auto line = take_until(text, '\n')) {
    if (const auto entry = entry_of(*line)) add(*entry);
  }
}

// What follows the header; "" when nothing is to be read.
std::string_view NinjaLog::read_header(std::string_view text) {
  if (text.empty()) return {};
  const auto line = take_until(text, '\n');
  int version = 0;
  if (!line || !line->starts_with(kLogHeader) ||
      !read_number(line->substr(kLogHeader.size()), 10, version)) {
    problem_ = "it is not a log of ninja";
  } else if (version < kOldestVersion) {
    problem_ = "its version " + std::to_string(version) + " is too old";
  } else if (version > kNinjaLogVersion) {
    problem_ = "its version " + std::to_string(version) + " is too new";
  } else {
    version_ = version;
    return text;
  }
  return {};
}

void NinjaLog::add(const NinjaLogEntry& entry) {
  ++lines_;
  const uint32_t id = index_.find_or_add(
      index_hash(entry.output),
      [&](uint32_t other) { return entries_[other].output == entry.output; },
      [&] {
        entries_.emplace_back();
        return static_cast<uint32_t>(entries_.size() - 1);
      });
  entries_[id] = entry;
}

const NinjaLogEntry* NinjaLog::find(std::string_view output) const {
  const uint32_t id = index_.find(index_hash(output),
                                  [&](uint32_t other) { return entries_[other].output == output; });
  return id == UINT32_MAX ? nullptr : &entries_[id];
}

NinjaLogWriter::NinjaLogWriter(const std::string& path) : path_(path), fd_(open_ninja_log(path)) {
  const std::string header = header_line(kNinjaLogVersion);
  const std::string start = bytes_at(fd_.get(), 0, path_);
  if (start.empty()) {
    write_all(fd_.get(), header, path_);
  } else if (!start.starts_with(header)) {
    write_ninja_log(path_, kNinjaLogVersion, {});
    fd_ = open_ninja_log(path_);
  } else if (bytes_at(fd_.get(), -1, path_) != "\n") {
    write_all(fd_.get(), "\n", path_);
  }
}

void NinjaLogWriter::record(std::span<const NinjaLogEntry> entries) {
  buffer_.assign(torn_ ? "\n" : "");
  for (const NinjaLogEntry& entry : entries) append_line(buffer_, entry);
  torn_ = true;
  write_all(fd_.get(), buffer_, path_);
  torn_ = false;
}

void write_ninja_log(const std::string& path, int version, std::span<const NinjaLogEntry> entries) {
  std::string text = header_line(version);
  for (const NinjaLogEntry& entry : entries) append_line(text, entry);
  write_file_atomically(path, text);
}

void recompact_ninja_log(const std::string& path, const NinjaLog& log,
                         const std::function<bool(std::string_view output)>& is_dead) {
  if (log.version() == 0) return;
  std::vector<NinjaLogEntry> living;
  std::copy_if(log.entries().begin(), log.entries().end(), std::back_inserter(living),
               [&is_dead](const NinjaLogEntry& entry) { return !is_dead(entry.output); });
  write_ninja_log(path, log.version(), living);
}

void restat_ninja_log(const std::string& path, std::span<const std::string> outputs,
                      const std::function<int64_t(const std::string& output)>& mtime_of) {
  std::optional<std::string> bytes = read_file_if_exists(path);
  if (!bytes) return;
  const NinjaLog log(std::move(*bytes));
  if (log.version() == 0) return;
  std::vector<NinjaLogEntry> entries(log.entries().begin(), log.entries().end());
  for (NinjaLogEntry& entry : entries) {
    const bool named = std::find(outputs.begin(), outputs.end(), entry.output) != outputs.end();
    if (outputs.empty() || named) entry.mtime = mtime_of(std::string(entry.output));
  }
  write_ninja_log(path, log.version(), entries);
}

}  // namespace cntr::ninja
