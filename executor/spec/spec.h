// What a project declares: plain structs, one for each file format of docs/formats.md, and the
// functions that read and write them.
//
// Readers take hostile text: they throw a user Error at file:line:column for anything that is not
// in the format (unknown or repeated keys, wrong types, missing keys, bad units, relative paths,
// names that are not names), and never return a half-filled struct. Writers give text that the
// readers read back to an equal value. All functions are pure and thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"

namespace cntr::spec {

struct NamedMount {
  std::string name;
  std::string path;  // on the host

  bool operator==(const NamedMount&) const = default;
};

struct Variable {
  std::string name;
  std::string value;

  bool operator==(const Variable&) const = default;
};

enum class MountMode { kReadOnly, kReadWrite };

// MOUNTS: the host path appears at a fixed path inside as well. Inside it only what the step
// declares is visible, unless `undeclared`, which shows all of it and makes the step uncacheable.
struct Mount {
  std::string host;
  std::string container;
  MountMode mode = MountMode::kReadOnly;
  bool undeclared = false;

  bool operator==(const Mount&) const = default;
};

enum class Network { kNone, kHost };

// What starts a step, in the order in which Cntr looks for one that can.
enum class RunnerKind { kBubblewrap, kPodman, kApptainer, kSingularity, kDocker, kHost };
inline constexpr std::array kAllRunners = {RunnerKind::kBubblewrap, RunnerKind::kPodman,
                                           RunnerKind::kApptainer,  RunnerKind::kSingularity,
                                           RunnerKind::kDocker,     RunnerKind::kHost};

// GPUS: how many of the machine's graphics processors the step needs; nullopt: all.
struct Gpus {
  std::optional<int> count;

  bool operator==(const Gpus&) const = default;
};

struct Step {
  std::string name;
  Location location;
  std::string source_dir;
  std::string binary_dir;
  std::string configuration;  // of a multi-configuration generator; "" for any other
  std::vector<NamedMount> named_mounts;
  std::optional<std::string> image_spec;  // path of the image spec; nullopt: the host
  std::optional<std::string> env_spec;    // path of the spec of a conda environment
  std::vector<std::string> command;
  std::optional<std::string> working_directory;
  std::string default_directory;
  std::vector<std::string> inputs;
  std::vector<std::string> input_directories;
  std::vector<std::string> outputs;
  std::vector<std::string> output_directories;
  std::vector<std::string> optional_outputs;
  std::vector<Variable> variables;
  std::vector<std::string> pass_environment;
  std::vector<std::string> secrets;
  std::vector<Mount> mounts;
  std::optional<std::string> stdin_path;
  std::optional<std::string> stdout_path;
  std::optional<std::string> stderr_path;
  Network network = Network::kNone;
  bool writable_root = false;
  std::optional<std::chrono::milliseconds> timeout;
  std::vector<int> success_codes = {0};
  int retries = 0;
  bool cache = true;
  std::optional<RunnerKind> runner;  // nullopt: auto
  std::optional<Gpus> gpus;
  std::vector<std::string> labels;
  std::string comment;
  bool allow_external = false;
  bool exclude_from_all = false;  // built only when something asks for it
  std::optional<std::string> depfile;
  std::optional<std::string> depfile_target;

  // What `cntr -C` takes: <build>, or <build>/cntr/<configuration>.
  std::string workflow_place() const {
    return configuration.empty() ? binary_dir : binary_dir + "/cntr/" + configuration;
  }
  bool operator==(const Step&) const = default;
};

// PULL: when what is not in the cache may be fetched. With kAlways a reference floats: every build
// asks what it is now.
enum class PullPolicy { kMissing, kNever, kAlways };

// CONTAINERFILE: an image that the build makes.
struct ImageBuild {
  std::string containerfile;
  std::string context;                 // a directory
  std::string target;                  // a stage; "" for the last one
  std::vector<std::string> arguments;  // "NAME=value", in order
  std::optional<std::string> builder;  // podman, buildah or docker; nullopt: the first there is

  bool operator==(const ImageBuild&) const = default;
};

struct Image {
  std::string name;
  Location location;
  // Exactly one of these is set.
  std::optional<std::string> rootfs;
  std::optional<std::string> oci_layout;
  std::optional<std::string> reference;  // "docker://host/name:tag" and its like
  std::optional<std::string> archive;    // of docker save, or an OCI layout in a tar
  std::optional<std::string> sif;
  std::optional<ImageBuild> build;
  std::optional<std::string> definition;  // Apptainer's

