#include "base/filter_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "base/child.h"
#include "base/command_launch.h"
#include "base/error.h"
#include "base/stop_request.h"

namespace cntr {
namespace {

constexpr size_t kBufferSize = size_t{256} * 1024;
constexpr int kPipeSize = 1024 * 1024;

// A socket, not a pipe: writing to a program that has ended is an error then, and no signal.
Pipe make_high_socket() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw system_error("cannot make a socket", errno);
  }
  UniqueFd read(ends[0]);
  UniqueFd write(ends[1]);
  return {moved_up(std::move(read)), std::move(write)};
}

ExitStatus exit_status(int status) {
  ExitStatus out;
  out.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  out.code = WIFSIGNALED(status) ? 128 + out.signal : WEXITSTATUS(status);
  return out;
}

}  // namespace

struct FilterProcess::State {
  State(const Command& command, More more_input)
      : more(std::move(more_input)), buffer(kBufferSize) {
    Launch launch = launch_of(command);
    Pipe in = make_high_socket();
    Pipe out = make_high_pipe();
    Pipe begin = make_high_pipe();
    const UniqueFd nowhere = moved_up(UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)));
    fcntl(out.read.get(), F_SETPIPE_SZ, kPipeSize);  // fewer turns; a smaller one does as well
    launch.input = in.read.get();
    launch.output = out.write.get();
    launch.error = nowhere.get();
    launch.status = begin.write.get();
    child.emplace(launch);
    begin.write.reset();
    check_started(std::move(begin.read), command, launch);
    input = std::move(in.write);
    output = std::move(out.read);
  }

  std::string_view next() {
    while (output.valid()) {
      wait_for(output.get(), input.get());
      if (!input_ready && !output_ready) continue;
      if (input_ready) give();
      if (!output_ready) continue;
      const ssize_t count = read(output.get(), buffer.data(), buffer.size());
      if (count > 0) return {buffer.data(), static_cast<size_t>(count)};
      if (count == 0 || errno != EINTR) end();
    }
    return {};
  }

  // Negative descriptors are never ready.
  void wait_for(int readable, int writable) {
    const StopRequest* const stop = stop_request_of_thread();
    std::array<pollfd, 3> polled{{{readable, POLLIN, 0},
                                  {writable, POLLOUT, 0},
                                  {stop != nullptr ? stop->descriptor(1) : -1, POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) {
      throw system_error("cannot wait for a process", errno);
    }
    if (polled[2].revents != 0) throw Stopped();
    output_ready = polled[0].revents != 0;
    input_ready = polled[1].revents != 0;
  }

  void give() {
    if (waiting.empty()) waiting = more();
    if (waiting.empty()) return input.reset();
    const ssize_t count =
        send(input.get(), waiting.data(), waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      waiting.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR && errno != EAGAIN) {
      input.reset();  // it wants no more, and says itself whether that was enough
    }
  }

  void end() {
    output.reset();
    input.reset();
    output_ready = false;
    while (!output_ready) wait_for(child->pidfd(), -1);
    status = exit_status(child->finish(false));
  }

  More more;
  std::vector<char> buffer;
  std::string_view waiting;  // for the program
  UniqueFd input;
  UniqueFd output;
  bool input_ready = false;
  bool output_ready = false;
  std::optional<Child> child;
  ExitStatus status;
};

FilterProcess::FilterProcess(const Command& command, More more)
    : state_(std::make_unique<State>(command, std::move(more))) {}

FilterProcess::~FilterProcess() = default;

std::string_view FilterProcess::next() { return state_->next(); }

ExitStatus FilterProcess::status() const { return state_->status; }

}  // namespace cntr
