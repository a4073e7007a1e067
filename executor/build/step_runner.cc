#include "build/step_runner.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/file_system.h"
#include "base/json.h"
#include "base/stop_request.h"
#include "base/text.h"
#include "base/units.h"
#include "build/depfile.h"
#include "build/env_identity.h"
#include "build/image_identity.h"
#include "build/image_root.h"
#include "build/outputs.h"
#include "build/sandbox_setup.h"
#include "build/secret_filter.h"
#include "build/step_log.h"
#include "env/environment.h"

namespace cntr::build {

struct StepRunner::Task {
  const spec::Step& step;
  StepFiles files;
  std::optional<spec::Image> image;
  std::optional<spec::ImageIdentity> identity;
  std::optional<spec::Env> env;
  std::optional<spec::EnvIdentity> env_identity;
  ResolvedStep resolved;
  Digest signature;
  int64_t started = 0;          // file time before the first input was looked at
  std::string state_signature;  // of the last result here; "" for none
  std::string state_outputs;
  std::string outputs_now;  // what the build tree holds
  int lock_fd = -1;         // held while the step runs, also when this process is killed
};

namespace {

// What apptainer builds from a definition is one, too.
bool is_sif(const spec::Image& image) { return image.sif || image.definition; }

std::vector<std::string> sentences(std::string_view before, std::string_view after) {
  std::vector<std::string> out;
  for (const spec::SignatureChange& change : spec::compare_signature_texts(before, after)) {
    out.push_back(change.sentence());
  }
  return out;
}

std::vector<spec::Variable> secret_values(const spec::Step& step) {
  std::vector<spec::Variable> out;
  for (const std::string& name : step.secrets) {
    const auto value = environment_variable(name);
    if (!value) {
      throw user_error_at(step.location,
                          "Step " + step.name + ": the secret " + name + " is not set",
                          {"Set the environment variable " + name + " and build again."});
    }
    out.push_back({name, *value});
  }
  return out;
}

StepFiles make_files(const spec::Step& step) {
  StepFiles files = files_of(step);
  for (const char* name : {"/state", "/logs", "/work"}) make_directories(files.root + name);
  return files;
}

// True when every input still is what the signature says.
bool inputs_are_unchanged(const ResolvedStep& resolved, store::FileDigests& digests) {
  return std::all_of(resolved.inputs.begin(), resolved.inputs.end(),
                     [&](const ResolvedInput& input) {
                       if (input.directory) {
                         const auto tree = digests.tree(input.host);
                         return tree && tree->digest() == input.digest;
                       }
                       const auto content = digests.file(input.host);
                       return content && content->digest == input.digest;
                     });
}

// What the step made, as stored in the cache or, when the cache does not take it, as it lies in the
// work directory.
struct Made {
  store::Output output;
  std::string path;
  std::string final_path;
  std::optional<store::Tree> tree;  // of a directory
};

struct Harvest {
  std::vector<Made> made;
  bool stored = true;  // all of it is in the content store
};

Harvest harvest(const ResolvedStep& resolved, const std::string& work, bool store,
                store::Cache& cache) {
  Harvest out;
  for (const ResolvedOutput& declared : resolved.outputs) {
    Made made;
    made.path = path_in_work(work, declared.container);
    made.final_path = declared.host;
    made.output.path = declared.container;
    made.output.kind = declared.kind;
    if (declared.optional && !stat_link(made.path)) continue;
    if (declared.kind == store::OutputKind::kDirectory) {
      if (store) made.tree = cache.store_tree(made.path);
      if (!made.tree) out.stored = false;
      if (!made.tree) made.tree = cache.file_digests().tree(made.path);
      made.output.digest = made.tree->digest();
    } else {
      std::optional<Digest> digest;
      if (store) digest = cache.store_file(made.path);
      if (!digest) out.stored = false;
      const auto content = stat_link(made.path);
      made.output.executable = content->executable();
      made.output.digest = digest ? *digest : digest_of_file(made.path);
    }
    out.made.push_back(std::move(made));
  }
  return out;
}

std::vector<store::Output> outputs_of(const std::vector<Made>& made) {
  std::vector<store::Output> out;
  out.reserve(made.size());
  for (const Made& item : made) out.push_back(item.output);
  return out;
}

// Puts what differs in place; what is equal is not touched.
void publish(const ResolvedStep& resolved, const std::vector<Made>& made,
             const std::string& outputs_now, const std::string& trash, int64_t stamp,
             store::FileDigests& digests) {
  const std::vector<spec::SignatureChange> changes = spec::compare_signature_texts(
      outputs_now, describe_outputs(resolved, outputs_of(made)).text());
  for (const ResolvedOutput& declared : resolved.outputs) {
    const std::string key = "output " + quote(declared.container);
    const bool differs =
        std::any_of(changes.begin(), changes.end(),
                    [&](const spec::SignatureChange& change) { return change.after.key == key; });
    if (!differs) continue;
    const auto item = std::find_if(made.begin(), made.end(), [&](const Made& candidate) {
      return candidate.output.path == declared.container;
    });
    if (item == made.end()) {
      retract(declared.host);
    } else if (item->tree) {
      const auto info = stat_link(declared.host);
      const bool has_old = info && info->kind == FileKind::kDirectory;
      publish_directory(item->path, *item->tree, declared.host,
                        has_old ? digests.tree(declared.host) : std::nullopt, trash, stamp);
    } else {
      publish_file(item->path, declared.host, trash, stamp);
    }
  }
}

}  // namespace

std::string_view name_of(StepResult result) {
  switch (result) {
    case StepResult::kCurrent:
      return "current";
    case StepResult::kRestored:
      return "restored";
    case StepResult::kExecuted:
      return "executed";
    case StepResult::kFailed:
      return "failed";
    case StepResult::kInterrupted:
      return "interrupted";
  }
  throw internal_error("A step result without a name");
}

StepRunner::Task StepRunner::open_task(const spec::Step& step, Identities identities) {
  Task task{step, files_of(step), {}, {}, {}, {}, {}, {}, context_.clock.file_time(), "", "", ""};
  const bool as_written = identities == Identities::kAsWritten;
  if (step.image_spec) {
    task.image = spec::read_image(*step.image_spec);
    task.identity = as_written ? current_image_identity(*step.image_spec, context_.cache)
                               : identity_of_source(*step.image_spec, context_.cache);
  }
  if (step.env_spec) {
    task.env = spec::read_env(*step.env_spec);
    task.env_identity = as_written ? current_env_identity(*step.env_spec, context_.warn)
                                   : identity_of_lock(*step.env_spec);
  }
  task.resolved =
      resolve(step, task.identity ? &*task.identity : nullptr,
              task.env_identity ? &*task.env_identity : nullptr, context_.cache.file_digests());
  if (task.image && is_sif(*task.image)) task.resolved.signature.add("environment", "scripts");
  task.signature = task.resolved.signature.digest();
  task.state_signature = read_file_if_exists(task.files.state_signature).value_or("");
  task.state_outputs = read_file_if_exists(task.files.state_outputs).value_or("");
  task.outputs_now = describe_build_tree(task.resolved, context_.cache.file_digests()).text();
  return task;
}

bool StepRunner::is_current(const Task& task) {
  return task.resolved.repeatable && task.state_signature == task.resolved.signature.text() &&
         task.state_outputs == task.outputs_now;
}

std::vector<std::string> StepRunner::reasons_to_run(const Task& task) {
  if (task.state_signature.empty()) return {"there is no earlier result in this build directory"};
  std::vector<std::string> reasons =
      sentences(task.state_signature, task.resolved.signature.text());
  if (reasons.empty()) reasons = sentences(task.state_outputs, task.outputs_now);
  if (!task.resolved.repeatable) {
    reasons.push_back("a mount shows undeclared files, so the step runs every time");
  }
  return reasons;
}

StepForecast StepRunner::forecast(const spec::Step& step) {
  const Task task = open_task(step, Identities::kOfSources);
  StepForecast forecast;
  forecast.signature_text = task.resolved.signature.text();
  if (is_current(task)) return forecast;
  forecast.reasons = reasons_to_run(task);
  forecast.would_restore =
      task.resolved.cacheable && context_.cache.find_action(task.signature).has_value();
  forecast.would_execute = !forecast.would_restore;
  return forecast;
}

StepOutcome StepRunner::run(const spec::Step& step) {
  const StepFiles files = make_files(step);
  const FileLock lock(files.lock, [&] {
    context_.warn("step " + step.name + " is being run by another process; waiting for it");
  });
  Task task = open_task(step, Identities::kAsWritten);
  task.lock_fd = lock.descriptor();
  StepOutcome outcome;
  if (is_current(task)) {
    write_watch_list(task);
    return finish(task, std::move(outcome));
  }
  outcome.reasons = reasons_to_run(task);
  if (task.resolved.cacheable) {
    const auto result = context_.cache.find_action(task.signature);
    if (result && restore(task, *result)) {
      outcome.result = StepResult::kRestored;
      return finish(task, std::move(outcome));
    }
  }
  StepOutcome executed = execute(task);
  executed.reasons = std::move(outcome.reasons);
  return finish(task, std::move(executed));
}

bool StepRunner::restore(Task& task, const store::ActionResult& result) {
  const std::string trash = task.files.work + "/trash";
  remove_tree(task.files.work);
  make_directories(task.files.work);
  std::vector<Made> made;
  for (const ResolvedOutput& declared : task.resolved.outputs) {
    const auto found = std::find_if(
        result.outputs.begin(), result.outputs.end(),
        [&](const store::Output& output) { return output.path == declared.container; });
    if (found == result.outputs.end()) {
      if (!declared.optional) return false;
      continue;
    }
    if (found->kind != declared.kind) return false;
    Made item{*found, task.files.work + "/" + std::to_string(made.size()), declared.host, {}};
    if (found->kind == store::OutputKind::kDirectory) {
      item.tree = context_.cache.find_tree(found->digest);
      if (!item.tree) return false;
    }
    made.push_back(std::move(item));
  }
  const std::string wanted = describe_outputs(task.resolved, result.outputs).text();
  for (const spec::SignatureChange& change :
       spec::compare_signature_texts(task.outputs_now, wanted)) {
    for (const Made& item : made) {
      if (change.after.key != "output " + quote(item.output.path)) continue;
      if (!context_.cache.materialise(item.output, item.path)) return false;
    }
  }
  throw_if_stopped();
  publish(task.resolved, made, task.outputs_now, trash, task.started,
          context_.cache.file_digests());
  write_state(task, result.outputs);
  remove_tree(task.files.work);
  return true;
}

struct StepRunner::Stage {
  Execution execution;
  std::optional<ImageRoot> image;
  std::string env_image;  // the squashfs file of the conda environment; "" for none
};

StepRunner::Stage StepRunner::set_stage(const Task& task) {
  Stage stage;
  stage.execution.runner = context_.launcher.choose(task.step, {});
  stage.execution.work = task.files.work;
  stage.execution.lock_fd = task.lock_fd;
  stage.execution.secrets = secret_values(task.step);
  set_root(task, stage);
  if (task.env) {
    stage.env_image =
        env::built_image(*task.env, *task.env_identity, context_.cache, context_.warn);
  }
  return stage;
}

void StepRunner::set_root(const Task& task, Stage& stage) {
  if (!task.image) return;
  stage.image.emplace(provide_root(task.step, stage.execution.runner, *task.image, *task.identity,
                                   context_.cache, context_.warn));
  stage.execution.root = runner::Root{task.identity->identity, stage.image->path()};
  stage.execution.image_config = &task.identity->config;
  stage.execution.sif = is_sif(*task.image);
}

std::optional<ShownEnv> StepRunner::show_env(const Task& task, Stage& stage) {
  if (!task.env) return std::nullopt;
  ShownEnv shown = show_env_to(task.step, stage.execution.runner, *task.env, stage.env_image,
                               context_.cache, context_.warn);
  stage.execution.env = EnvPlace{shown.path(), task.env->prefix};
  return shown;
}

ExitStatus StepRunner::open_shell(const spec::Step& step, const std::vector<std::string>& argv) {
  const StepFiles files = make_files(step);
  const FileLock lock(files.lock);
  Task task = open_task(step, Identities::kAsWritten);
  task.lock_fd = lock.descriptor();
  task.resolved.argv = argv;
  Stage stage = set_stage(task);
  stage.execution.keep_work = exists(files.work);
  const auto env = show_env(task, stage);
  runner::Sandbox sandbox = set_up_sandbox(step, task.resolved, stage.execution);
  sandbox.terminal = true;
  const LaunchResult result =
      context_.launcher.run(step, stage.execution.runner, sandbox, context_.echo, nullptr);
  if (!stage.execution.keep_work) remove_tree(files.work);
  for (const auto& trouble : {result.start_failure, result.refusal}) {
    if (trouble) throw environment_error("The shell did not start: " + *trouble);
  }
  return result.status;
}

LaunchResult StepRunner::launch(const Task& task, Stage& stage, StepLog& log) {
  Execution& execution = stage.execution;
  std::vector<runner::Rejection> rejected;
  for (;;) {
    const auto env = show_env(task, stage);
    const runner::Sandbox sandbox = set_up_sandbox(task.step, task.resolved, execution);
    log.begin_attempt(sandbox.work_directory);
    LaunchResult result =
        context_.launcher.run(task.step, execution.runner, sandbox, log.out(), log.err());
    log.end_attempt();
    if (result.refusal) {
      rejected.push_back({execution.runner, *result.refusal, ""});
    } else if (result.start_failure) {
      rejected.push_back(
          context_.launcher.examine_failure(task.step, execution.runner, *result.start_failure));
    } else {
      return result;
    }
    execution.runner = context_.launcher.choose(task.step, rejected);
    set_root(task, stage);
  }
}

StepOutcome StepRunner::execute(Task& task) {
  StepOutcome outcome;
  Stage stage = set_stage(task);
  if (!task.resolved.repeatable) {
    context_.warn("step " + task.step.name +
                  " mounts undeclared files, so its result is not cached and it runs every time");
  }

  StepLog log(task.step, task.files.log, stage.execution.secrets, context_.echo);
  LaunchResult launched;
  bool succeeded = false;
  for (int attempt = 0; attempt <= task.step.retries && !succeeded; ++attempt) {
    if (attempt > 0) {
      context_.warn("step " + task.step.name + " failed (" + describe(launched.status, task.step) +
                    "); attempt " + std::to_string(attempt + 1) + " of " +
                    std::to_string(task.step.retries + 1));
    }
    launched = launch(task, stage, log);
    const ExitStatus& status = launched.status;
    if (status.interrupted) {
      outcome.result = StepResult::kInterrupted;
      remove_tree(task.files.work);
      return outcome;
    }
    const auto& codes = task.step.success_codes;
    succeeded = !status.timed_out && status.signal == 0 &&
                std::find(codes.begin(), codes.end(), status.code) != codes.end();
  }
  outcome.runner = name_of(stage.execution.runner);
  std::vector<std::string> problems;
  if (launched.program_failure) problems.push_back(*launched.program_failure);
  if (succeeded) problems = missing_outputs(task.resolved, task.files.work);
  if (succeeded && problems.empty()) {
    problems = normalise_outputs(task.resolved, task.files.work);
  }
  if (!succeeded || !problems.empty()) {
    outcome.result = StepResult::kFailed;
    outcome.failure =
        log.failure_report(succeeded ? "" : describe(launched.status, task.step), problems);
    return outcome;
  }

  const Harvest harvested =
      harvest(task.resolved, task.files.work, task.resolved.cacheable, context_.cache);
  const std::vector<store::Output> outputs = outputs_of(harvested.made);
  const bool unchanged = inputs_are_unchanged(task.resolved, context_.cache.file_digests());
  throw_if_stopped();
  outcome.result = StepResult::kExecuted;
  const int64_t now = context_.clock.file_time();
  if (!unchanged) {
    context_.warn("an input of step " + task.step.name +
                  " changed while it ran; its result is not cached and it will run again");
  } else if (task.resolved.cacheable && harvested.stored) {
    context_.cache.add_action(
        {task.signature, task.resolved.signature.text(), task.step.name, outcome.runner,
         task.started, (now - task.started) / 1'000'000, launched.status.code},
        {outputs});
  }
  publish(task.resolved, harvested.made, task.outputs_now, task.files.work + "/trash", task.started,
          context_.cache.file_digests());
  if (unchanged) {
    write_state(task, outputs);
  } else {
    remove_tree(task.files.state_signature);
  }
  remove_tree(task.files.work);
  return outcome;
}

void StepRunner::write_state(const Task& task, const std::vector<store::Output>& outputs) {
  write_file_if_changed(task.files.state_outputs, describe_outputs(task.resolved, outputs).text());
  write_file_if_changed(task.files.state_signature, task.resolved.signature.text());
  write_watch_list(task);
}

void StepRunner::write_watch_list(const Task& task) {
  std::vector<Watched> watched;
  for (const ResolvedInput& input : task.resolved.inputs) {
    watched.insert(watched.end(), input.watched.begin(), input.watched.end());
  }
  for (const ResolvedOutput& output : task.resolved.outputs) {
    const std::vector<Watched> below = watch_tree(output.host);
    watched.insert(watched.end(), below.begin(), below.end());
  }
  write_file_if_changed(task.files.watch, watch_list_text(watched, task.step.pass_environment));
  write_depfile(task.step, task.resolved);
}

StepOutcome StepRunner::finish(const Task& task, StepOutcome outcome) {
  outcome.signature = task.signature;
  outcome.duration =
      std::chrono::milliseconds((context_.clock.file_time() - task.started) / 1'000'000);
  JsonWriter line;
  line.begin_object();
  line.key("step").value(task.step.name);
  line.key("result").value(name_of(outcome.result));
  line.key("signature").value(outcome.signature.text());
  line.key("runner").value(outcome.runner);
  line.key("started_ns").value(task.started);
  line.key("duration_ms").value(static_cast<int64_t>(outcome.duration.count()));
  line.key("reasons").begin_array();
  for (const std::string& reason : outcome.reasons) line.value(reason);
  line.end_array();
  line.end_object();
  append_line(task.files.journal, line.text());
  return outcome;
}

}  // namespace cntr::build
