#include <charconv>

#include "base/file_system.h"
#include "base/text.h"
#include "base/units.h"
#include "spec/spec.h"
#include "spec/yaml_map.h"

namespace cntr::spec {
namespace {

constexpr int kVersion = 1;

YamlMap open_document(std::string_view text, const std::string& path, std::string_view kind) {
  YamlMap map(parse_yaml_document(text, path), path);
  map.expect_header(kind, kVersion);
  return map;
}

std::string read_spec_file(const std::string& path) {
  if (auto text = read_file_if_exists(path)) return std::move(*text);
  throw user_error("There is no file " + path,
                   {"Configure the project first: cmake writes it into the build directory."});
}

// "CMakeLists.txt:12" or a file alone.
Location parse_location(const std::string& text) {
  const size_t colon = text.find_last_of(':');
  if (colon == std::string::npos) return {text, 0, 0};
  int line = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data() + colon + 1, end, line);
  if (failure != std::errc() || rest != end) return {text, 0, 0};
  return {text.substr(0, colon), line, 0};
}

std::string checked_name(const std::string& text) {
  if (is_valid_name(text)) return text;
  throw user_error("Bad name " + quote(text),
                   {"A name has letters, digits and _ . + -, starts with a letter, digit or _, and "
                    "is at most 128 characters long."});
}

std::string checked_platform(const std::string& text) {
  if (is_valid_platform(text)) return text;
  throw user_error("Bad platform " + quote(text), {"A platform is written linux/<architecture> or "
                                                   "linux/<architecture>/<variant>."});
}

std::string checked_variable_name(const std::string& text) {
  if (!text.empty() && text.find('=') == std::string::npos) return text;
  throw user_error("Bad variable name " + quote(text));
}

std::vector<std::string> variable_names(YamlMap& map, const std::string& key) {
  std::vector<std::string> names = map.strings(key);
  for (const std::string& name : names) {
    try {
      checked_variable_name(name);
    } catch (const Error& error) {
      throw map.error_at(key, error.message());
    }
  }
  return names;
}

Network parse_network(YamlMap& map) {
  return map.choice<Network>("network", Network::kNone,
                             {{"none", Network::kNone}, {"host", Network::kHost}});
}

std::optional<RunnerKind> parse_runner(YamlMap& map) {
  std::vector<std::pair<std::string_view, std::optional<RunnerKind>>> words = {
      {"auto", std::nullopt}};
  for (const RunnerKind kind : kAllRunners) words.emplace_back(name_of(kind), kind);
  return map.choice<std::optional<RunnerKind>>("runner", std::nullopt, words);
}

// "all" or a number.
std::optional<Gpus> parse_gpus(YamlMap& map) {
  if (!map.has("gpus")) return std::nullopt;
  return map.at("gpus", [](const std::string& text) {
    if (text == "all") return Gpus{};
    int count = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, failure] = std::from_chars(text.data(), end, count);
    if (failure != std::errc() || rest != end || count < 1) {
      throw user_error("Bad number of GPUs " + quote(text), {"Expected a number from 1, or all."});
    }
    return Gpus{count};
  });
}

void parse_environment(YamlMap map, Step& step) {
  step.image_spec = map.optional_path("image");
  step.env_spec = map.optional_path("env");
  const bool host = map.boolean("host", false);
  map.finish();
  if (step.image_spec.has_value() == host) {
    throw map.error_at("image", "The environment is either an image or the host");
  }
}

std::vector<NamedMount> parse_named_mounts(YamlMap& map) {
  std::vector<NamedMount> out;
  for (YamlMap& entry : map.maps("named_mounts")) {
    out.push_back({entry.at("name", checked_name), entry.path("path")});
    entry.finish();
  }
  return out;
}

std::vector<Variable> parse_variables(YamlMap& map) {
  std::vector<Variable> out;
  for (YamlMap& entry : map.maps("variables")) {
    out.push_back({entry.at("name", checked_variable_name), entry.string("value")});
    entry.finish();
  }
  return out;
}

std::vector<Mount> parse_mounts(YamlMap& map) {
  std::vector<Mount> out;
  for (YamlMap& entry : map.maps("mounts")) {
    Mount mount;
    mount.host = entry.path("host");
    mount.container = entry.path("container");
    mount.mode =
        entry.choice<MountMode>("mode", MountMode::kReadOnly,
                                {{"ro", MountMode::kReadOnly}, {"rw", MountMode::kReadWrite}});
    mount.undeclared = entry.boolean("undeclared", false);
    entry.finish();
    out.push_back(std::move(mount));
  }
  return out;
}

std::vector<int> parse_success_codes(YamlMap& map) {
  std::vector<int> out;
  for (const int64_t code : map.integers("success_codes", 0, 255)) {
    out.push_back(static_cast<int>(code));
  }
  if (out.empty()) out.push_back(0);
  return out;
}

