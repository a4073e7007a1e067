#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/spec.h"

namespace cntr::spec {
namespace {

using testing::ElementsAre;

// A complete step on the host; `extra` lines are added.
std::string step_text(const std::string& extra = "") {
  return "cntr: step\nversion: 1\nname: monthly\nsource_dir: /w\nbinary_dir: /w/build\n"
         "environment: {host: true}\ncommand: [awk]\n" +
         extra;
}

std::string error_of(const std::string& text) {
  try {
    parse_step(text, "s.yaml");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUser);
    return error.what();
  }
  return "";
}

TEST(StepSpec, Defaults) {
  const Step step = parse_step(step_text(), "s.yaml");
  EXPECT_EQ(step.name, "monthly");
  EXPECT_FALSE(step.image_spec);
  EXPECT_EQ(step.default_directory, "/w/build");
  EXPECT_EQ(step.workflow_place(), "/w/build");
  EXPECT_EQ(step.success_codes, std::vector<int>{0});
  EXPECT_EQ(step.network, Network::kNone);
  EXPECT_EQ(step.runner, std::nullopt);
  EXPECT_EQ(step.gpus, std::nullopt);
  EXPECT_TRUE(step.cache);
  EXPECT_FALSE(step.exclude_from_all);
  EXPECT_FALSE(step.timeout);
}

TEST(StepSpec, EveryKey) {
  const Step step = parse_step(R"(
cntr: step
version: 1
name: monthly
location: /w/CMakeLists.txt:12
source_dir: /w
binary_dir: /w/build
configuration: Debug
named_mounts:
  - {name: data, path: /srv/data}
environment: {image: /w/build/cntr/images/debian.yaml}
command: ["a\nb", "", "-x", "\x01"]
working_directory: /w/build/sub
default_directory: /w/build
inputs: ["/w/a b.csv"]
input_directories: [/w/d]
outputs: [/w/build/o]
output_directories: [/w/build/od]
optional_outputs: [/w/build/oo]
variables:
  - {name: LC_ALL, value: "C"}
pass_environment: [SEED]
secrets: [TOKEN]
mounts:
  - {host: /w/data, container: /opt/in, mode: rw, undeclared: true}
stdin: /w/in
stdout: /w/build/o
stderr: /w/build/e
network: host
writable_root: true
timeout: 10min
success_codes: [0, 3]
retries: 2
cache: false
runner: docker
gpus: 2
labels: [x]
comment: "Monthly: statistics"
allow_external: true
exclude_from_all: true
depfile: /w/build/d.d
depfile_target: o
)",
                               "s.yaml");
  EXPECT_EQ(step.location, (Location{"/w/CMakeLists.txt", 12, 0}));
  EXPECT_EQ(step.configuration, "Debug");
  EXPECT_EQ(step.workflow_place(), "/w/build/cntr/Debug");
  EXPECT_THAT(step.named_mounts, ElementsAre(NamedMount{"data", "/srv/data"}));
  EXPECT_EQ(step.image_spec, "/w/build/cntr/images/debian.yaml");
  EXPECT_THAT(step.command, ElementsAre("a\nb", "", "-x", "\x01"));
  EXPECT_EQ(step.working_directory, "/w/build/sub");
  EXPECT_THAT(step.inputs, ElementsAre("/w/a b.csv"));
  EXPECT_THAT(step.mounts, ElementsAre(Mount{"/w/data", "/opt/in", MountMode::kReadWrite, true}));
  EXPECT_EQ(step.stdin_path, "/w/in");
  EXPECT_EQ(step.network, Network::kHost);
  EXPECT_TRUE(step.writable_root);
  EXPECT_EQ(step.timeout, std::chrono::minutes(10));
  EXPECT_THAT(step.success_codes, ElementsAre(0, 3));
  EXPECT_EQ(step.retries, 2);
  EXPECT_FALSE(step.cache);
  EXPECT_EQ(step.runner, RunnerKind::kDocker);
  EXPECT_EQ(step.gpus, Gpus{2});
  EXPECT_TRUE(step.exclude_from_all);
  EXPECT_EQ(step.depfile_target, "o");
}

