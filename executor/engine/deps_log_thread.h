// Keeps ninja's deps log in a thread of its own, because reading what it has takes time that
// commands can use.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cntr::engine {

// One thread uses it.
class DepsLogThread {
 public:
  // Begins to read the log at `path`, see ninja::DepsLogWriter.
  // Throws an environment Error when the system has no room for a thread.
  explicit DepsLogThread(const std::string& path);
  DepsLogThread(const DepsLogThread&) = delete;
  DepsLogThread& operator=(const DepsLogThread&) = delete;
  // Waits until all is written; finish() tells whether that went well.
  ~DepsLogThread();

  // Returns before it is written. Records are written in the order of the calls; after one that
  // could not be written, none is.
  void record(std::string_view output, int64_t mtime, const std::vector<std::string>& inputs);
  // Waits until all is written. Throws the environment Error of what could not be. No other call
  // may follow.
  void finish();

 private:
  struct Record {
    std::string output;
    int64_t mtime = 0;
    std::vector<std::string> inputs;
  };

  void write_all(const std::string& path);
  bool take(std::deque<Record>& records);  // false when no more will come
  void end();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Record> records_;  // guarded by mutex_, as is ends_
  bool ends_ = false;
  std::exception_ptr failure_;  // of the thread, which has ended when it is looked at
  std::thread thread_;
};

}  // namespace cntr::engine