Digest parse_digest_text(const std::string& text) {
  if (const auto digest = Digest::parse(text)) return *digest;
  throw user_error("Bad digest " + quote(text), {"Expected sha256: and 64 hexadecimal digits."});
}

PullPolicy parse_pull(YamlMap& map) {
  return map.choice<PullPolicy>("pull", PullPolicy::kMissing,
                                {{"missing", PullPolicy::kMissing},
                                 {"never", PullPolicy::kNever},
                                 {"always", PullPolicy::kAlways}});
}

std::optional<ImageBuild> parse_image_build(YamlMap& map) {
  ImageBuild build;
  build.containerfile = map.optional_path("containerfile").value_or("");
  build.context = map.optional_path("context").value_or(parent_path(build.containerfile));
  build.target = map.optional_string("target").value_or("");
  build.arguments = map.strings("build_args");
  if (map.has("builder")) {
    build.builder = map.choice<std::string>(
        "builder", "", {{"podman", "podman"}, {"buildah", "buildah"}, {"docker", "docker"}});
  }
  if (build.containerfile.empty()) return std::nullopt;
  return build;
}

// JSON's strings are YAML's double-quoted ones, and YAML knows \xNN as well.
std::string yaml_string(const std::string& text) { return quote(to_utf8(text)); }

std::string yaml_list(const std::vector<std::string>& items) {
  std::vector<std::string> words;
  words.reserve(items.size());
  for (const std::string& item : items) words.push_back(yaml_string(item));
  return "[" + join(words, ", ") + "]";
}

std::string installer_of(YamlMap& map) {
  const std::string text = map.optional_string("installer").value_or("");
  if (text.starts_with("https://") || text.starts_with("http://")) return text;
  return map.optional_path("installer").value_or("");
}

EnvRequest parse_env_request(YamlMap map) {
  EnvRequest request;
  request.environment = map.path("environment");
  request.requirements = map.optional_path("requirements").value_or("");
  request.channels = map.strings("channels");
  request.solver = map.optional_string("solver").value_or(request.solver);
  request.installer = installer_of(map);
  request.locked = map.boolean("locked", false);
  request.depfile = map.optional_path("depfile").value_or("");
  request.depfile_target = map.optional_string("depfile_target").value_or("");
  map.finish();
  return request;
}

}  // namespace

Step parse_step(std::string_view text, const std::string& path) {
  YamlMap map = open_document(text, path, "step");
  Step step;
  step.name = map.at("name", checked_name);
  step.location = parse_location(map.optional_string("location").value_or(""));
  step.source_dir = map.path("source_dir");
  step.binary_dir = map.path("binary_dir");
  if (map.has("configuration")) step.configuration = map.at("configuration", checked_name);
  step.named_mounts = parse_named_mounts(map);
  parse_environment(map.map("environment"), step);
  step.command = map.strings("command");
  step.working_directory = map.optional_path("working_directory");
  step.default_directory = map.optional_path("default_directory").value_or(step.binary_dir);
  step.inputs = map.paths("inputs");
  step.input_directories = map.paths("input_directories");
  step.outputs = map.paths("outputs");
  step.output_directories = map.paths("output_directories");
  step.optional_outputs = map.paths("optional_outputs");
  step.variables = parse_variables(map);
  step.pass_environment = variable_names(map, "pass_environment");
  step.secrets = variable_names(map, "secrets");
  step.mounts = parse_mounts(map);
  step.stdin_path = map.optional_path("stdin");
  step.stdout_path = map.optional_path("stdout");
  step.stderr_path = map.optional_path("stderr");
  step.network = parse_network(map);
  step.writable_root = map.boolean("writable_root", false);
  if (map.has("timeout")) step.timeout = map.at("timeout", parse_duration);
  step.success_codes = parse_success_codes(map);
  step.retries = static_cast<int>(map.integer("retries", 0, 0, 1000));
  step.cache = map.boolean("cache", true);
  step.runner = parse_runner(map);
  step.gpus = parse_gpus(map);
  step.labels = map.strings("labels");
  step.comment = map.optional_string("comment").value_or("");
  step.allow_external = map.boolean("allow_external", false);
  step.exclude_from_all = map.boolean("exclude_from_all", false);
  step.depfile = map.optional_path("depfile");
  step.depfile_target = map.optional_string("depfile_target");
  map.finish();
  if (!step.image_spec && step.command.empty()) {
    throw map.error_at("name", "A step on the host needs a command");
  }
  return step;
}

