#include "build/step_log.h"

#include <fcntl.h>
#include <unistd.h>

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

std::vector<std::string> last_lines(const std::string& path, size_t count) {
  std::vector<std::string> lines = split(read_file_if_exists(path).value_or(""), '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<long>(count));
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
         shell_quoted(step_.binary_dir);
  return out;
}

}  // namespace cntr::build
