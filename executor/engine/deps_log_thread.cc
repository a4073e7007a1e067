#include "engine/deps_log_thread.h"

#include <system_error>
#include <utility>

#include "base/error.h"
#include "ninja/deps_log.h"

namespace cntr::engine {

DepsLogThread::DepsLogThread(const std::string& path) {
  const auto write = [this, path] {
    try {
      write_all(path);
    } catch (...) {
      failure_ = std::current_exception();
    }
  };
  try {
    thread_ = std::thread(write);
  } catch (const std::system_error& error) {
    throw system_error("Cannot start a thread to write " + path, error.code().value());
  }
}

DepsLogThread::~DepsLogThread() { end(); }

void DepsLogThread::record(std::string_view output, int64_t mtime,
                           const std::vector<std::string>& inputs) {
  {
    const std::lock_guard lock(mutex_);
    records_.push_back({std::string(output), mtime, inputs});
  }
  changed_.notify_one();
}

void DepsLogThread::finish() {
  end();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void DepsLogThread::end() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool DepsLogThread::take(std::deque<Record>& records) {
  records.clear();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ends_ || !records_.empty(); });
  records.swap(records_);
  return !records.empty();
}

void DepsLogThread::write_all(const std::string& path) {
  ninja::DepsLogWriter writer(path);
  std::deque<Record> records;
  while (take(records)) {
    for (const Record& record : records) {
      const std::vector<std::string_view> inputs(record.inputs.begin(), record.inputs.end());
      writer.record(record.output, record.mtime, inputs);
    }
  }
}

}  // namespace cntr::engine
