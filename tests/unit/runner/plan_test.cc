// The exact commands that the planners give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "fake_tree.h"
#include "runner/apptainer.h"
#include "runner/bubblewrap.h"
#include "runner/docker.h"
#include "runner/gpus.h"
#include "runner/host.h"
#include "runner/podman.h"

namespace cntr::runner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kHex = "0000000000000000000000000000000000000000000000000000000000000000";

Sandbox sandbox() {
  Sandbox sandbox;
  sandbox.id = "step1";
  sandbox.argv = {"tool", "", "-x"};
  sandbox.environment = {"PATH=/bin", "A=1"};
  sandbox.directory = "/build/sub";
  sandbox.root = Root{Digest(), "/img"};
  sandbox.work_directory = "/w";
  sandbox.user = sandbox.caller = {1000, 100};
  return sandbox;
}

FakeTree image() {
  FakeTree tree;
  for (const char* path : {"/img", "/img/src", "/img/build", "/img/tmp", "/img/proc", "/img/dev",
                           "/img/opt", "/img/bin"}) {
    tree.add_directory(path);
  }
  return tree;
}

// The options that bwrap reads, one line for each option.
std::string options_of(const Command& command) {
  std::string text;
  for (const std::string& word : split(command.extra_fd.value(), '\0')) {
    if (word.starts_with("--")) {
      text += "\n" + word;
    } else {
      text += " " + word;
    }
  }
  return text.substr(1, text.size() - 2);
}

Command bubblewrap(const Sandbox& sandbox, const FakeTree& tree) {
  return plan_bubblewrap(sandbox, tree, {"/s/cntr-supervisor", "/usr/bin/bwrap"});
}

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

GpuFiles two_gpus() {
  return {{"/dev/nvidia0", "/dev/nvidia1"},
          {"/dev/nvidiactl", "/dev/nvidia-uvm"},
          {{"libcuda.so.1", "/usr/lib/x/libcuda.so.1"}}};
}

TEST(BubblewrapPlanTest, OrdinaryUserWithAnImage) {
  Sandbox step = sandbox();
  step.binds = {{"/h/in put", "/src/in put", false, false}, {"/h/out", "/build/out", true, true}};
  const Command command = bubblewrap(step, image());
  EXPECT_THAT(command.argv, ElementsAre("/s/cntr-supervisor", "--", "/usr/bin/bwrap", "--args", "3",
                                        "--", "tool", "", "-x"));
  EXPECT_THAT(command.environment, ElementsAre("PATH=/bin", "A=1"));
  EXPECT_EQ(options_of(command), R"(--die-with-parent
--unshare-pid
--unshare-ipc
--unshare-uts
--unshare-cgroup-try
--hostname cntr
--new-session
--unshare-net
--cap-drop ALL
--unshare-user
--uid 1000
--gid 100
--ro-bind /img /
--proc /proc
--dev /dev
--tmpfs /src
--bind /w/build /build
--bind /w/tmp /tmp
--ro-bind /h/in put /src/in put
--bind /h/out /build/out
--remount-ro /src
--chdir /build/sub)");
}

TEST(BubblewrapPlanTest, RootNeedsNoUserNamespaceUnlessItsIdChanges) {
  Sandbox step = sandbox();
  step.user = step.caller = {0, 0};
  EXPECT_THAT(options_of(bubblewrap(step, image())), ::testing::Not(HasSubstr("--unshare-user")));
  step.user = {7, 8};
  EXPECT_THAT(options_of(bubblewrap(step, image())),
              HasSubstr("\n--unshare-user\n--uid 7\n--gid 8\n"));
}