  std::optional<std::string> tag;       // of an OCI layout
  std::optional<std::string> platform;  // "os/arch" or "os/arch/variant"; nullopt: the machine's
  PullPolicy pull = PullPolicy::kMissing;
  std::optional<std::string> lock;  // cntr.lock, of images that have to do with a registry
  bool locked = false;              // an unlocked reference is an error
  std::optional<std::string> depfile;
  std::optional<std::string> depfile_target;

  bool operator==(const Image&) const = default;
};

// The part of an OCI image config (image-spec v1.1, config.md) that decides how a step starts.
struct ImageConfig {
  std::vector<std::string> env;  // "NAME=value"
  std::string working_dir;       // "" when the image names none
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::string user;         // "", "uid", "uid:gid", "name", "name:group"
  std::string stop_signal;  // "", "SIGINT", "INT", "2"

  bool operator==(const ImageConfig&) const = default;
};

struct ImageIdentity {
  Digest identity;
  ImageConfig config;

  bool operator==(const ImageIdentity&) const = default;
};

// What becomes of the scripts that packages want to run when they are installed.
enum class LinkScripts {
  kRun,
  kRefuse,  // a package that has one is an error
  kIgnore,  // the package is taken, with a warning, and its script does not run
};

// ENVIRONMENT: what the lock of an environment is made from.
struct EnvRequest {
  std::string environment;            // an environment.yml
  std::string requirements;           // a requirements.txt; "" for none
  std::vector<std::string> channels;  // in place of those that the file names
  std::string solver = "auto";        // or the name or the absolute path of a program
  std::string installer;              // a path or a URL to install a solver from; "" for none
  bool locked = false;                // a lock that does not fit is an error
  std::string depfile;                // "" for none
  std::string depfile_target;
  // No declaration says these:
  std::string preferred_solver;  // the program of several, with "auto"; "" for none
  bool takes_unpinned = false;   // a URL of an installer without a sum, too

  bool operator==(const EnvRequest&) const = default;
};

// A conda environment, as a lock says.
struct Env {
  std::string name;
  Location location;
  std::string lock;
  std::optional<EnvRequest> request;         // nullopt: the lock is not Cntr's to make
  std::string platform;                      // conda's name of it; "" for that of this machine
  std::string lock_environment;              // of a pixi.lock; "" for its default one
  std::vector<std::string> lock_categories;  // of a conda-lock.yml; empty: its main one
  std::string prefix = "/opt/cntr/env";
  std::string compression = "zstd";  // as squashfs::parse_compression() reads it
  LinkScripts link_scripts = LinkScripts::kRun;

  bool operator==(const Env&) const = default;
};

struct EnvIdentity {
  Digest identity;
  std::string prefix;

  bool operator==(const EnvIdentity&) const = default;
};

struct WorkflowIndex {
  std::string source_dir;
  std::string binary_dir;
  std::vector<std::string> steps;
  std::vector<std::string> images;
  std::vector<std::string> envs;

  bool operator==(const WorkflowIndex&) const = default;
};

// `path` only names the text in messages.
Step parse_step(std::string_view text, const std::string& path);
Image parse_image(std::string_view text, const std::string& path);
ImageIdentity parse_image_identity(std::string_view text, const std::string& path);
Env parse_env(std::string_view text, const std::string& path);
EnvIdentity parse_env_identity(std::string_view text, const std::string& path);
WorkflowIndex parse_workflow_index(std::string_view text, const std::string& path);

// Read the file and parse it. A file that is not there is a user Error.
Step read_step(const std::string& path);
Image read_image(const std::string& path);
ImageIdentity read_image_identity(const std::string& path);
Env read_env(const std::string& path);
WorkflowIndex read_workflow_index(const std::string& path);

std::string write_image_identity(const ImageIdentity& identity);
std::string write_env_identity(const EnvIdentity& identity);

// Words of the formats.
std::string_view name_of(Network network);
std::string_view name_of(RunnerKind runner);
std::string_view name_of(MountMode mode);
std::string_view name_of(PullPolicy policy);

bool is_valid_name(std::string_view name);
// "linux/amd64", "linux/arm64/v8".
bool is_valid_platform(std::string_view text);

}  // namespace cntr::spec
