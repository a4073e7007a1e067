// What only bubblewrap does: any byte, other ids inside, hostile images, steps on the host.
#include "runner/bubblewrap.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "base/text.h"
#include "sandbox_test.h"

namespace cntr::runner {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BubblewrapTest : public SandboxTest {
 protected:
  void SetUp() override {
    require(Kind::kBubblewrap);
    if (IsSkipped() || HasFatalFailure()) return;
    SandboxTest::SetUp();
  }
  Outcome run(const Sandbox& sandbox, const RunLimits& limits = {}) {
    return SandboxTest::run(Kind::kBubblewrap, sandbox, limits);
  }
};

// As many inputs as make cntr-supervisor mount them, below /src/many.
void add_many_inputs(Sandbox& step, const std::string& file, int count = 100) {
  for (int i = 0; i < count; ++i) {
    step.binds.push_back({file, "/src/many/" + std::to_string(i), false, false});
  }
}

TEST_F(BubblewrapTest, AnyByteInArgumentsVariablesAndPaths) {
  Sandbox step = shell("printf '[%s]' \"$1\" \"$V\"; cat /src/*");
  step.argv.insert(step.argv.end(), {"sh", "\xff\x01\r\n"});
  step.environment.push_back("V=\x80\xfe\n");
  step.binds = {{input("\xfe\r\n", "content"), "/src/\xfe\r\n", false, false}};
  EXPECT_EQ(run(step).out, "[\xff\x01\r\n][\x80\xfe\n]content");
}

TEST_F(BubblewrapTest, AnotherIdInsideOwnsWhatTheCallerOwns) {
  Sandbox step = shell("id -u; id -g; echo x > /build/file; stat -c %u /build/file");
  step.user = {4321, 1234};
  EXPECT_EQ(run(step).out, "4321\n1234\n4321\n");
  struct stat info;
  ASSERT_EQ(stat((step.work_directory + "/build/file").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, getuid());
  EXPECT_EQ(info.st_gid, getgid());
}

TEST_F(BubblewrapTest, AnotherIdInsideAWritableRoot) {
  Sandbox step = shell("echo new > /opt/new && rm /etc/passwd && echo x > /build/file && id -u");
  step.user = {4321, 1234};
  step.writable_root = true;
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "4321\n");
  EXPECT_EQ(stat_file(step.work_directory + "/build/file")->uid, getuid());
}

TEST_F(BubblewrapTest, AWritableRootLeavesNoMountBehind) {
  Sandbox step = shell("true");
  step.writable_root = true;
  EXPECT_EQ(run(step).status.code, 0);
  EXPECT_THAT(read_file("/proc/self/mountinfo"), Not(HasSubstr(step.work_directory)));
  EXPECT_EQ(list_directory(step.work_directory + "/overlay/root"), std::vector<std::string>{});
}

TEST_F(BubblewrapTest, NothingIsLeftWhereverTheCallerIsKilled) {
  const std::string word = marker("killed");
  for (int delay = 0; delay < 40; ++delay) {
    Sandbox step = shell("(setsid sleep 1000 &) ; sleep 1000; : " + word);
    step.writable_root = delay % 2 == 1;
    if (delay % 4 >= 2) add_many_inputs(step, input("file", ""));
    const auto time = std::chrono::steady_clock::now() + std::chrono::microseconds(delay * 500);
    kill_runner_of(Kind::kBubblewrap, step,
                   [&] { return std::chrono::steady_clock::now() >= time; });
  }
  EXPECT_TRUE(eventually([&] { return !process_with(word); }));
}

TEST_F(BubblewrapTest, OddNamesOfTheRootAndTheWorkDirectory) {
  Sandbox step = shell("cat /etc/image; echo x > /new && cat /new");
  const std::string odd = path("a:b,c\\d \"e\n");
  rename_path(root(), odd);
  step.root->directory = odd;
  const std::string work = step.work_directory + ",:\\ w";
  rename_path(step.work_directory, work);
  step.work_directory = work;
  step.writable_root = true;
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "this image\nx\n");
}

