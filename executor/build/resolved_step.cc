#include "build/resolved_step.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "build/sandbox_paths.h"

namespace cntr::build {
namespace {

constexpr std::string_view kFormat = "2026-1";

Error step_error(const spec::Step& step, const std::string& message,
                 std::vector<std::string> notes = {}) {
  return user_error_at(step.location, "Step " + step.name + ": " + message, std::move(notes));
}

std::string platform() {
  utsname names{};
  uname(&names);
  const std::string machine = names.machine;
  if (machine == "x86_64") return "linux/amd64";
  if (machine == "aarch64") return "linux/arm64";
  return "linux/" + machine;
}

// The path inside; host paths outside every root exist only for steps on the host.
std::string container_path(const spec::Step& step, const PathMap& paths, const std::string& host,
                           const char* what) {
  if (const auto path = paths.find(host)) return *path;
  if (!step.image_spec || step.allow_external) return host;
  throw step_error(step,
                   std::string(what) + " " + host +
                       " lies outside the source directory, the build directory and the mounts",
                   {"Declare its directory with cntr_add_mount() and write <mount>:<path>."});
}

std::vector<std::string> command_line(const spec::Step& step, const spec::ImageIdentity* image,
                                      const PathMap& paths) {
  std::vector<std::string> argv;
  if (image != nullptr) argv = image->config.entrypoint;
  std::vector<std::string> rest;
  for (const std::string& word : step.command) rest.push_back(paths.rewrite(word));
  if (rest.empty() && image != nullptr) rest = image->config.cmd;
  argv.insert(argv.end(), rest.begin(), rest.end());
  if (argv.empty() || argv.front().empty()) {
    throw step_error(step, "there is no command: the image has neither Entrypoint nor Cmd",
                     {"Give the step a COMMAND."});
  }
  return argv;
}

std::string working_directory(const spec::Step& step, const spec::ImageIdentity* image,
                              const PathMap& paths) {
  if (step.working_directory) {
    return paths.find(*step.working_directory).value_or(*step.working_directory);
  }
  if (image != nullptr && !image->config.working_dir.empty()) {
    return normal_path(image->config.working_dir, "/");
  }
  return container_path(step, paths, step.default_directory, "The directory");
}

std::vector<spec::Variable> variables_of(const spec::Step& step, const PathMap& paths) {
  std::vector<spec::Variable> out;
  for (const spec::Variable& variable : step.variables) {
    out.push_back({variable.name, paths.rewrite(variable.value)});
  }
  for (const std::string& name : step.pass_environment) {
    if (const auto value = environment_variable(name)) out.push_back({name, paths.rewrite(*value)});
  }
  return out;
}

ResolvedInput resolve_file(const spec::Step& step, const PathMap& paths, const std::string& host,
                           store::FileDigests& digests) {
  const auto content = digests.file(host);
  if (!content) {
    throw step_error(step, "the input " + host + " is not there",
                     {"Make it, or take it out of INPUTS."});
  }
  ResolvedInput input;
  input.host = host;
  input.container = container_path(step, paths, host, "The input");
  input.executable = content->executable;
  input.digest = content->digest;
  input.watched = {{host, true, content->stat}};
  return input;
}

ResolvedInput resolve_directory(const spec::Step& step, const PathMap& paths,
                                const std::string& host, store::FileDigests& digests) {
  std::vector<Watched> watched = watch_tree(host);
  const auto tree = digests.tree(host);
  if (!tree) {
    throw step_error(step, "the input directory " + host + " is not there",
                     {"Make it, or take it out of INPUT_DIRECTORIES."});
  }
  ResolvedInput input;
  input.host = host;
  input.container = container_path(step, paths, host, "The input directory");
  input.directory = true;
  input.digest = tree->digest();
  input.watched = std::move(watched);
  return input;
}

template <typename Item>
void sort_by_container_path(std::vector<Item>& items) {
  std::sort(items.begin(), items.end(),
            [](const Item& a, const Item& b) { return a.container < b.container; });
  items.erase(std::unique(items.begin(), items.end(),
                          [](const Item& a, const Item& b) { return a.container == b.container; }),
              items.end());
}

std::vector<ResolvedInput> resolve_inputs(const spec::Step& step, const PathMap& paths,
                                          store::FileDigests& digests) {
  std::vector<ResolvedInput> inputs;
  std::set<std::string> directories;
  for (const std::string& host : step.input_directories) {
    directories.insert(host);
    inputs.push_back(resolve_directory(step, paths, host, digests));
  }
  for (const std::string& host : step.inputs) {
    if (directories.count(host) > 0) continue;
    inputs.push_back(resolve_file(step, paths, host, digests));
  }
  if (step.stdin_path) inputs.push_back(resolve_file(step, paths, *step.stdin_path, digests));
  sort_by_container_path(inputs);
  return inputs;
}

std::vector<ResolvedOutput> resolve_outputs(const spec::Step& step, const PathMap& paths) {
  std::vector<ResolvedOutput> outputs;
  const auto add = [&](const std::string& host, store::OutputKind kind, bool optional) {
    outputs.push_back({host, container_path(step, paths, host, "The output"), kind, optional});
  };
  for (const std::string& host : step.outputs) add(host, store::OutputKind::kFile, false);
  for (const auto& capture : {step.stdout_path, step.stderr_path}) {
    if (capture) add(*capture, store::OutputKind::kFile, false);
  }
  for (const std::string& host : step.output_directories) {
    add(host, store::OutputKind::kDirectory, false);
  }
  for (const std::string& host : step.optional_outputs) add(host, store::OutputKind::kFile, true);
  sort_by_container_path(outputs);
  return outputs;
}

std::string search_path_of(const ResolvedStep& resolved) {
  std::string path(kDefaultSearchPath);
  for (const spec::Variable& variable : resolved.variables) {
    if (variable.name == "PATH") path = variable.value;
  }
  return path;
}

// "#!/usr/bin/env python3" -> {"/usr/bin/env", "python3"}; empty for a program that is no script.
std::vector<std::string> interpreters_of(const std::string& program) {
  constexpr size_t kLongestLine = 256;
  const UniqueFd fd = open_to_read(program);
  std::string head(kLongestLine, '\0');
  const ssize_t count = read(fd.get(), head.data(), head.size());
  head.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (head.compare(0, 2, "#!") != 0) return {};
  std::vector<std::string> words;
  for (const std::string& word : split(head.substr(2, head.find('\n') - 2), ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  const bool by_env = words.size() > 1 && base_name(words[0]) == "env";
  words.resize(std::min<size_t>(words.size(), by_env ? 2 : 1));
  return words;
}

// The host is identified by the tools that the step declares: the program of its command and, for a
// script, what interprets it.
//
// Whether a conda environment has a program of some name is not known before it is built: the
// host's, which the environment's would hide, counts in any case.
void add_host_tools(const spec::Step& step, const spec::EnvIdentity* env, ResolvedStep& resolved,
                    store::FileDigests& digests) {
  const std::string search_path = search_path_of(resolved);
  std::vector<std::string> names = {resolved.argv.front()};
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = names[i];
    if (path_below(name, std::string(kBuildRoot)) || path_below(name, std::string(kSourceRoot))) {
      continue;  // an input, and in the signature as one
    }
    if (env != nullptr && path_below(name, env->prefix)) continue;
    const auto program = find_program(name, search_path);
    if (!program) {
      if (env != nullptr && name.find('/') == std::string::npos) continue;
      throw step_error(step, "the program " + quote(name) + " is not found on this host",
                       {"Looked in " + search_path + "."});
    }
    const auto content = digests.file(*program);
    if (!content) throw step_error(step, "the program " + *program + " is not there");
    resolved.signature.add("tool", name, content->digest.text());
    if (i > 0) continue;
    for (const std::string& interpreter : interpreters_of(*program)) names.push_back(interpreter);
  }
}

void add_environment(const spec::Step& step, const spec::ImageIdentity* image,
                     const spec::EnvIdentity* env, ResolvedStep& resolved,
                     store::FileDigests& digests) {
  if (image != nullptr) {
    resolved.signature.add("image", image->identity.text());
  } else {
    resolved.signature.add("host", "tools");
    add_host_tools(step, env, resolved, digests);
  }
  if (env != nullptr) resolved.signature.add("env", env->identity.text());
}

void add_variables(const spec::Step& step, ResolvedStep& resolved) {
  std::vector<spec::Variable> sorted = resolved.variables;
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const spec::Variable& a, const spec::Variable& b) { return a.name < b.name; });
  std::set<std::string> names;
  for (const spec::Variable& variable : sorted) {
    names.insert(variable.name);
    resolved.signature.add("variable", variable.name, digest_of(variable.value).text());
  }
  for (const std::string& name : step.pass_environment) {
    if (names.insert(name).second) resolved.signature.add("variable", name, "unset");
  }
}

void add_mounts(const spec::Step& step, const PathMap& paths, ResolvedStep& resolved) {
  std::vector<spec::Mount> sorted = step.mounts;
  std::sort(sorted.begin(), sorted.end(),
            [](const spec::Mount& a, const spec::Mount& b) { return a.container < b.container; });
  for (const spec::Mount& mount : sorted) {
    resolved.signature.add("mount", mount.container,
                           std::string(spec::name_of(mount.mode)) + " " +
                               quote(container_path(step, paths, mount.host, "The mount")) +
                               (mount.undeclared ? " undeclared" : ""));
  }
}

void add_inputs_and_outputs(const spec::Step& step, const PathMap& paths, ResolvedStep& resolved) {
  for (const ResolvedInput& input : resolved.inputs) {
    const char* const kind = input.directory    ? "directory "
                             : input.executable ? "executable "
                                                : "file ";
    resolved.signature.add("input", input.container, kind + input.digest.text());
  }
  for (const ResolvedOutput& output : resolved.outputs) {
    const char* const kind = output.kind == store::OutputKind::kDirectory ? "directory"
                             : output.optional                            ? "optional file"
                                                                          : "file";
    resolved.signature.add("output", output.container, kind);
  }
  const auto add_stream = [&](const char* name, const std::optional<std::string>& path) {
    if (path) resolved.signature.add(name, quote(container_path(step, paths, *path, name)));
  };
  add_stream("stdin", step.stdin_path);
  add_stream("stdout", step.stdout_path);
  add_stream("stderr", step.stderr_path);
}

void add_contract(const spec::Step& step, ResolvedStep& resolved) {
  resolved.signature.add("network", spec::name_of(step.network));
  resolved.signature.add("root", step.writable_root ? "writable" : "read-only");
  resolved.signature.add("user", step.image_spec ? "image" : "caller");
  if (step.gpus) resolved.signature.add("gpus", "asked");
  std::vector<int> codes = step.success_codes;
  std::sort(codes.begin(), codes.end());
  std::vector<std::string> words;
  for (const int code : codes) words.push_back(std::to_string(code));
  resolved.signature.add("success", join(words, " "));
}

}  // namespace

