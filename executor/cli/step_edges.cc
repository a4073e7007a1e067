#include "cli/step_edges.h"

#include <algorithm>
#include <utility>

#include "base/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/step_commands.h"

namespace cntr::cli {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kAnd = " && ";

// "cmake -E cmake_transform_depfile Ninja gccdepfile ...": CMake writes it behind commands with a
// depfile.
bool is_depfile_transformation(const Words& words) {
  return words.size() > 4 && words[1] == "-E" && words[2] == "cmake_transform_depfile";
}

std::optional<StepCommand> parse_words(const Words& words) {
  const auto starts_with = [&](std::initializer_list<std::string_view> expected) {
    return words.size() == expected.size() + 2 &&
           std::equal(expected.begin(), expected.end(), words.begin() + 1);
  };
  StepCommand command;
  if (starts_with({"run", "--die-with-parent"})) {
    command.kind = StepCommand::Kind::kRun;
  } else if (starts_with({"image", "prepare"})) {
    command.kind = StepCommand::Kind::kPrepareImage;
  } else if (starts_with({"check"})) {
    command.kind = StepCommand::Kind::kCheck;
  } else {
    return std::nullopt;
  }
  command.program = words.front();
  command.path = words.back();
  const bool is_whole = command.program.starts_with('/') && command.path.starts_with('/');
  return is_whole ? std::optional(command) : std::nullopt;
}

// "/b/cntr/steps/a.yaml" -> {"/b/cntr", "a"} for the folder "steps".
std::optional<std::pair<std::string, std::string>> place_of(const std::string& spec,
                                                            std::string_view folder) {
  constexpr std::string_view kSuffix = ".yaml";
  const std::string parent = parent_path(spec);
  const std::string name = base_name(spec);
  if (base_name(parent) != folder || !name.ends_with(kSuffix)) return std::nullopt;
  return std::pair(parent_path(parent), name.substr(0, name.size() - kSuffix.size()));
}

// The shell in which CMake's commands run, and every process that cntr-ninja starts, sets these
// anew. A step that wants to see them is left to a process.
bool sees_its_shell(const spec::Step& step) {
  const std::vector<std::string>& names = step.pass_environment;
  return std::any_of(names.begin(), names.end(),
                     [](const std::string& name) { return name == "PWD" || name == "OLDPWD"; });
}

}  // namespace

std::optional<StepCommand> parse_step_command(const std::string& command) {
  std::vector<Words> parts;
  std::string last;
  for (size_t begin = 0; begin <= command.size();) {
    const size_t end = std::min(command.find(kAnd, begin), command.size());
    last = command.substr(begin, end - begin);
    const bool is_cd = parts.empty() && last.starts_with("cd ");
    // direct_words() leaves builtins to the shell.
    std::optional<Words> words = engine::direct_words(is_cd ? "/" + last : last);
    if (!words || parts.size() == 3) return std::nullopt;
    parts.push_back(std::move(*words));
    begin = end + kAnd.size();
  }
  const bool has_directory = parts.front().front() == "/cd";
  if (has_directory && (parts.front().size() != 2 || parts.size() < 2)) return std::nullopt;
  const size_t at = has_directory ? 1 : 0;
  std::optional<StepCommand> found = parse_words(parts[at]);
  if (!found) return std::nullopt;
  if (has_directory) found->directory = parts.front()[1];
  if (parts.size() == at + 1) return found;
  if (parts.size() > at + 2 || !is_depfile_transformation(parts.back())) return std::nullopt;
  found->then = has_directory ? "cd " + shell_quoted(found->directory) + std::string(kAnd) : "";
  found->then += last;
  return found;
}

// What a step needs for itself while it runs, and leaves to the next one: an open cache.
class StepEdges::Worker {
 public:
  explicit Worker(store::KnownDigests& known) : known_(known) {}

  const Console& console() const { return console_; }
  Session& session() {
    if (!session_) {
      session_.emplace(console_);
      session_->cache().file_digests().share(known_);
    }
    return *session_;
  }
  std::string take_text() { return std::exchange(text_, ""); }