TEST_F(BubblewrapTest, LinksOfAHostileImageStayInIt) {
  for (const char* name : {"/tmp", "/src", "/opt"}) {
    remove_tree(root() + name);
    ASSERT_EQ(symlink(("/oldroot" + path("victim")).c_str(), (root() + name).c_str()), 0);
  }
  make_directories(path("victim"));
  Sandbox step = shell("echo x > /tmp/x; cat /opt/in/file; ls /src");
  step.binds = {{input("file", "input\n"), "/src/file", false, false},
                {path("inputs"), "/opt/in", false, true}};
  EXPECT_EQ(run(step).out, "input\nfile\n");
  EXPECT_EQ(list_directory(path("victim")), std::vector<std::string>{});
  EXPECT_EQ(list_directory(step.work_directory + "/tmp"), std::vector<std::string>{"x"});
}

TEST_F(BubblewrapTest, ALoaderVariableIsForTheStepOnly) {
  Sandbox step = shell("echo $LD_PRELOAD");
  step.environment.push_back("LD_PRELOAD=/no/such/library.so");
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.out, "/no/such/library.so\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(BubblewrapTest, ManyInputsAreReadOnlyAmongOtherBinds) {
  input("readme", "directory\n");
  Sandbox step = shell(
      "cat /src/many/7 /build/gen/7 /src/dir/readme /src/dir/own /src/out/file;"
      "ls /src /src/many | wc -l; ls -A /tmp;"
      "for f in /src/many/7 /build/gen/7 /src/many/new /src/new /src/dir/new; do"
      "  (echo x > $f) 2>/dev/null && echo $f; done;"
      "chmod 777 /src/many/7 2>/dev/null && echo chmod;"
      "echo made > /build/gen/new && echo made > /src/out/new && cat /build/gen/new");
  const std::string file = input("file", "input\n");
  make_directories(path("out"));
  write_file_atomically(path("out/file"), "out\n");
  ASSERT_EQ(symlink("file", path("inputs/link").c_str()), 0);
  add_many_inputs(step, path("inputs/link"));
  step.binds.push_back({path("inputs"), "/src/dir", false, true});
  step.binds.push_back({file, "/src/dir/own", false, false});
  write_file_atomically(path("inputs/own"), "");
  step.binds.push_back({path("out"), "/src/out", true, true});
  step.binds.push_back({file, "/build/gen/7", false, false});
  make_directories(step.work_directory + "/build/gen");
  write_file_atomically(step.work_directory + "/build/gen/7", "");
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "input\ninput\ndirectory\ninput\nout\n106\nmade\n");
  EXPECT_EQ(read_file(file), "input\n");
  EXPECT_EQ(read_file(path("out/new")), "made\n");
  EXPECT_THAT(list_directory(step.work_directory + "/inputs"), ::testing::IsEmpty());
  EXPECT_THAT(list_directory(step.work_directory + "/tmp"), ::testing::IsEmpty());
}

TEST_F(BubblewrapTest, ManyInputsWithAnotherIdInAWritableRoot) {
  Sandbox step = shell("cat /src/many/99; echo x > /opt/new && id -u");
  add_many_inputs(step, input("file", "input\n"));
  step.user = {4321, 1234};
  step.writable_root = true;
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "input\n4321\n");
}

TEST_F(BubblewrapTest, ManyInputsWithOddNames) {
  Sandbox step = shell("cat /src/many/*");
  for (int i = 0; i < 20; ++i) {
    const std::string name = "\xfe\r\n '\"\\" + std::to_string(i);
    step.binds.push_back({input(name, "<>"), "/src/many/" + name, false, false});
  }
  EXPECT_EQ(run(step).out.size(), size_t{40});
}

TEST_F(BubblewrapTest, ManyInputsLeaveNoDescriptor) {
  Sandbox step =
      shell("for fd in 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$fd && echo $fd; done; true");
  add_many_inputs(step, input("file", "input\n"));
  EXPECT_EQ(run(step).out, "");
}

TEST_F(BubblewrapTest, AShellWithVeryManyInputs) {
  Sandbox step = sandbox({"/bin/sh"});
  add_many_inputs(step, input("file", "the input"), 2600);
  const Outcome outcome =
      run_at_terminal(Kind::kBubblewrap, step, {"cat /src/many/2599\n", "\x03", "exit 7\n"});
  EXPECT_THAT(outcome.out, HasSubstr("the input"));
  EXPECT_EQ(outcome.status.code, 7) << outcome.out;
}