TEST(StepSpec, RunnersAndGpus) {
  for (const RunnerKind kind : kAllRunners) {
    const std::string line = "runner: " + std::string(name_of(kind)) + "\n";
    EXPECT_EQ(parse_step(step_text(line), "s.yaml").runner, kind);
  }
  EXPECT_EQ(parse_step(step_text("runner: auto\n"), "s.yaml").runner, std::nullopt);
  EXPECT_EQ(parse_step(step_text("gpus: all\n"), "s.yaml").gpus, Gpus{});
  EXPECT_EQ(error_of(step_text("runner: rkt\n")),
            "s.yaml:8:9: \"runner\" cannot be \"rkt\"\n  Known values: auto, bubblewrap, podman, "
            "apptainer, singularity, docker, host.");
  EXPECT_EQ(error_of(step_text("gpus: 0\n")),
            "s.yaml:8:7: Bad number of GPUs \"0\"\n  Expected a number from 1, or all.");
}

TEST(StepSpec, MistakesAreAnsweredWhereTheyAre) {
  EXPECT_EQ(error_of(""), "s.yaml: Expected one YAML document, found none");
  EXPECT_EQ(error_of("{a: b}\n---\n{c: d}\n"), "s.yaml: Expected one YAML document, found more");
  EXPECT_EQ(error_of(", a: b\n"), "s.yaml: Expected one YAML document, found more");
  EXPECT_EQ(error_of("a: [1"), "s.yaml:1:1: Not valid YAML: end of sequence flow not found");
  EXPECT_EQ(error_of("[]"), "s.yaml:1:1: Expected a mapping");
  EXPECT_EQ(error_of("cntr: image\n"),
            "s.yaml:1:7: Expected a file of kind \"step\", this is \"image\"");
  EXPECT_EQ(error_of("cntr: step\nversion: 2\n"),
            "s.yaml:2:10: Version 2 of this file is not known here\n  This Cntr reads version 1; "
            "configure the project again with the same Cntr that runs it.");
  EXPECT_EQ(error_of(step_text("colour: red\n")), "s.yaml:8:1: Unknown key \"colour\"");
  EXPECT_EQ(error_of(step_text("name: twice\n")), "s.yaml:8:1: Repeated key \"name\"");
  EXPECT_EQ(error_of(step_text("inputs: [rel]\n")),
            "s.yaml:8:10: \"inputs\" needs an absolute path, not \"rel\"");
  EXPECT_EQ(error_of(step_text("network: some\n")),
            "s.yaml:8:10: \"network\" cannot be \"some\"\n  Known values: none, host.");
  EXPECT_EQ(error_of(step_text("retries: -1\n")),
            "s.yaml:8:10: \"retries\" needs a whole number from 0 to 1000, not \"-1\"");
  EXPECT_EQ(error_of(step_text("timeout: soon\n")),
            "s.yaml:8:10: Bad duration \"soon\"\n  Write a positive whole number with a unit: "
            "500ms, 90s, 10min, 2h, 1d.");
  EXPECT_EQ(error_of(step_text("comment: [x]\n")), "s.yaml:8:10: Expected text for \"comment\"");
  EXPECT_EQ(error_of(step_text("outputs: \"\\0\"\n")),
            "s.yaml:8:10: Expected a list for \"outputs\"");
  EXPECT_EQ(error_of(step_text("outputs: [\"/a\\0\"]\n")),
            "s.yaml:8:11: A NUL character in \"outputs\"");
  EXPECT_EQ(error_of("cntr: step\nversion: 1\nname: ../x\n").substr(0, 27),
            "s.yaml:3:7: Bad name \"../x\"");
}

TEST(StepSpec, AnEnvironmentIsOneThing) {
  std::string text = step_text();
  text.replace(text.find("{host: true}"), 12, "{host: true, image: /i.yaml}");
  EXPECT_EQ(error_of(text), "s.yaml:6:34: The environment is either an image or the host");
}

