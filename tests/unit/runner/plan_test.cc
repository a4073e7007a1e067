// The exact commands that the planners of the other runners give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "plan_sandbox.h"
#include "runner/apptainer.h"
#include "runner/docker.h"
#include "runner/gpus.h"
#include "runner/host.h"
#include "runner/podman.h"

namespace cntr::runner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kHex = "0000000000000000000000000000000000000000000000000000000000000000";

Command docker(const Sandbox& sandbox) {
  return plan_docker(
      sandbox,
      {"/s/cntr-supervisor", "/usr/bin/docker", {"HOME=/home/ada", "DOCKER_HOST=unix:///d"}});
}

Command podman(const Sandbox& sandbox) {
  return plan_podman(sandbox,
                     {"/s/cntr-supervisor", "/usr/bin/podman", "/s/cntr-init", {"HOME=/home/ada"}});
}

Command apptainer(const Sandbox& sandbox, const std::string& prefix = "APPTAINERENV_") {
  return plan_apptainer(
      sandbox, {"/s/cntr-supervisor", "/usr/bin/apptainer", "/s/cntr-init", prefix, {"HOME=/h"}});
}

TEST(DockerPlanTest, AStep) {
  Sandbox step = plain_sandbox();
  step.environment = {"PATH=/bin", "A=1", "TOKEN=secret"};
  step.binds = {{"/h/a,\"b", "/src/a", false, false}, {"/h/out", "/build/out", true, true}};
  const Command command = docker(step);
  EXPECT_THAT(
      command.argv,
      ElementsAre("/s/cntr-supervisor", "--started", "/w/container-id", "--cleanup", "5",
                  "/usr/bin/docker", "rm", "--force", "--volumes", "cntr-step1", "--",
                  "/usr/bin/docker", "run", "--rm", "--init", "--name", "cntr-step1", "--cidfile",
                  "/w/container-id", "--pull", "never", "--log-driver", "none", "--network", "none",
                  "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--hostname", "cntr",
                  "--workdir", "/build/sub", "--user", "1000:100", "--read-only", "--mount",
                  "type=tmpfs,target=/src,readonly", "--mount",
                  "type=bind,source=/w/build,target=/build", "--mount",
                  "type=bind,source=/w/tmp,target=/tmp", "--mount",
                  "type=bind,\"source=/h/a,\"\"b\",target=/src/a,readonly", "--mount",
                  "type=bind,source=/h/out,target=/build/out", "--env", "A", "--env", "TOKEN",
                  "--env", "PWD", "--env", "HOSTNAME", "--env-file", "/dev/fd/3", "--entrypoint",
                  "tool", std::string("cntr/image:") + kHex, "", "-x"));
  EXPECT_THAT(command.environment, ElementsAre("HOME=/home/ada", "DOCKER_HOST=unix:///d", "A=1",
                                               "TOKEN=secret", "PWD=/build/sub"));
  EXPECT_EQ(command.extra_fd, "PATH=/bin\n");
}

TEST(DockerPlanTest, WhatAStepMayAskFor) {
  Sandbox step = plain_sandbox();
  step.network = spec::Network::kHost;
  step.writable_root = true;
  step.input_path = "/h/stdin";
  const Command command = docker(step);
  const std::string argv = join(command.argv, " ");
  EXPECT_THAT(argv, HasSubstr(" --network host "));
  EXPECT_THAT(argv, HasSubstr(" --interactive "));
  EXPECT_THAT(argv, ::testing::Not(HasSubstr("--read-only")));
  EXPECT_EQ(command.input_path, "/h/stdin");
  step.terminal = true;
  EXPECT_THAT(join(docker(step).argv, " "), HasSubstr(" --interactive --tty "));
}

TEST(DockerPlanTest, AVariableOfTheClientMustBeOneLine) {
  Sandbox step = plain_sandbox();
  step.environment = {"PATH=/bin\n/usr/bin"};
  try {
    docker(step);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "docker cannot pass the variable PATH: its value has more than one line or more "
                 "than 60,000 bytes");
  }
}

TEST(DockerPlanTest, Gpus) {
  Sandbox step = plain_sandbox();
  step.gpus = spec::Gpus{2};
  EXPECT_THAT(join(docker(step).argv, " "), HasSubstr(" --gpus 2 "));
  step.gpus = spec::Gpus{};
  EXPECT_THAT(join(docker(step).argv, " "), HasSubstr(" --gpus all "));
}