 private:
  store::KnownDigests& known_;
  std::string text_;
  const OutputSink append_ = [this](std::string_view bytes) { text_ += bytes; };
  const Console console_{append_, append_};
  std::optional<Session> session_;
};

StepEdges::StepEdges(std::optional<std::string> program, store::KnownDigests& known)
    : program_(program ? stat_file(*program) : std::nullopt), known_(known) {}

StepEdges::~StepEdges() = default;

bool StepEdges::is_our_program(const std::string& program) {
  if (!program_) return false;
  const auto [entry, is_new] = programs_.try_emplace(program, false);
  if (is_new) {
    const std::optional<FileStat> stat = stat_file(program);
    entry->second = stat && stat->device == program_->device && stat->inode == program_->inode;
  }
  return entry->second;
}

const StepEdges::Index& StepEdges::index_in(const std::string& directory) {
  const std::string path = directory + "/workflow.yaml";
  const std::optional<FileStat> stat = stat_file(path);
  const auto [entry, is_new] = indexes_.try_emplace(directory);
  if (!is_new && entry->second.stat == stat) return entry->second;
  entry->second = {stat, {}, {}};
  if (!stat) return entry->second;
  try {
    const spec::WorkflowIndex index = spec::read_workflow_index(path);
    entry->second.steps = {index.steps.begin(), index.steps.end()};
    entry->second.images = {index.images.begin(), index.images.end()};
  } catch (const Error&) {
    // Nothing is recognised then; `cntr check`, which runs before every step, says what is wrong.
  }
  return entry->second;
}

bool StepEdges::is_in_index(const StepCommand& command) {
  if (command.kind == StepCommand::Kind::kCheck) return !index_in(command.path).steps.empty();
  const bool is_step = command.kind == StepCommand::Kind::kRun;
  const auto place = place_of(command.path, is_step ? "steps" : "images");
  if (!place) return false;
  const Index& index = index_in(place->first);
  return (is_step ? index.steps : index.images).contains(place->second);
}

std::optional<engine::Job> StepEdges::find(const std::string& text) {
  const std::optional<StepCommand> command = parse_step_command(text);
  if (!command) return std::nullopt;
  const bool is_ours = is_our_program(command->program) && is_in_index(*command) &&
                       (command->directory.empty() || exists(command->directory));
  if (!is_ours) return std::nullopt;
  return engine::Job{[this, command = *command] { return carry_out(command); }, command->then};
}

engine::Job::End StepEdges::carry_out(const StepCommand& command) {
  std::unique_ptr<Worker> worker = take_worker();
  engine::Job::End end;
  end.code = guarded(worker->console(), [&] {
    switch (command.kind) {
      case StepCommand::Kind::kRun: {
        const spec::Step step = spec::read_step(command.path);
        end.declined = sees_its_shell(step);
        if (end.declined) return 0;
        return run_step(step, worker->session(), worker->console(), /*verbose=*/false);
      }
      case StepCommand::Kind::kPrepareImage:
        return prepare_image(command.path, worker->session().cache());
      case StepCommand::Kind::kCheck:
        return check_steps(command.path);
    }
    throw internal_error("an unknown kind of step command");
  });
  end.output = worker->take_text();
  give_back(std::move(worker));
  return end;
}

std::unique_ptr<StepEdges::Worker> StepEdges::take_worker() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Worker>(known_);
  std::unique_ptr<Worker> worker = std::move(idle_.back());
  idle_.pop_back();
  return worker;
}

void StepEdges::give_back(std::unique_ptr<Worker> worker) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
}

std::optional<std::string> cntr_beside_this_program() {
  const std::string self = read_link("/proc/self/exe");
  if (!exists(self)) return std::nullopt;  // "... (deleted)"
  const std::string path = parent_path(self) + "/cntr";
  return find_program(path, "");
}

}  // namespace cntr::cli