Image parse_image(std::string_view text, const std::string& path) {
  YamlMap map = open_document(text, path, "image");
  Image image;
  image.name = map.at("name", checked_name);
  image.location = parse_location(map.optional_string("location").value_or(""));
  image.rootfs = map.optional_path("rootfs");
  image.oci_layout = map.optional_path("oci_layout");
  image.reference = map.optional_string("reference");
  image.archive = map.optional_path("archive");
  image.sif = map.optional_path("sif");
  image.build = parse_image_build(map);
  image.definition = map.optional_path("definition");
  image.tag = map.optional_string("tag");
  if (map.has("platform")) image.platform = map.at("platform", checked_platform);
  image.pull = parse_pull(map);
  image.lock = map.optional_path("lock");
  image.locked = map.boolean("locked", false);
  image.depfile = map.optional_path("depfile");
  image.depfile_target = map.optional_string("depfile_target");
  map.finish();
  const int sources = int{image.rootfs.has_value()} + int{image.oci_layout.has_value()} +
                      int{image.reference.has_value()} + int{image.archive.has_value()} +
                      int{image.sif.has_value()} + int{image.build.has_value()} +
                      int{image.definition.has_value()};
  if (sources != 1) {
    throw map.error_at("name",
                       "An image has one source: rootfs, oci_layout, reference, archive, sif, "
                       "containerfile or definition");
  }
  return image;
}

ImageIdentity parse_image_identity(std::string_view text, const std::string& path) {
  YamlMap map = open_document(text, path, "image-identity");
  ImageIdentity identity;
  identity.identity = map.at("identity", parse_digest_text);
  YamlMap config = map.map("config");
  identity.config.env = config.strings("env");
  identity.config.working_dir = config.optional_string("working_dir").value_or("");
  identity.config.entrypoint = config.strings("entrypoint");
  identity.config.cmd = config.strings("cmd");
  identity.config.user = config.optional_string("user").value_or("");
  identity.config.stop_signal = config.optional_string("stop_signal").value_or("");
  config.finish();
  map.finish();
  return identity;
}

Env parse_env(std::string_view text, const std::string& path) {
  YamlMap map = open_document(text, path, "env");
  Env env;
  env.name = map.at("name", checked_name);
  env.location = parse_location(map.optional_string("location").value_or(""));
  env.lock = map.path("lock");
  if (map.has("request")) env.request = parse_env_request(map.map("request"));
  env.platform = map.optional_string("platform").value_or("");
  env.lock_environment = map.optional_string("lock_environment").value_or("");
  env.lock_categories = map.strings("lock_categories");
  env.prefix = map.optional_path("prefix").value_or(env.prefix);
  env.compression = map.optional_string("compression").value_or(env.compression);
  env.link_scripts = map.choice<LinkScripts>(
      "link_scripts", LinkScripts::kRun,
      {{"on", LinkScripts::kRun}, {"off", LinkScripts::kRefuse}, {"ignore", LinkScripts::kIgnore}});
  map.finish();
  return env;
}

EnvIdentity parse_env_identity(std::string_view text, const std::string& path) {
  YamlMap map = open_document(text, path, "env-identity");
  EnvIdentity identity;
  identity.identity = map.at("identity", parse_digest_text);
  identity.prefix = map.path("prefix");
  map.finish();
  return identity;
}

WorkflowIndex parse_workflow_index(std::string_view text, const std::string& path) {
  YamlMap map = open_document(text, path, "workflow");
  WorkflowIndex index;
  index.source_dir = map.path("source_dir");
  index.binary_dir = map.path("binary_dir");
  index.steps = map.strings("steps");
  index.images = map.strings("images");
  index.envs = map.strings("envs");
  map.finish();
  for (const auto* names : {&index.steps, &index.images, &index.envs}) {
    for (const std::string& name : *names) {
      if (!is_valid_name(name)) throw user_error_at({path, 0, 0}, "Bad name " + quote(name));
    }
  }
  return index;
}

Step read_step(const std::string& path) { return parse_step(read_spec_file(path), path); }

Image read_image(const std::string& path) { return parse_image(read_spec_file(path), path); }

ImageIdentity read_image_identity(const std::string& path) {
  return parse_image_identity(read_spec_file(path), path);
}

Env read_env(const std::string& path) { return parse_env(read_spec_file(path), path); }

WorkflowIndex read_workflow_index(const std::string& path) {
  return parse_workflow_index(read_spec_file(path), path);
}

std::string write_image_identity(const ImageIdentity& identity) {
  const ImageConfig& config = identity.config;
  return "cntr: image-identity\nversion: " + std::to_string(kVersion) +
         "\nidentity: " + identity.identity.text() + "\nconfig:\n  env: " + yaml_list(config.env) +
         "\n  working_dir: " + yaml_string(config.working_dir) +
         "\n  entrypoint: " + yaml_list(config.entrypoint) + "\n  cmd: " + yaml_list(config.cmd) +
         "\n  user: " + yaml_string(config.user) + "\n" +
         (config.stop_signal.empty() ? ""
                                     : "  stop_signal: " + yaml_string(config.stop_signal) + "\n");
}

std::string write_env_identity(const EnvIdentity& identity) {
  return "cntr: env-identity\nversion: " + std::to_string(kVersion) +
         "\nidentity: " + identity.identity.text() + "\nprefix: " + yaml_string(identity.prefix) +
         "\n";
}

}  // namespace cntr::spec