TEST(PodmanPlanTest, AStepOfAnOrdinaryUser) {
  Sandbox step = plain_sandbox();
  step.environment = {"PATH=/bin", "TOKEN=a secret"};
  step.argv = {"tool", "", "-x", "two words\xff"};
  step.binds = {{"/h/a,\"b", "/src/a", false, false}, {"/h/out", "/build/out", true, true}};
  const Command command = podman(step);
  const auto in = [](const std::string& name) {
    const std::string directory = "/tmp/cntr-step1/" + name;
    return "/usr/bin/podman --log-level fatal --root " + directory + "/root --runroot " +
           directory + "/run --tmpdir " + directory +
           "/tmp --storage-driver vfs --events-backend file";
  };
  const auto script = std::find(command.argv.begin(), command.argv.end(), "-c");
  ASSERT_NE(script, command.argv.end());
  const std::string removal = script[1];  // tested by what it leaves
  EXPECT_EQ(
      join(command.argv, " "),
      "/s/cntr-supervisor --scratch /tmp/cntr-step1 --started /w/container-pid --cleanup 18 sh "
      "-c " +
          removal + " /w/container-id cntr-step1 " + in("step") +
          " --finally 21 sh -c \"$@\"; rm -rf \"$0\" "
          "/tmp/cntr-step1 " +
          in("removal") + " unshare rm -rf /tmp/cntr-step1/step -- " + in("step") +
          " run --rm --name cntr-step1 --cidfile /w/container-id --pidfile /w/container-pid "
          "--log-driver none --network none"
          " --no-hosts --passwd=false --http-proxy=false --systemd=false --cap-drop ALL"
          " --security-opt no-new-privileges --security-opt label=disable --hostname cntr "
          "--workdir /"
          " --user 1000:100 --uidmap 1000:0:1 --uidmap 0:1:1 --gidmap 100:0:1 --gidmap 0:1:1"
          " --read-only --read-only-tmpfs=false --mount type=tmpfs,target=/src,ro"
          " --mount type=bind,source=/w/build,target=/build"
          " --mount type=bind,source=/w/tmp,target=/tmp"
          " --mount type=bind,source=/s/cntr-init,target=/run/cntr-init,ro"
          " --mount type=bind,\"source=/h/a,\"\"b\",target=/src/a,ro"
          " --mount type=bind,source=/h/out,target=/build/out --env CNTR_WORD_*"
          " --rootfs /img:O /run/cntr-init /build/sub tool  -x two%20words%FF");
  EXPECT_THAT(command.environment,
              ElementsAre("HOME=/home/ada", "CNTR_WORD_0=PATH=/bin", "CNTR_WORD_1=TOKEN=a%20secret",
                          "CNTR_WORD_2=PWD=/build/sub"));
}

TEST(PodmanPlanTest, RootNeedsNoUserNamespaceButForAUserOfTheImage) {
  Sandbox step = plain_sandbox();
  step.user = step.caller = {0, 0};
  const std::string plain = join(podman(step).argv, " ");
  EXPECT_THAT(plain, HasSubstr("/s/cntr-supervisor --private-mounts --scratch "));
  EXPECT_THAT(plain, HasSubstr(" --finally 3 rm -rf /tmp/cntr-step1 -- "));
  EXPECT_THAT(plain, HasSubstr(" --user 0:0 --read-only "));
  step.user = {33, 0};
  EXPECT_THAT(
      join(podman(step).argv, " "),
      HasSubstr(" --user 33:0 --uidmap 33:0:1 --uidmap 0:65534:1 --gidmap 0:0:1 --read-only "));
}

TEST(PodmanPlanTest, LongPathsAreShortenedByALinkWhereRuncNeedsIt) {
  Sandbox step = plain_sandbox();
  const std::string project = "/home/ada/" + std::string(200, 'p');
  for (int i = 0; i < 400; ++i) {
    const std::string name = "/d/" + std::to_string(i);
    step.binds.push_back({project + name, "/src" + name, false, false});
  }
  const std::string argv = join(podman(step).argv, " ");
  EXPECT_THAT(argv, HasSubstr(" --link /tmp/cntr-step1/in " + project + "/d "));
  EXPECT_THAT(argv,
              HasSubstr(" --mount type=bind,source=/tmp/cntr-step1/in/399,target=/src/d/399,ro "));
  EXPECT_EQ(runner_of(Kind::kPodman).refusal(step), "");
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "/d/x" + std::to_string(i);
    step.binds.push_back({project + name, "/src" + name, false, false});
  }
  EXPECT_EQ(runner_of(Kind::kPodman).refusal(step),
            "podman takes at most 64 KiB of paths of inputs: declare directories of them with "
            "INPUT_DIRECTORIES");
  step.user = step.caller = {0, 0};
  EXPECT_THAT(join(podman(step).argv, " "), ::testing::Not(HasSubstr("--link")));
  EXPECT_EQ(runner_of(Kind::kPodman).refusal(step), "");
}

