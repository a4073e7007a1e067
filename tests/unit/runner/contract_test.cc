// What a step sees in an image, whichever runner runs it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "sandbox_test.h"

namespace cntr::runner {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ContractTest : public SandboxTest, public ::testing::WithParamInterface<Kind> {
 protected:
  void SetUp() override {
    require(GetParam());
    if (IsSkipped() || HasFatalFailure()) return;
    SandboxTest::SetUp();
  }

  Outcome run(const Sandbox& sandbox, const RunLimits& limits = {}) {
    return SandboxTest::run(GetParam(), sandbox, limits);
  }
  std::string output_of(const Sandbox& sandbox) {
    const Outcome outcome = run(sandbox);
    EXPECT_EQ(outcome.status, ExitStatus{});
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }
  // An outcome of true or false.
  bool succeeds(const std::string& script) { return run(shell(script)).status.code == 0; }
};

INSTANTIATE_TEST_SUITE_P(, ContractTest,
                         ::testing::Values(Kind::kBubblewrap, Kind::kPodman, Kind::kDocker),
                         [](const auto& instance) { return std::string(name_of(instance.param)); });

TEST_P(ContractTest, ArgumentsArriveByteByByte) {
  EXPECT_EQ(output_of(sandbox({"/bin/printf", "[%s]", "", "a  b", "-n", "--", "--rm", "$x;'\"\\`",
                               "line\nbreak\ttab", "@/x", "a,b=c", "\xc3\xa9"})),
            "[][a  b][-n][--][--rm][$x;'\"\\`][line\nbreak\ttab][@/x][a,b=c][\xc3\xa9]");
}

TEST_P(ContractTest, TheCommandIsFoundOnTheStepsPath) {
  EXPECT_EQ(output_of(sandbox({"cat", "/etc/image"})), "this image\n");
}

TEST_P(ContractTest, OutputAndErrorStayApart) {
  const Outcome outcome = run(shell("echo out; echo err >&2"));
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.err, "err\n");
}

TEST_P(ContractTest, StartsInItsDirectory) {
  Sandbox step = shell("pwd; echo $PWD");
  step.directory = "/build/a b";
  make_directories(step.work_directory + "/build/a b");
  EXPECT_EQ(output_of(step), "/build/a b\n/build/a b\n");
}