TEST_F(BubblewrapTest, WithoutOneOfManyInputsTheStepDoesNotStart) {
  Sandbox step = shell("echo started");
  add_many_inputs(step, input("file", ""));
  step.binds.push_back({path("gone"), "/src/many/gone", false, false});
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(
      runner_of(Kind::kBubblewrap).start_failure(outcome.status, outcome.err),
      "cntr-supervisor: cannot mount the input " + path("gone") + ": No such file or directory");
}

TEST_F(BubblewrapTest, WhatBubblewrapCannotMountAmongManyInputsIsTold) {
  Sandbox step = shell("echo started");
  step.binds.push_back({path("gone"), "/src/gone", false, true});
  add_many_inputs(step, input("file", ""));
  const Outcome outcome = run(step);
  EXPECT_EQ(runner_of(Kind::kBubblewrap).start_failure(outcome.status, outcome.err),
            "bwrap: Can't find source path " + path("gone") + ": No such file or directory");
}

TEST_F(BubblewrapTest, ManyInputsEndWithTheTimeLimit) {
  const std::string word = marker("limit");
  Sandbox step = shell("(setsid sleep 1000 &) ; sleep 1000; : " + word);
  add_many_inputs(step, input("file", ""));
  EXPECT_TRUE(run(step, {.timeout = std::chrono::milliseconds(200)}).status.timed_out);
  EXPECT_FALSE(process_with(word));
}

TEST_F(BubblewrapTest, ALinkInTheWayOfAnInputIsNotFollowed) {
  make_directories(path("victim"));
  Sandbox step = shell("echo started");
  ASSERT_EQ(symlink(path("victim").c_str(), (step.work_directory + "/build/gen").c_str()), 0);
  for (int i = 0; i < 20; ++i) {
    step.binds.push_back({input("file", ""), "/build/gen/" + std::to_string(i), false, false});
  }
  EXPECT_EQ(run(step).status.code, 125);
  EXPECT_THAT(list_directory(path("victim")), ::testing::IsEmpty());
}

TEST_F(BubblewrapTest, TenThousandInputs) {
  Sandbox step = shell("cat /src/many/* | wc -c");
  add_many_inputs(step, input("file", "x"), 10'000);
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "10000\n");
}

TEST_F(BubblewrapTest, TooManyInputsAreRefusedWithTheWayOut) {
  Sandbox step = shell("true");
  add_many_inputs(step, root() + "/etc/image", 30'001);
  EXPECT_EQ(runner_of(Kind::kBubblewrap).refusal(step),
            "bubblewrap takes at most 30000 inputs: declare directories of them with "
            "INPUT_DIRECTORIES");
}

TEST_F(BubblewrapTest, AHostStepWithManyInputs) {
  const TemporaryDirectory project("/var/tmp", "cntr-project-");
  write_file_atomically(project.path() + "/file", "declared\n");
  Sandbox step = shell("cat /src/many/42; ls -A " + project.path());
  step.root.reset();
  step.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
  step.hidden = {project.path()};
  const std::string work = project.path() + "/work";
  make_directories(work + "/build");
  make_directories(work + "/tmp");
  step.work_directory = work;
  add_many_inputs(step, project.path() + "/file");
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "declared\n");
}

TEST_F(BubblewrapTest, AHostStepSeesTheSystemButNotTheProject) {
  const TemporaryDirectory project("/var/tmp", "cntr-project-");
  write_file_atomically(project.path() + "/undeclared", "x");
  write_file_atomically(project.path() + "/declared", "declared\n");
  Sandbox step =
      shell("cat /src/declared; ls -A " + project.path() + " /src /tmp /build;" +
            "touch /etc/new /usr/new /new " + project.path() +
            "/new 2>&1 | grep -vc -e Read-only -e Permission; test -e /bin/ls && echo ls;"
            "test -e /run/lock || echo no run");
  step.root.reset();
  step.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
  step.hidden = {project.path()};
  step.binds = {{project.path() + "/declared", "/src/declared", false, false}};
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "declared\n/build:\n\n/src:\ndeclared\n\n/tmp:\n\n" + project.path() +
                             ":\n0\nls\nno run\n");
}

TEST_F(BubblewrapTest, AHostStepMayUseTheProgramsOfTheHost) {
  Sandbox step = sandbox({"sort", "--version"});
  step.root.reset();
  step.environment = {"PATH=/usr/bin:/bin"};
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.status, ExitStatus{});
  EXPECT_THAT(outcome.out, HasSubstr("coreutils"));
}

}  // namespace
}  // namespace cntr::runner