TEST(BubblewrapPlanTest, MountPointsThatTheImageLacks) {
  Sandbox step = sandbox();
  step.binds = {{"/h/data", "/opt/algorithm/input", false, true}};
  FakeTree tree = image();
  tree.add_file("/img/opt/readme");
  tree.add_link("/img/opt/link", "readme");
  EXPECT_THAT(options_of(bubblewrap(step, tree)), HasSubstr(R"(
--ro-bind /img /
--tmpfs /opt
--symlink readme /opt/link
--ro-bind /img/opt/readme /opt/readme
--proc /proc
--dev /dev
--tmpfs /src
--bind /w/build /build
--bind /w/tmp /tmp
--ro-bind /h/data /opt/algorithm/input
--remount-ro /src
--remount-ro /opt
--chdir)"));
}

TEST(BubblewrapPlanTest, WritableRootIsAnOverlay) {
  Sandbox step = sandbox();
  step.writable_root = true;
  const Command command = bubblewrap(step, image());
  EXPECT_THAT(command.argv,
              ElementsAre("/s/cntr-supervisor", "--overlay", "/img", "/w/overlay", "--",
                          "/usr/bin/bwrap", "--args", "3", "--", "tool", "", "-x"));
  EXPECT_THAT(options_of(command), HasSubstr("\n--bind /w/overlay/root /\n--proc /proc\n"));
}

// Ten inputs at /src/d and one in /build; a directory and a file in it, which follow each other.
Sandbox step_with_many_inputs() {
  Sandbox step = sandbox();
  step.binds = {{"/h/gen", "/build/gen", false, false}, {"/h/dir", "/src/d", false, true}};
  step.binds.push_back({"/h/other", "/src/d/file", false, false});
  for (char name = 'a'; name < 'k'; ++name) {
    step.binds.push_back({std::string("/h/") + name, std::string("/src/e/") + name, false, false});
  }
  return step;
}

TEST(BubblewrapPlanTest, TheSupervisorMountsManyInputs) {
  const Command command = plan_bubblewrap(step_with_many_inputs(), image(), {"/s", "/b", true});
  EXPECT_THAT(command.argv,
              ElementsAre("/s", "--inputs", "3", "/w/inputs", "5", "/w/tmp/.cntr-inputs", "--",
                          "/b", "--args", "3", "--", "tool", "", "-x"));
  const std::string words = join(split(command.extra_fd.value(), '\0'), " ");
  EXPECT_THAT(words, ::testing::StartsWith("/w/inputs /h/a e/a /h/b e/b /h/c e/c "));
  EXPECT_THAT(words, HasSubstr(" /h/j e/j  /w/build /h/gen gen   --die-with-parent "));
  EXPECT_THAT(options_of(command), ::testing::EndsWith(R"(
--bind /w/inputs /src
--bind /w/build /build
--bind /w/tmp /tmp
--ro-bind /h/dir /src/d
--ro-bind /h/other /src/d/file
--remount-ro /src
--file 5 /tmp/.cntr-inputs
--chdir /build/sub)"));
}

TEST(BubblewrapPlanTest, BubblewrapMountsManyInputsWhereTheSupervisorCannot) {
  const Command command = bubblewrap(step_with_many_inputs(), image());
  EXPECT_EQ(command.argv[1], "--");
  EXPECT_THAT(options_of(command), HasSubstr("\n--ro-bind /h/a /src/e/a\n"));
}

TEST(BubblewrapPlanTest, TheHostWithoutTheProject) {
  Sandbox step = sandbox();
  step.root.reset();
  step.hidden = {"/home/ada/p", "/home/ada/p/build"};
  FakeTree tree;
  for (const char* path : {"/", "/dev", "/home", "/home/ada", "/home/ada/p", "/home/ada/p/build",
                           "/proc", "/run", "/sys", "/tmp", "/usr"}) {
    tree.add_directory(path);
  }
  tree.add_link("/bin", "usr/bin");
  EXPECT_THAT(options_of(bubblewrap(step, tree)), HasSubstr(R"(
--symlink usr/bin /bin
--ro-bind /home /home
--ro-bind /usr /usr
--proc /proc
--dev /dev
--tmpfs /home/ada/p
--tmpfs /src
--bind /w/build /build
--bind /w/tmp /tmp
--remount-ro /src
--remount-ro /home/ada/p
--remount-ro /
--chdir /build/sub)"));
}

TEST(BubblewrapPlanTest, NetworkOfTheHostHasItsNames) {
  Sandbox step = sandbox();
  step.network = spec::Network::kHost;
  FakeTree tree = image();
  tree.add_file("/etc/resolv.conf");
  tree.add_directory("/img/etc");
  tree.add_file("/img/etc/resolv.conf");
  const std::string options = options_of(bubblewrap(step, tree));
  EXPECT_THAT(options, ::testing::Not(HasSubstr("--unshare-net")));
  EXPECT_THAT(options, HasSubstr("\n--ro-bind /etc/resolv.conf /etc/resolv.conf\n"));
}

TEST(BubblewrapPlanTest, VariablesOfTheLoaderDoNotReachBubblewrapItself) {
  Sandbox step = sandbox();
  step.environment = {"LD_PRELOAD=/build/x.so", "A=1"};
  const Command command = bubblewrap(step, image());
  EXPECT_THAT(command.environment, ElementsAre("A=1"));
  EXPECT_THAT(options_of(command), HasSubstr("\n--setenv LD_PRELOAD /build/x.so\n"));
}

TEST(BubblewrapPlanTest, AShellKeepsItsTerminal) {
  Sandbox step = sandbox();
  step.terminal = true;
  const Command command = bubblewrap(step, image());
  EXPECT_TRUE(command.inherit_terminal);
  EXPECT_EQ(command.argv[1], "--terminal");
  EXPECT_THAT(options_of(command), ::testing::Not(HasSubstr("--new-session")));
}

TEST(DockerPlanTest, AStep) {
  Sandbox step = sandbox();
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
  Sandbox step = sandbox();
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
  Sandbox step = sandbox();
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
  Sandbox step = sandbox();
  step.gpus = spec::Gpus{2};
  EXPECT_THAT(join(docker(step).argv, " "), HasSubstr(" --gpus 2 "));
  step.gpus = spec::Gpus{};
  EXPECT_THAT(join(docker(step).argv, " "), HasSubstr(" --gpus all "));
}

TEST(BubblewrapPlanTest, GpusAreNodesAndTheLibrariesOfTheDriver) {
  Sandbox step = sandbox();
  step.gpus = spec::Gpus{1};
  step.environment = {"LD_LIBRARY_PATH=/opt/lib"};
  FakeTree tree = image();
  tree.add_directory("/img/usr");
  tree.add_directory("/img/usr/local");
  const Command command = plan_bubblewrap(step, tree, {"/s", "/b", false, two_gpus()});
  const std::string options = options_of(command);
  EXPECT_THAT(options, HasSubstr("\n--dev /dev"
                                 "\n--dev-bind /dev/nvidia0 /dev/nvidia0"
                                 "\n--dev-bind /dev/nvidiactl /dev/nvidiactl"
                                 "\n--dev-bind /dev/nvidia-uvm /dev/nvidia-uvm\n"));
  EXPECT_THAT(options, ::testing::Not(HasSubstr("nvidia1")));
  EXPECT_THAT(options, HasSubstr("\n--ro-bind /usr/lib/x/libcuda.so.1 "
                                 "/usr/local/nvidia/lib64/libcuda.so.1\n"));
  EXPECT_THAT(options, HasSubstr("\n--setenv LD_LIBRARY_PATH /opt/lib:/usr/local/nvidia/lib64\n"));
  step.gpus.reset();
  EXPECT_THAT(options_of(plan_bubblewrap(step, tree, {"/s", "/b", false, two_gpus()})),
              ::testing::Not(HasSubstr("nvidia")));
}

TEST(BubblewrapPlanTest, AStepOnTheHostHasTheLibrariesOfTheDriverAlready) {
  Sandbox step = sandbox();
  step.root.reset();
  step.gpus = spec::Gpus{};
  FakeTree tree;
  tree.add_directory("/usr");
  const std::string options =
      options_of(plan_bubblewrap(step, tree, {"/s", "/b", false, two_gpus()}));
  EXPECT_THAT(options, HasSubstr("\n--dev-bind /dev/nvidia1 /dev/nvidia1\n"));
  EXPECT_THAT(options, ::testing::Not(HasSubstr("libcuda")));
}

TEST(PodmanPlanTest, AStepOfAnOrdinaryUser) {
  Sandbox step = sandbox();
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
  Sandbox step = sandbox();
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
  Sandbox step = sandbox();
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
  Sandbox step = sandbox();
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
  Sandbox step = sandbox();
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
      apptainer(sandbox(), "SINGULARITYENV_").environment,
      ElementsAre("HOME=/h", "SINGULARITYENV_CNTR_WORD_0=PATH=/bin",
                  "SINGULARITYENV_CNTR_WORD_1=A=1", "SINGULARITYENV_CNTR_WORD_2=PWD=/build/sub"));
}

TEST(ApptainerPlanTest, WhatAStepMayAskFor) {
  Sandbox step = sandbox();
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
  Sandbox step = sandbox();
  step.root.reset();
  step.gpus = spec::Gpus{1};
  EXPECT_THAT(plan_host(step, "/s").environment, ::testing::Contains("CUDA_VISIBLE_DEVICES=0"));
  step.gpus = spec::Gpus{};
  EXPECT_THAT(join(plan_host(step, "/s").environment, " "),
              ::testing::Not(HasSubstr("CUDA_VISIBLE_DEVICES")));
}

TEST(HostPlanTest, RunsBelowTheSupervisor) {
  Sandbox step = sandbox();
  step.root.reset();
  step.environment = {"PWD=/other", "A=1"};
  const Command command = plan_host(step, "/s/cntr-supervisor");
  EXPECT_THAT(command.argv, ElementsAre("/s/cntr-supervisor", "--", "tool", "", "-x"));
  EXPECT_THAT(command.environment, ElementsAre("A=1", "PWD=/build/sub"));
  EXPECT_EQ(command.directory, "/build/sub");
}

}  // namespace
}  // namespace cntr::runner
