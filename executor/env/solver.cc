#include "env/solver.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/json_reader.h"
#include "base/process.h"
#include "base/stop_request.h"
#include "base/text.h"
#include "env/conda_meta.h"
#include "env/install_order.h"
#include "env/program_words.h"
#include "env/solver_install.h"

namespace cntr::env {
namespace {

constexpr size_t kLargestAnswer = 256U << 20U;

struct KindName {
  std::string_view name;
  SolverKind kind;
};
// In the order in which they are looked for.
constexpr std::array kKinds = {
    KindName{"micromamba", SolverKind::kMicromamba}, KindName{"mamba", SolverKind::kMamba},
    KindName{"conda", SolverKind::kConda}, KindName{"pixi", SolverKind::kPixi}};

std::string absolute_program(const std::string& program) {
  return normal_path(program, current_directory());
}

std::optional<Solver> solver_named(const std::string& name) {
  const auto program = find_program(name, search_path());
  if (!program) return std::nullopt;
  return Solver{absolute_program(*program), kind_of_solver(name)};
}

Solver solver_at(const std::string& path, const std::string& who_says) {
  if (const auto found = solver_named(path)) return *found;
  throw user_error(who_says + " " + quote(path) + " is no program that can be started");
}

std::string setting(const std::string& declared, const std::string& variable) {
  return declared.empty() ? environment_variable(variable).value_or("") : declared;
}

Error failure(const Solver& solver, std::vector<std::string> notes) {
  return user_error(solver.name() + " found no solution", std::move(notes));
}

struct Answer {
  ExitStatus status;
  std::string out;
  std::string err;
};

Answer ask(const Solver& solver, const std::vector<std::string>& words,
           const std::map<std::string, std::string>& variables) {
  Command command;
  command.argv = {solver.program};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  for (const std::string& variable : current_environment()) {
    const std::string name = variable.substr(0, variable.find('='));
    // Modules of the user's are for another Python than that of conda.
    if (name == "PYTHONPATH" || name == "PYTHONHOME") continue;
    if (!variables.contains(name)) command.environment.push_back(variable);
  }
  for (const auto& [name, value] : variables) command.environment.push_back(name + "=" + value);
  Answer out;
  const auto collect = [](std::string& to) {
    return [&to](std::string_view piece) {
      if (to.size() < kLargestAnswer) to += piece;
    };
  };
  out.status = run_process(command, {}, collect(out.out), collect(out.err));
  if (out.status.interrupted) throw Stopped();
  return out;
}

// The solver's own words about why there is no solution: those of its JSON, else what it printed.
std::vector<std::string> message_of(const Answer& answer) {
  std::vector<std::string> out = last_lines(answer.err);
  try {
    const JsonNode json = JsonNode::parse(answer.out, "the answer");
    std::vector<std::string> texts = optional_texts(json, "solver_problems");
    const std::string message = optional_text(json, "message");
    texts.insert(texts.begin(), message.empty() ? optional_text(json, "error") : message);
    for (const std::string& text : texts) {
      for (std::string& line : last_lines(text)) {
        if (std::find(out.begin(), out.end(), line) == out.end()) out.push_back(std::move(line));
      }
    }
  } catch (const Error&) {
    const std::vector<std::string> lines = last_lines(answer.out);
    out.insert(out.end(), lines.begin(), lines.end());
  }
  return out;
}

// A path counts from the environment.yml, since builds run in other directories.
std::vector<std::string> places_of_channels(const SolveRequest& request) {
  std::vector<std::string> out = request.channels;
  for (std::string& channel : out) {
    if (!channel.starts_with("./") && !channel.starts_with("../")) continue;
    channel = "file://" + normal_path(channel, parent_path(request.files.front()));
  }
  return out;
}

std::vector<LockedPackage> solve_as_conda(const Solver& solver, const SolveRequest& request,
                                          const std::string& scratch) {
  std::vector<std::string> words = {"create", "--dry-run", "--json",
                                    "--yes",  "--prefix",  scratch + "/env"};
  if (!request.default_channels) words.emplace_back("--override-channels");
  for (const std::string& channel : places_of_channels(request)) {
    words.insert(words.end(), {"--channel", channel});
  }
  words.insert(words.end(), request.packages.begin(), request.packages.end());
  std::map<std::string, std::string> variables = {{"CONDA_SUBDIR", request.platform}};
  // conda tells sums of packages only that it would download, so it may have none.
  if (solver.kind == SolverKind::kConda) variables["CONDA_PKGS_DIRS"] = scratch + "/pkgs";
  const Answer answer = ask(solver, words, variables);
  if (answer.status.code != 0) throw failure(solver, message_of(answer));
  return parse_solution(answer.out, "the answer of " + solver.name());
}

std::string yaml_list(const std::string& key, const std::vector<std::string>& texts) {
  std::string out = key + ":" + (texts.empty() ? " []\n" : "\n");
  for (const std::string& text : texts) out += "  - " + quote(text) + "\n";
  return out;
}

// pixi takes an environment.yml, without what is not for a solver.
std::vector<LockedPackage> solve_as_pixi(const Solver& solver, const SolveRequest& request,
                                         const std::string& scratch) {
  const std::string project = scratch + "/project";
  const std::string file = scratch + "/environment.yml";
  std::vector<std::string> channels = places_of_channels(request);
  if (!request.default_channels) channels.emplace_back("nodefaults");
  write_file_atomically(file, "name: environment\n" + yaml_list("channels", channels) +
                                  yaml_list("dependencies", request.packages));
  const Answer made =
      ask(solver, {"init", "--import", file, "--platform", request.platform, project}, {});
  if (made.status.code != 0) throw failure(solver, message_of(made));
  const Answer answer = ask(solver, {"lock", "--manifest-path", project + "/pixi.toml"}, {});
  if (answer.status.code != 0) throw failure(solver, message_of(answer));
  const std::string lock = project + "/pixi.lock";
  return parse_lock(read_file(lock), lock, {request.platform, "default", {}}).packages;
}

LockedPackage read_record(const JsonNode& record, const std::string& where) {
  LockedPackage out = package_of_url(record.at("url").text(), {where, 0, 0});
  const std::string sha256 = optional_text(record, "sha256");
  out.sha256 = Digest::parse(sha256);
  if (!sha256.empty() && !out.sha256) throw record.error("has a wrong SHA-256 sum");
  out.md5 = optional_text(record, "md5");
  const bool is_md5 =
      out.md5.size() == 32 && out.md5.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!out.md5.empty() && !is_md5) throw record.error("has a wrong MD5 sum");
  if (!out.sha256 && out.md5.empty()) throw record.error("has no checksum");
  out.depends = optional_texts(record, "depends");
  return out;
}

std::string dist_of(const JsonNode& record) {
  const std::string build = optional_text(record, "build_string");
  return record.at("name").text() + "-" + record.at("version").text() + "-" +
         (build.empty() ? record.at("build").text() : build);
}

std::vector<LockedPackage> ordered(std::vector<LockedPackage> packages) {
  std::vector<OrderedPackage> graph;
  for (const LockedPackage& package : packages) {
    graph.push_back({package.name, package.depends.value_or(std::vector<std::string>())});
  }
  std::vector<LockedPackage> out;
  for (const size_t place : install_order(graph)) out.push_back(std::move(packages[place]));
  return out;
}

}  // namespace

