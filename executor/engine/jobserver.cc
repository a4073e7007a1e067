#include "engine/jobserver.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace cntr::engine {
namespace {

// What follows `prefix`; nullopt when the word does not start so.
std::optional<std::string_view> value_of(std::string_view word, std::string_view prefix) {
  if (!word.starts_with(prefix)) return std::nullopt;
  return word.substr(prefix.size());
}

std::optional<int> take_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

// "3,4": the descriptors of a pipe; negative ones mean that make runs this command without its
// jobserver. nullopt when it is no such pair.
std::optional<JobserverFlags> parse_descriptors(std::string_view text) {
  const std::optional<int> read_end = take_number(text);
  if (!read_end || !text.starts_with(',')) return std::nullopt;
  text.remove_prefix(1);
  const std::optional<int> write_end = take_number(text);
  if (!write_end) return std::nullopt;
  if (*read_end < 0 || *write_end < 0) return JobserverFlags();
  return JobserverFlags{std::nullopt, "Pipe-based protocol is not supported!"};
}

JobserverFlags parse_auth(std::string_view value) {
  if (const auto pair = parse_descriptors(value)) return *pair;
  if (const auto path = value_of(value, "fifo:")) return {std::string(*path), ""};
  return {std::nullopt, "Semaphore mode is not supported on Posix!"};
}

// make before 4.2 wrote it so.
JobserverFlags parse_old_descriptors(std::string_view value) {
  if (const auto pair = parse_descriptors(value)) return *pair;
  return {std::nullopt, "Invalid file descriptor pair [" + std::string(value) + "]"};
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t start = text.find_first_not_of(" \t");
    if (start == std::string_view::npos) return words;
    text.remove_prefix(start);
    words.push_back(text.substr(0, text.find_first_of(" \t")));
    text.remove_prefix(words.back().size());
  }
}

UniqueFd open_end(const std::string& fifo, int mode, const std::string& purpose) {
  UniqueFd fd(open(fifo.c_str(), mode | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) throw system_error("cannot open " + quote(fifo) + " for " + purpose, errno);
  return fd;
}

}  // namespace

JobserverFlags parse_makeflags(std::string_view makeflags) {
  const std::vector<std::string_view> words = words_of(makeflags);
  // make puts its one-letter options, without a dash, into the first word.
  if (!words.empty() && words[0].front() != '-' && words[0].find('n') != std::string_view::npos) {
    return {};
  }
  JobserverFlags flags;
  for (const std::string_view word : words) {
    if (const auto auth = value_of(word, "--jobserver-auth=")) flags = parse_auth(*auth);
    if (const auto old = value_of(word, "--jobserver-fds=")) flags = parse_old_descriptors(*old);
  }
  return flags;
}

JobToken& JobToken::operator=(JobToken&& other) noexcept {
  if (this != &other) {
    give_back();
    server_ = std::exchange(other.server_, nullptr);
    byte_ = other.byte_;
  }
  return *this;
}

void JobToken::give_back() {
  Jobserver* server = std::exchange(server_, nullptr);
  if (server == nullptr) return;
  if (!byte_) {
    server->own_is_free_ = true;
    return;
  }
  // When it fails nobody is left who would take it.
  while (write(server->write_end_.get(), &*byte_, 1) < 0 && errno == EINTR) {
  }
}

Jobserver::Jobserver(const std::string& fifo) {
  // The reading end first: a fifo that nobody reads cannot be opened for writing.
  read_end_ = open_end(fifo, O_RDONLY, "reading");
  struct stat info;
  if (fstat(read_end_.get(), &info) != 0 || !(S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode))) {
    throw environment_error(quote(fifo) + " is not a fifo");
  }
  write_end_ = open_end(fifo, O_WRONLY, "writing");
}

std::optional<JobToken> Jobserver::try_take() {
  if (own_is_free_) {
    own_is_free_ = false;
    return JobToken(*this, std::nullopt);
  }
  char byte = 0;
  ssize_t size;
  do {
    size = read(read_end_.get(), &byte, 1);
  } while (size < 0 && errno == EINTR);
  if (size != 1) return std::nullopt;
  return JobToken(*this, byte);
}

}  // namespace cntr::engine