ResolvedStep resolve(const spec::Step& step, const spec::ImageIdentity* image,
                     const spec::EnvIdentity* env, store::FileDigests& digests) {
  const PathMap paths = sandbox_paths(step);
  ResolvedStep resolved;
  resolved.argv = command_line(step, image, paths);
  resolved.directory = working_directory(step, image, paths);
  resolved.variables = variables_of(step, paths);
  resolved.inputs = resolve_inputs(step, paths, digests);
  resolved.outputs = resolve_outputs(step, paths);
  resolved.repeatable = std::none_of(step.mounts.begin(), step.mounts.end(),
                                     [](const spec::Mount& mount) { return mount.undeclared; });
  resolved.cacheable = step.cache && resolved.repeatable;

  resolved.signature.add("cntr-signature", kFormat);
  resolved.signature.add("platform", platform());
  add_environment(step, image, env, resolved, digests);
  for (size_t i = 0; i < resolved.argv.size(); ++i) {
    resolved.signature.add("argument", std::to_string(i), quote(resolved.argv[i]));
  }
  resolved.signature.add("directory", quote(resolved.directory));
  add_variables(step, resolved);
  add_inputs_and_outputs(step, paths, resolved);
  add_mounts(step, paths, resolved);
  add_contract(step, resolved);
  return resolved;
}

}  // namespace cntr::build