TEST(StepSpec, DeepNestingIsAnErrorNotACrash) {
  EXPECT_NE(error_of("a: " + std::string(100'000, '[')), "");
}

TEST(ImageSpec, HasOneSource) {
  const std::string head = "cntr: image\nversion: 1\nname: i\n";
  EXPECT_EQ(parse_image(head + "rootfs: /r.tar\n", "i.yaml").rootfs, "/r.tar");
  EXPECT_THROW(parse_image(head, "i.yaml"), Error);
  EXPECT_THROW(parse_image(head + "rootfs: /r\noci_layout: /o\n", "i.yaml"), Error);
}

TEST(ImageIdentity, ReadsWhatItWrites) {
  ImageIdentity identity;
  identity.identity = digest_of("x");
  identity.config.env = {"PATH=/bin", "QUOTED=a \"b\" \\ $c\n"};
  identity.config.entrypoint = {"/entry", ""};
  identity.config.user = "1000:1000";
  identity.config.stop_signal = "SIGINT";
  EXPECT_EQ(parse_image_identity(write_image_identity(identity), "i"), identity);
}

TEST(StepSpec, AnEnvironmentOnTheHostOrInAnImage) {
  const auto step_in = [](const std::string& environment) {
    return parse_step(
        "cntr: step\nversion: 1\nname: s\nsource_dir: /w\nbinary_dir: /b\n"
        "environment: {" +
            environment + "}\ncommand: [awk]\n",
        "s.yaml");
  };
  EXPECT_EQ(step_in("host: true").env_spec, std::nullopt);
  EXPECT_EQ(step_in("host: true, env: /b/e.yaml").env_spec, "/b/e.yaml");
  EXPECT_EQ(step_in("host: true, env: /b/e.yaml").image_spec, std::nullopt);
  EXPECT_EQ(step_in("image: /b/i.yaml, env: /b/e.yaml").env_spec, "/b/e.yaml");
  EXPECT_THROW(step_in("env: /b/e.yaml"), Error);
  EXPECT_THROW(step_in("host: true, env: e.yaml"), Error);
}

std::string env_text(const std::string& extra) {
  return "cntr: env\nversion: 1\nname: tools\nlock: /w/tools.lock\n" + extra;
}

TEST(EnvSpec, Defaults) {
  const Env env = parse_env(env_text(""), "e.yaml");
  EXPECT_EQ(env.name, "tools");
  EXPECT_EQ(env.lock, "/w/tools.lock");
  EXPECT_EQ(env.platform, "");
  EXPECT_EQ(env.lock_environment, "");
  EXPECT_TRUE(env.lock_categories.empty());
  EXPECT_EQ(env.prefix, "/opt/cntr/env");
  EXPECT_EQ(env.compression, "zstd");
  EXPECT_EQ(env.link_scripts, LinkScripts::kRun);
}

TEST(EnvSpec, EveryKey) {
  const Env env = parse_env(env_text("location: /w/CMakeLists.txt:9\nplatform: linux-aarch64\n"
                                     "lock_environment: test\nlock_categories: [main, dev]\n"
                                     "prefix: /srv/e\ncompression: xz\nlink_scripts: ignore\n"),
                            "e.yaml");
  EXPECT_EQ(env.location, (Location{"/w/CMakeLists.txt", 9, 0}));
  EXPECT_EQ(env.platform, "linux-aarch64");
  EXPECT_EQ(env.lock_environment, "test");
  EXPECT_THAT(env.lock_categories, ElementsAre("main", "dev"));
  EXPECT_EQ(env.prefix, "/srv/e");
  EXPECT_EQ(env.compression, "xz");
  EXPECT_EQ(env.link_scripts, LinkScripts::kIgnore);
}

TEST(EnvSpec, RefusesWhatIsNoEnvironment) {
  EXPECT_THROW(parse_env("cntr: env\nversion: 1\nname: tools\n", "e.yaml"), Error);
  EXPECT_THROW(parse_env(env_text("prefix: e\n"), "e.yaml"), Error);
  EXPECT_THROW(parse_env(env_text("link_scripts: run\n"), "e.yaml"), Error);
  EXPECT_THROW(parse_env(env_text("solver: conda\n"), "e.yaml"), Error);
}

TEST(EnvIdentitySpec, WritesWhatItReads) {
  const EnvIdentity identity{digest_of("x"), "/opt/it's \"e\""};
  EXPECT_EQ(parse_env_identity(write_env_identity(identity), "e.identity"), identity);
}

TEST(WorkflowIndex, RefusesNamesThatLeaveTheDirectory) {
  EXPECT_THROW(parse_workflow_index("cntr: workflow\nversion: 1\nsource_dir: /w\nbinary_dir: /b\n"
                                    "steps: [../../etc/x]\n",
                                    "w"),
               Error);
}

TEST(Names, LettersDigitsAndAFewMarks) {
  EXPECT_TRUE(is_valid_name("a-b_c.d+1"));
  for (const char* bad : {"", "-a", ".a", "a/b", "a b", "\xc3\xa4"}) {
    EXPECT_FALSE(is_valid_name(bad)) << bad;
  }
  EXPECT_FALSE(is_valid_name(std::string(129, 'a')));
}

}  // namespace
}  // namespace cntr::spec
