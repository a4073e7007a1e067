#include "build/launcher.h"

#include "base/error.h"

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

runner::Kind RunnerLauncher::choose(const spec::Step& step) {
  return in_step(step,
                 [&] { return runner::choose(step.runner, step.image_spec.has_value(), warn_); });
}

runner::Kind RunnerLauncher::choose_after_failure(const spec::Step& step, runner::Kind failed,
                                                  const std::string& reason) {
  return in_step(step, [&] {
    return runner::choose_after_failure(step.runner, step.image_spec.has_value(), failed, reason,
                                        warn_);
  });
}

LaunchResult RunnerLauncher::run(const spec::Step& step, runner::Kind kind,
                                 const runner::Sandbox& sandbox, const OutputSink& out,
                                 const OutputSink& err) {
  const runner::Runner& engine = runner::runner_of(kind);
  if (const std::string refusal = engine.refusal(sandbox); !refusal.empty()) {
    throw user_error_at(step.location, "Step " + step.name + ": " + refusal);
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
  LaunchResult result;
  result.status =
      run_process(command, {step.timeout}, watched(out), err ? OutputSink(watched(err)) : nullptr);
  if (!result.status.interrupted && !result.status.timed_out) {
    result.start_failure = engine.start_failure(result.status, tail.text());
  }
  return result;
}

}  // namespace cntr::build
