#include "build/step_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "build/sandbox_paths.h"
#include "build/sandbox_setup.h"

namespace cntr::build {
namespace {

UniqueFd open_to_write(const std::string& path) {
  make_directories(parent_path(path));
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd.valid()) throw system_error("Cannot write " + path, errno);
  return fd;
}

// The last bytes of a file; all of a shorter one.
std::string tail_of(const std::string& path, uint64_t most) {
  const UniqueFd fd = open_to_read(path);
  const auto info = stat_descriptor(fd.get());
  const uint64_t size = info ? info->size : 0;
  std::string tail(std::min(size, most), '\0');
  const ssize_t count =
      pread(fd.get(), tail.data(), tail.size(), static_cast<off_t>(size - tail.size()));
  if (count < 0) throw system_error("Cannot read " + path, errno);
  tail.resize(static_cast<size_t>(count));
  return tail;
}

// As a terminal shows it, where a carriage return begins the line anew.
std::string line_for_report(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  return printable(line.substr(line.rfind('\r') + 1));
}

// A log may be larger than the memory: only its end is read.
std::vector<std::string> last_lines(const std::string& path, size_t count) {
  constexpr uint64_t kMost = 65'536;
  const std::string tail = tail_of(path, kMost);
  std::vector<std::string> lines = split(tail, '\n');
  if (lines.back().empty()) lines.pop_back();
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<long>(count));
  const bool is_cut = tail.size() == kMost && lines.size() < count;
  for (std::string& line : lines) line = line_for_report(line);
  if (is_cut) lines.front().insert(0, "...");
  return lines;
}

}  // namespace

std::string describe(const ExitStatus& status, const spec::Step& step) {
  if (status.timed_out) {
    return "it ran longer than its TIMEOUT of " + format_duration(step.timeout.value());
  }
  if (status.signal != 0) {
    return "ended by signal " + std::to_string(status.signal) + " (" + strsignal(status.signal) +
           ")";
  }
  return "exit code " + std::to_string(status.code);
}

void append_line(const std::string& path, const std::string& line) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!fd.valid()) throw system_error("Cannot write " + path, errno);
  write_all(fd.get(), line + "\n", path);
}

StepLog::StepLog(const spec::Step& step, std::string path, std::vector<spec::Variable> secrets,
                 OutputSink echo)
    : step_(step),
      path_(std::move(path)),
      secrets_(std::move(secrets)),
      echo_(std::move(echo)),
      log_(open_to_write(path_)) {}

void StepLog::open_stream(Stream& stream, const std::string& capture_path) {
  stream.capture_path = capture_path;
  if (!capture_path.empty()) stream.capture = open_to_write(capture_path);
  stream.filter = std::make_unique<SecretFilter>(
      secrets_, [this, &stream](std::string_view bytes) { deliver(stream, bytes); });
}

void StepLog::deliver(const Stream& stream, std::string_view bytes) {
  if (stream.capture.valid()) {
    write_all(stream.capture.get(), bytes, stream.capture_path);
    return;
  }
  write_all(log_.get(), bytes, path_);
  echo_(bytes);
}

void StepLog::begin_attempt(const std::string& work) {
  const PathMap paths = sandbox_paths(step_);
  const auto capture = [&](const std::optional<std::string>& host) {
    return host ? path_in_work(work, paths.find(*host).value_or(*host)) : std::string();
  };
  open_stream(out_, capture(step_.stdout_path));
  err_ = Stream();
  if (step_.stderr_path != step_.stdout_path) open_stream(err_, capture(step_.stderr_path));
}

void StepLog::end_attempt() {
  for (Stream* stream : {&out_, &err_}) {
    if (stream->filter) stream->filter->finish();
    stream->capture.reset();
  }
}

OutputSink StepLog::out() {
  return [this](std::string_view bytes) { out_.filter->write(bytes); };
}

OutputSink StepLog::err() {
  if (!err_.filter) return nullptr;
  return [this](std::string_view bytes) { err_.filter->write(bytes); };
}

std::string StepLog::failure_report(const std::string& exit,
                                    const std::vector<std::string>& problems) {
  constexpr size_t kLines = 20;
  std::string out = "step " + step_.name + " failed" + (exit.empty() ? "" : ": " + exit);
  for (const std::string& problem : problems) out += "\n  " + problem;
  for (const std::string& line : last_lines(path_, kLines)) out += "\n  | " + line;
  out += "\n  Whole log: " + path_;
  out += "\n  To look inside: cntr shell " + shell_quoted(step_.name) + " -C " +
         shell_quoted(step_.workflow_place());
  return out;
}

}  // namespace cntr::build
