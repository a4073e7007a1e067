#include "build/launcher.h"

#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "runner/gpus.h"

namespace cntr::build {
namespace {

// The end of what a step printed, for a runner to find its own failure in.
class Tail {
 public:
  void add(std::string_view bytes) {
    constexpr size_t kLength = 4096;
    text_ += bytes;
    if (text_.size() > 2 * kLength) text_.erase(0, text_.size() - kLength);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Holds back the beginning of what is printed for as long as it may be nothing but the runner's
// complaint that it cannot start the step's program.
class ComplaintFilter {
 public:
  ComplaintFilter(std::string_view beginning, const OutputSink& sink)
      : beginning_(beginning), sink_(sink) {}

  void write(std::string_view bytes) {
    if (passing_) {
      sink_(bytes);
      return;
    }
    held_ += bytes;
    if (!may_be_complaint()) release();
  }

  void release() {
    if (!passing_ && !held_.empty()) sink_(held_);
    passing_ = true;
  }

  // "No such file or directory"; nullopt when the output is none or something else.
  std::optional<std::string> reason() const {
    if (passing_ || !held_.starts_with(beginning_) || !held_.ends_with('\n')) return std::nullopt;
    const size_t begin = held_.rfind(": ");
    if (begin == std::string::npos) return std::nullopt;
    return held_.substr(begin + 2, held_.size() - begin - 3);
  }

 private:
  bool may_be_complaint() const {
    constexpr size_t kLongest = 16'384;
    if (held_.size() < beginning_.size()) return beginning_.starts_with(held_);
    return held_.starts_with(beginning_) && held_.size() <= kLongest;
  }

  std::string_view beginning_;
  const OutputSink& sink_;
  std::string held_;
  bool passing_ = false;
};

void report_program_failure(const std::string& program, const std::string& reason,
                            LaunchResult& result) {
  const bool is_missing = reason == strerror(ENOENT) || reason == strerror(ENOTDIR);
  result.status.code = is_missing ? 127 : 126;
  result.program_failure = "The program " + quote(program) + " cannot be started: " + reason + ".";
  if (is_missing) {
    *result.program_failure += " It, or the interpreter that it names, is not in the sandbox.";
  }
}

runner::Demand demand_of(const spec::Step& step) {
  return {step.runner, step.image_spec.has_value()};
}

// Adds the step to what went wrong.
template <typename Action>
auto in_step(const spec::Step& step, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.kind(), "Step " + step.name + ": " + error.message(), step.location,
                error.notes());
  }
}

}  // namespace

runner::Kind RunnerLauncher::choose(const spec::Step& step,
                                    const std::vector<runner::Rejection>& rejected) {
  return in_step(step, [&] {
    if (step.gpus) runner::require_gpus(*step.gpus, runner::gpu_files());
    return runner::choose(demand_of(step), rejected, warn_);
  });
}

runner::Rejection RunnerLauncher::examine_failure(const spec::Step& step, runner::Kind failed,
                                                  const std::string& reason) {
  return in_step(step, [&] { return runner::examine_failure(demand_of(step), failed, reason); });
}

LaunchResult RunnerLauncher::run(const spec::Step& step, runner::Kind kind,
                                 const runner::Sandbox& sandbox, const OutputSink& out,
                                 const OutputSink& err) {
  const runner::Runner& engine = runner::runner_of(kind);
  if (const std::string refusal = engine.refusal(sandbox); !refusal.empty()) {
    if (step.runner) throw user_error_at(step.location, "Step " + step.name + ": " + refusal);
    LaunchResult result;
    result.refusal = refusal;
    return result;
  }
  const Command command = in_step(step, [&] {
    engine.prepare(sandbox);
    return engine.plan(sandbox);
  });
  Tail tail;
  const auto watched = [&tail](const OutputSink& sink) {
    return [&tail, &sink](std::string_view bytes) {
      tail.add(bytes);
      sink(bytes);
    };
  };
  ComplaintFilter filter(engine.complaint_of_program(), err ? err : out);
  const OutputSink filtered = [&filter](std::string_view bytes) { filter.write(bytes); };
  RunLimits limits{step.timeout, {}};
  for (const UniqueFd& process : end_with_) limits.end_with.push_back(process.get());
  LaunchResult result;
  result.status = run_process(command, limits, watched(err ? out : filtered),
                              err ? OutputSink(watched(filtered)) : nullptr);
  const bool ended_itself =
      !result.status.interrupted && !result.status.timed_out && result.status.signal == 0;
  const auto reason = ended_itself && result.status.code != 0 ? filter.reason() : std::nullopt;
  if (reason) {
    report_program_failure(sandbox.argv.front(), *reason, result);
    return result;
  }
  filter.release();
  if (!result.status.interrupted && !result.status.timed_out) {
    result.start_failure = engine.start_failure(result.status, tail.text());
  }
  return result;
}

}  // namespace cntr::build
