// The exact commands that the planner of bubblewrap gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "fake_tree.h"
#include "plan_sandbox.h"
#include "runner/bubblewrap.h"

namespace cntr::runner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

GpuFiles two_gpus() {
  return {{"/dev/nvidia0", "/dev/nvidia1"},
          {"/dev/nvidiactl", "/dev/nvidia-uvm"},
          {{"libcuda.so.1", "/usr/lib/x/libcuda.so.1"}}};
}

TEST(BubblewrapPlanTest, OrdinaryUserWithAnImage) {
  Sandbox step = plain_sandbox();
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
  Sandbox step = plain_sandbox();
  step.user = step.caller = {0, 0};
  EXPECT_THAT(options_of(bubblewrap(step, image())), ::testing::Not(HasSubstr("--unshare-user")));
  step.user = {7, 8};
  EXPECT_THAT(options_of(bubblewrap(step, image())),
              HasSubstr("\n--unshare-user\n--uid 7\n--gid 8\n"));
}

TEST(BubblewrapPlanTest, MountPointsThatTheImageLacks) {
  Sandbox step = plain_sandbox();
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
  Sandbox step = plain_sandbox();
  step.writable_root = true;
  const Command command = bubblewrap(step, image());
  EXPECT_THAT(command.argv,
              ElementsAre("/s/cntr-supervisor", "--overlay", "/img", "/w/overlay", "--",
                          "/usr/bin/bwrap", "--args", "3", "--", "tool", "", "-x"));
  EXPECT_THAT(options_of(command), HasSubstr("\n--bind /w/overlay/root /\n--proc /proc\n"));
}

// Ten inputs at /src/d and one in /build; a directory and a file in it, which follow each other.
Sandbox step_with_many_inputs() {
  Sandbox step = plain_sandbox();
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
  Sandbox step = plain_sandbox();
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
  Sandbox step = plain_sandbox();
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
  Sandbox step = plain_sandbox();
  step.environment = {"LD_PRELOAD=/build/x.so", "A=1"};
  const Command command = bubblewrap(step, image());
  EXPECT_THAT(command.environment, ElementsAre("A=1"));
  EXPECT_THAT(options_of(command), HasSubstr("\n--setenv LD_PRELOAD /build/x.so\n"));
}

TEST(BubblewrapPlanTest, AShellKeepsItsTerminal) {
  Sandbox step = plain_sandbox();
  step.terminal = true;
  const Command command = bubblewrap(step, image());
  EXPECT_TRUE(command.inherit_terminal);
  EXPECT_EQ(command.argv[1], "--terminal");
  EXPECT_THAT(options_of(command), ::testing::Not(HasSubstr("--new-session")));
}

TEST(BubblewrapPlanTest, GpusAreNodesAndTheLibrariesOfTheDriver) {
  Sandbox step = plain_sandbox();
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
  Sandbox step = plain_sandbox();
  step.root.reset();
  step.gpus = spec::Gpus{};
  FakeTree tree;
  tree.add_directory("/usr");
  const std::string options =
      options_of(plan_bubblewrap(step, tree, {"/s", "/b", false, two_gpus()}));
  EXPECT_THAT(options, HasSubstr("\n--dev-bind /dev/nvidia1 /dev/nvidia1\n"));
  EXPECT_THAT(options, ::testing::Not(HasSubstr("libcuda")));
}

}  // namespace
}  // namespace cntr::runner