std::string Solver::name() const {
  for (const KindName& known : kKinds) {
    if (known.kind == kind) return std::string(known.name);
  }
  return "conda";
}

SolverKind kind_of_solver(std::string_view program) {
  const std::string name = base_name(std::string(program));
  for (const KindName& known : kKinds) {
    if (name.starts_with(known.name)) return known.kind;
  }
  return SolverKind::kConda;
}

Solver find_solver(const spec::EnvRequest& request, const std::string& directory,
                   const std::string& scratch, const WarningSink& tell) {
  if (request.solver != "auto") return solver_at(request.solver, "The solver");
  if (const auto path = environment_variable("CNTR_CONDA_EXE"); path && !path->empty()) {
    return solver_at(*path, "The solver that CNTR_CONDA_EXE names,");
  }
  std::vector<std::string> names = {request.preferred_solver};
  for (const KindName& known : kKinds) names.emplace_back(known.name);
  for (const std::string& name : names) {
    if (const auto found = solver_named(name)) return *found;
  }
  for (const char* const variable : {"MAMBA_EXE", "CONDA_EXE"}) {
    const auto found = solver_named(environment_variable(variable).value_or(""));
    if (found) return *found;
  }
  const std::string installer = setting(request.installer, "CNTR_CONDA_INSTALLER");
  if (!installer.empty()) {
    const std::string program =
        install_solver({installer, request.preferred_solver,
                        request.takes_unpinned ? UnpinnedUrl::kTaken : UnpinnedUrl::kRefused},
                       directory, scratch, tell);
    return {program, kind_of_solver(program)};
  }
  throw user_error(
      "There is no solver of conda packages here",
      {"Install micromamba, mamba, conda or pixi, or name one: CNTR_CONDA_EXE is a program,",
       "CNTR_CONDA_INSTALLER a local micromamba or an installer of Miniforge, or a URL with a sum.",
       "A lock that was made elsewhere needs none: LOCK of cntr_add_env(), -d of cntr env."});
}

std::vector<LockedPackage> solve(const Solver& solver, const SolveRequest& request,
                                 const std::string& scratch) {
  std::vector<LockedPackage> out = solver.kind == SolverKind::kPixi
                                       ? solve_as_pixi(solver, request, scratch)
                                       : solve_as_conda(solver, request, scratch);
  for (LockedPackage& package : out) package.url = public_url(package.url);
  return ordered(std::move(out));
}

std::vector<LockedPackage> parse_solution(std::string_view json, const std::string& where) {
  const JsonNode document = JsonNode::parse(json, where);
  // conda says of a solution without packages that nothing is to be done.
  const auto actions = document.find("actions");
  std::vector<LockedPackage> out;
  if (!actions) return out;
  std::map<std::string, JsonNode> fetched;
  if (const auto records = actions->find("FETCH")) {
    for (const JsonNode& record : records->elements()) fetched.emplace(dist_of(record), record);
  }
  if (const auto records = actions->find("LINK")) {
    for (const JsonNode& record : records->elements()) {
      const auto found = fetched.find(dist_of(record));
      out.push_back(read_record(found == fetched.end() ? record : found->second, where));
    }
  }
  return out;
}

}  // namespace cntr::env