TEST(PodmanPlanTest, WhatAStepMayAskFor) {
  Sandbox step = plain_sandbox();
  step.network = spec::Network::kHost;
  step.writable_root = true;
  step.input_path = "/h/stdin";
  step.gpus = spec::Gpus{2};
  const std::string argv = join(podman(step).argv, " ");
  EXPECT_THAT(argv, HasSubstr(" --network host "));
  EXPECT_THAT(argv, HasSubstr(" --mount type=bind,source=/etc/hosts,target=/etc/hosts,ro "));
  EXPECT_THAT(argv, HasSubstr(" --device nvidia.com/gpu=0 --device nvidia.com/gpu=1 "));
  EXPECT_THAT(argv, HasSubstr(" --interactive "));
  EXPECT_THAT(argv, ::testing::Not(HasSubstr("--read-only")));
  step.gpus = spec::Gpus{};
  step.terminal = true;
  const std::string shell = join(podman(step).argv, " ");
  EXPECT_THAT(shell, HasSubstr(" --device nvidia.com/gpu=all --interactive --tty --detach-keys  "));
  EXPECT_THAT(shell, HasSubstr("/s/cntr-supervisor --terminal --scratch "));
}

TEST(ApptainerPlanTest, AStep) {
  Sandbox step = plain_sandbox();
  step.environment = {"PATH=/bin", "TOKEN=$(a) secret"};
  step.binds = {{"/h/in put", "/src/in put", false, false}, {"/h/out", "/build/out", true, true}};
  const Command command = apptainer(step);
  EXPECT_THAT(command.argv,
              ElementsAre("/s/cntr-supervisor", "--", "/usr/bin/apptainer", "--silent", "exec",
                          "--containall", "--cleanenv", "--no-home", "--no-mount", "bind-paths",
                          "--hostname", "cntr", "--pwd", "/", "--net", "--network", "none",
                          "--mount", "type=bind,source=/s/cntr-init,target=/run/cntr-init,ro",
                          "--mount", "type=bind,source=/w/src,target=/src,ro", "--mount",
                          "type=bind,source=/w/build,target=/build", "--mount",
                          "type=bind,source=/w/tmp,target=/tmp", "--mount",
                          "type=bind,source=/h/in put,target=/src/in put,ro", "--mount",
                          "type=bind,source=/h/out,target=/build/out", "/img", "/run/cntr-init",
                          "/build/sub", "tool", "", "-x"));
  EXPECT_THAT(command.environment, ElementsAre("HOME=/h", "APPTAINERENV_CNTR_WORD_0=PATH=/bin",
                                               "APPTAINERENV_CNTR_WORD_1=TOKEN=%24%28a%29%20secret",
                                               "APPTAINERENV_CNTR_WORD_2=PWD=/build/sub"));
}

TEST(ApptainerPlanTest, SingularityHasOtherNamesForVariables) {
  EXPECT_THAT(
      apptainer(plain_sandbox(), "SINGULARITYENV_").environment,
      ElementsAre("HOME=/h", "SINGULARITYENV_CNTR_WORD_0=PATH=/bin",
                  "SINGULARITYENV_CNTR_WORD_1=A=1", "SINGULARITYENV_CNTR_WORD_2=PWD=/build/sub"));
}

TEST(ApptainerPlanTest, WhatAStepMayAskFor) {
  Sandbox step = plain_sandbox();
  step.user = step.caller = {0, 0};
  step.network = spec::Network::kHost;
  step.writable_root = true;
  step.terminal = true;
  step.gpus = spec::Gpus{2};
  const Command command = apptainer(step);
  const std::string argv = join(command.argv, " ");
  EXPECT_THAT(argv, HasSubstr(" --pwd / --no-privs --writable-tmpfs --nv --mount "));
  EXPECT_THAT(argv, ::testing::Not(HasSubstr("--net")));
  EXPECT_EQ(command.argv[1], "--terminal");
  EXPECT_THAT(command.environment,
              ::testing::IsSupersetOf({"APPTAINERENV_CNTR_WORD_2=CUDA_VISIBLE_DEVICES=0,1",
                                       "APPTAINERENV_CNTR_WORD_3=LD_LIBRARY_PATH=/.singularity.d/"
                                       "libs"}));
}

TEST(HostPlanTest, OfGpusTheFirstOnesAreVisible) {
  Sandbox step = plain_sandbox();
  step.root.reset();
  step.gpus = spec::Gpus{1};
  EXPECT_THAT(plan_host(step, "/s").environment, ::testing::Contains("CUDA_VISIBLE_DEVICES=0"));
  step.gpus = spec::Gpus{};
  EXPECT_THAT(join(plan_host(step, "/s").environment, " "),
              ::testing::Not(HasSubstr("CUDA_VISIBLE_DEVICES")));
}

TEST(HostPlanTest, RunsBelowTheSupervisor) {
  Sandbox step = plain_sandbox();
  step.root.reset();
  step.environment = {"PWD=/other", "A=1"};
  const Command command = plan_host(step, "/s/cntr-supervisor");
  EXPECT_THAT(command.argv, ElementsAre("/s/cntr-supervisor", "--", "tool", "", "-x"));
  EXPECT_THAT(command.environment, ElementsAre("A=1", "PWD=/build/sub"));
  EXPECT_EQ(command.directory, "/build/sub");
}

}  // namespace
}  // namespace cntr::runner
