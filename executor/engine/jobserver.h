// The client's side of GNU make's jobserver: whoever runs a command beyond the first takes a token
// from a fifo and puts it back when the command has ended.
// www.gnu.org/software/make/manual/html_node/POSIX-Jobserver.html
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/file_system.h"

namespace cntr::engine {

// What the variable MAKEFLAGS says of a jobserver: nothing, where its fifo is, or one that cannot
// be used, and why. The last word counts; `make -n` means that there is none.
struct JobserverFlags {
  std::optional<std::string> fifo;
  std::string problem;

  bool operator==(const JobserverFlags&) const = default;
};
JobserverFlags parse_makeflags(std::string_view makeflags);

class Jobserver;

// The right to run one command. Goes back when it is destroyed.
class JobToken {
 public:
  JobToken(JobToken&& other) noexcept
      : server_(std::exchange(other.server_, nullptr)), byte_(other.byte_) {}
  JobToken& operator=(JobToken&& other) noexcept;
  ~JobToken() { give_back(); }

 private:
  friend class Jobserver;
  JobToken(Jobserver& server, std::optional<char> byte) : server_(&server), byte_(byte) {}
  void give_back();

  Jobserver* server_;
  std::optional<char> byte_;  // none: the token that each client has from the start
};

// Not thread-safe. Outlives its tokens.
class Jobserver {
 public:
  // Throws an environment Error that says why the fifo cannot be used.
  explicit Jobserver(const std::string& fifo);
  Jobserver(const Jobserver&) = delete;
  Jobserver& operator=(const Jobserver&) = delete;

  // nullopt when there is none to have now.
  std::optional<JobToken> try_take();
  // Becomes readable when a token may be free.
  int descriptor() const { return read_end_.get(); }

 private:
  friend class JobToken;

  UniqueFd read_end_;
  UniqueFd write_end_;
  bool own_is_free_ = true;
};

}  // namespace cntr::engine