TEST_P(ContractTest, EnvironmentIsExactlyWhatIsGiven) {
  setenv("CNTR_OF_THE_CALLER", "visible", 1);
  Sandbox step = sandbox({"env"});
  step.environment = {"A=1",          "B= two  words ", "C=",           "D=x=y,\"z\"",
                      "E=line\nnext", "HOME=/build",    "PATH=/bin:/x", "DOCKER_HOST=of the step",
                      "LANG=C.UTF-8"};
  std::vector<std::string> lines = split(output_of(step), '\n');
  unsetenv("CNTR_OF_THE_CALLER");
  std::vector<std::string> expected = {"",
                                       "A=1",
                                       "B= two  words ",
                                       "C=",
                                       "D=x=y,\"z\"",
                                       "E=line",
                                       "next",
                                       "HOME=/build",
                                       "PATH=/bin:/x",
                                       "DOCKER_HOST=of the step",
                                       "LANG=C.UTF-8",
                                       "PWD=/build"};
  std::sort(lines.begin(), lines.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(lines, expected);
}

TEST_P(ContractTest, ValuesOfVariablesAreOnNoCommandLine) {
  Sandbox step = sandbox({"env"});
  step.environment = {"PATH=/bin", "TOKEN=the-secret-value"};
  const Command command = runner_of(GetParam()).plan(step);
  EXPECT_THAT(join(command.argv, " "), ::testing::Not(HasSubstr("the-secret-value")));
  EXPECT_THAT(command.environment, ::testing::Contains(EndsWith("TOKEN=the-secret-value")));
}

TEST_P(ContractTest, TheCallerOwnsWhatIsWritten) {
  Sandbox step = shell("id -u; id -g; echo made > /build/file; mkdir /build/dir");
  EXPECT_EQ(output_of(step), std::to_string(getuid()) + "\n" + std::to_string(getgid()) + "\n");
  for (const char* name : {"/build/file", "/build/dir"}) {
    struct stat info;
    ASSERT_EQ(stat((step.work_directory + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, getuid());
    EXPECT_EQ(info.st_gid, getgid());
  }
}

TEST_P(ContractTest, OnlyDeclaredInputsAreThere) {
  Sandbox step = shell("cd /src && find . -type f && cat a/b/c.txt");
  step.binds = {{input("c.txt", "content"), "/src/a/b/c.txt", false, false}};
  input("not-declared.txt", "x");
  EXPECT_EQ(output_of(step), "./a/b/c.txt\ncontent");
}

TEST_P(ContractTest, InputsCannotBeWritten) {
  const std::string file = input("c.txt", "content");
  Sandbox step = shell(
      "touch /src/new; mkdir /src/a/new; echo x > /src/a/c.txt; rm /src/a/c.txt;"
      "chmod 777 /src/a/c.txt; mount -o remount,rw /src; umount /src; touch /src/d/new; ls /src/d");
  step.binds = {{file, "/src/a/c.txt", false, false}, {path("inputs"), "/src/d", false, true}};
  EXPECT_EQ(run(step).out, "c.txt\n");
  EXPECT_EQ(read_file(file), "content");
  EXPECT_EQ(stat_file(file)->mode, 0644U);
}

TEST_P(ContractTest, SourceDirectoryIsNotWritableInAWritableRoot) {
  Sandbox step = shell("touch /src/new");
  step.writable_root = true;
  EXPECT_NE(run(step).status.code, 0);
}

TEST_P(ContractTest, TheRootCannotBeWritten) {
  EXPECT_FALSE(succeeds("touch /new"));
  EXPECT_FALSE(succeeds("touch /etc/new"));
  EXPECT_FALSE(succeeds("echo x > /etc/image"));
  EXPECT_FALSE(exists(root() + "/new"));
}

TEST_P(ContractTest, AWritableRootIsThrownAway) {
  Sandbox step = shell(
      "echo new > /opt/new && echo changed > /etc/image && rm /etc/passwd && mkdir /opt/d &&"
      "cat /opt/new /etc/image && echo made > /build/file");
  step.writable_root = true;
  // The docker image belongs to root.
  if (GetParam() == Kind::kDocker && getuid() != 0) GTEST_SKIP() << "the image belongs to root";
  EXPECT_EQ(output_of(step), "new\nchanged\n");
  EXPECT_FALSE(exists(root() + "/opt/new"));
  EXPECT_TRUE(exists(root() + "/etc/passwd"));
  EXPECT_EQ(read_file(root() + "/etc/image"), "this image\n");
  EXPECT_EQ(stat_file(step.work_directory + "/build/file")->uid, getuid());
  EXPECT_EQ(output_of(shell("cat /etc/image; ls /opt")), "this image\n");
  remove_tree(step.work_directory);
  EXPECT_FALSE(exists(step.work_directory));
}

TEST_P(ContractTest, TemporaryFilesArePrivate) {
  const std::string name = "/tmp/" + marker("private");
  write_file_atomically(name, "of the host");
  const Outcome outcome = run(shell("ls /tmp; echo x > /tmp/mine && cat /tmp/mine"));
  unlink(name.c_str());
  EXPECT_EQ(outcome.out, "x\n");
}

TEST_P(ContractTest, BuildIsEmptyAndWritable) {
  EXPECT_EQ(output_of(shell("ls -A /build; echo x > /build/out; cat /build/out")), "x\n");
}

TEST_P(ContractTest, TheHostIsNotVisible) {
  EXPECT_EQ(output_of(shell("cat /etc/passwd")), "someone:x:1:1::/:/bin/sh\n");
  EXPECT_FALSE(succeeds("ls /home || ls /root || ls /usr"));
  EXPECT_FALSE(succeeds("ls /dev/vda /dev/sda /dev/mem /dev/kmsg 2>/dev/null | grep ."));
}

TEST_P(ContractTest, OtherProcessesAreNotVisible) {
  const Outcome outcome = run(shell("cd /proc && ls -d [0-9]* | wc -l"));
  EXPECT_LE(std::stoi(outcome.out), 6);
}

TEST_P(ContractTest, NoNetworkButLoopback) {
  EXPECT_EQ(output_of(shell("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '")), "lo\n");
  EXPECT_EQ(output_of(shell("grep -c @ /proc/net/unix || true")), "0\n");
}

TEST_P(ContractTest, NetworkOfTheHostWhenAsked) {
  Sandbox step = shell("readlink /proc/self/ns/net; cat /etc/hosts");
  step.network = spec::Network::kHost;
  EXPECT_EQ(output_of(step), read_link("/proc/self/ns/net") + "\n" + read_file("/etc/hosts"));
}

TEST_P(ContractTest, NoCapabilitiesAndNoNewOnes) {
  EXPECT_EQ(output_of(shell("grep -E '^(CapEff|CapPrm|NoNewPrivs)' /proc/self/status")),
            "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");
}

TEST_P(ContractTest, HostNameIsTheSameEverywhere) {
  EXPECT_EQ(output_of(shell("hostname")), "cntr\n");
}

TEST_P(ContractTest, InputIsTheFileOrNothing) {
  EXPECT_EQ(output_of(shell("cat")), "");
  Sandbox step = shell("cat");
  step.input_path = input("stdin", "some\nbytes");
  EXPECT_EQ(output_of(step), "some\nbytes");
}

TEST_P(ContractTest, ExitCodesAreTheSteps) {
  const int stride = GetParam() == Kind::kDocker ? 85 : 5;
  for (int code = 0; code < 256; code += stride) {
    const Outcome outcome = run(shell("exit " + std::to_string(code)));
    EXPECT_EQ(outcome.status, (ExitStatus{.code = code}));
    EXPECT_EQ(runner_of(GetParam()).start_failure(outcome.status, outcome.err), std::nullopt);
  }
}

TEST_P(ContractTest, SignalsAreReportedAsTheShellDoes) {
  EXPECT_EQ(run(shell("kill -SEGV $$")).status.code, 139);
  EXPECT_EQ(run(shell("kill -KILL $$")).status.code, 137);
  EXPECT_EQ(run(shell("kill -TERM $$")).status.code, 143);
}

TEST_P(ContractTest, AMissingCommandIsTheStepsFailure) {
  const Outcome outcome = run(sandbox({"/bin/none"}));
  EXPECT_NE(outcome.status.code, 0);
  const std::string complaint(runner_of(GetParam()).complaint_of_program());
  EXPECT_THAT(outcome.err, StartsWith(complaint));
  EXPECT_THAT(outcome.err, EndsWith(": No such file or directory\n"));
  EXPECT_EQ(runner_of(GetParam()).start_failure(outcome.status, outcome.err), std::nullopt);
}

TEST_P(ContractTest, AMissingInputIsAFailureToStart) {
  Sandbox step = shell("true");
  step.binds = {{path("none"), "/src/none", false, false}};
  const Outcome outcome = run(step);
  const auto failure = runner_of(GetParam()).start_failure(outcome.status, outcome.err);
  ASSERT_TRUE(failure) << outcome.err;
  EXPECT_THAT(*failure, HasSubstr(path("none")));
}

TEST_P(ContractTest, WhatIsLeftInTheBackgroundIsGoneAtTheEnd) {
  const std::string word = marker("background");
  const Outcome outcome = run(shell("(setsid sh -c 'sleep 1000; : " + word +
                                    "' </dev/null >/dev/null 2>&1 &) ; sleep 0.1; echo done"));
  EXPECT_FALSE(process_with(word));
  EXPECT_EQ(outcome.out, "done\n");
}

TEST_P(ContractTest, TheTimeLimitEndsEverything) {
  const std::string word = marker("limit");
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome =
      run(shell("trap '' TERM; (setsid sh -c 'trap \"\" TERM; sleep 1000; : " + word +
                "' &) ; sleep 1000; sleep 1000; : " + word),
          {.timeout = milliseconds(1500)});
  EXPECT_TRUE(outcome.status.timed_out);
  EXPECT_NE(outcome.status.code, 0);
  EXPECT_TRUE(eventually([&] { return !process_with(word); }));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_P(ContractTest, NothingOutlivesAKilledCaller) {
  const std::string word = marker("killed");
  Sandbox step = shell("(setsid sh -c 'sleep 1000; : " + word +
                       "' &); echo x > /build/started; sleep 1000; : " + word);
  kill_runner_of(GetParam(), step, [&] { return exists(step.work_directory + "/build/started"); });
  EXPECT_TRUE(eventually([&] { return !process_with(word) && !process_with(step.id); }));
}

TEST_P(ContractTest, HundredsOfInputs) {
  const int count = GetParam() == Kind::kDocker ? 100 : 500;
  Sandbox step = shell("cat /src/d/* | wc -l");
  for (int i = 0; i < count; ++i) {
    const std::string name = std::to_string(i);
    step.binds.push_back({input(name, name + "\n"), "/src/d/" + name, false, false});
  }
  EXPECT_EQ(output_of(step), std::to_string(count) + "\n");
}

TEST_P(ContractTest, PathsMayHaveAnyName) {
  Sandbox step = shell("cd /src; for f in *; do printf '[%s]' \"$f\"; cat -- \"$f\"; done");
  const std::vector<std::string> names = {" spaces ",    "--flag",     "a,b=c",
                                          "line\nbreak", "quo\"te'\\", "$x:y;z"};
  std::vector<std::string> expected;
  for (const std::string& name : names) {
    step.binds.push_back({input(name, "<" + name + ">"), "/src/" + name, false, false});
    expected.push_back("[" + name + "]<" + name + ">");
  }
  const std::string out = output_of(step);
  for (const std::string& part : expected) EXPECT_THAT(out, HasSubstr(part));
  EXPECT_EQ(out.size(), join(expected, "").size());
}

TEST_P(ContractTest, MountsNeedNoMountPointInTheImage) {
  Sandbox step = shell(
      "cat /opt/algorithm/input/x /mnt/data/deep/x /etc/extra /etc/image /new; ls /bin/sh;"
      "echo out > /opt/algorithm/output/file; touch /opt/new /etc/new /newer 2>/dev/null; ls /opt");
  const std::string file = input("x", "x\n");
  make_directories(path("out"));
  step.binds = {{file, "/etc/extra", false, false},
                {path("inputs"), "/mnt/data/deep", false, true},
                {file, "/new", false, false},
                {path("inputs"), "/opt/algorithm/input", false, true},
                {path("out"), "/opt/algorithm/output", true, true}};
  EXPECT_EQ(run(step).out, "x\nx\nx\nthis image\nx\n/bin/sh\nalgorithm\n");
  EXPECT_EQ(read_file(path("out/file")), "out\n");
  EXPECT_FALSE(exists(root() + "/new"));
  EXPECT_FALSE(exists(root() + "/opt/algorithm"));
}

TEST_P(ContractTest, MountsInsideMounts) {
  Sandbox step = shell("cat /opt/in/deep/x /tmp/deep/x; ls /opt/in");
  make_directories(path("outer"));
  const std::string file = input("x", "x\n");
  step.binds = {{path("outer"), "/opt/in", true, true},
                {file, "/opt/in/deep/x", false, false},
                {file, "/tmp/deep/x", false, false}};
  EXPECT_EQ(output_of(step), "x\nx\ndeep\n");
  remove_tree(path("outer"));
  EXPECT_FALSE(exists(path("outer")));
}

TEST_P(ContractTest, FilesInBuildCanBeBound) {
  Sandbox step = shell("cat /build/gen/x; echo y > /build/gen/y; echo z > /build/gen/x");
  make_directories(step.work_directory + "/build/gen");
  write_file_atomically(step.work_directory + "/build/gen/x", "");
  const std::string file = input("x", "x\n");
  step.binds = {{file, "/build/gen/x", false, false}};
  EXPECT_EQ(run(step).out, "x\n");
  EXPECT_EQ(read_file(step.work_directory + "/build/gen/y"), "y\n");
  EXPECT_EQ(read_file(file), "x\n");
}

TEST_P(ContractTest, AShellHasTheTerminalAndSurvivesCtrlC) {
  const Outcome outcome = run_at_terminal(
      GetParam(), sandbox({"/bin/sh", "-i"}),
      {"test -t 0 && test -t 1 && echo $((6 * 7))\n", "\x03", "echo $((7 * 7)); exit 5\n"});
  EXPECT_EQ(outcome.status.code, 5) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("\n42\r"));
  EXPECT_THAT(outcome.out, HasSubstr("\n49\r"));
}

TEST_P(ContractTest, NoDescriptorsAreInherited) {
  const int leaked = open("/dev/null", O_RDONLY);
  EXPECT_EQ(output_of(shell("for fd in 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$fd && echo $fd; done;"
                            "true")),
            "");
  close(leaked);
}

}  // namespace
}  // namespace cntr::runner
