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
  Outcome run(const Sandbox& sandbox) { return SandboxTest::run(Kind::kBubblewrap, sandbox); }
};

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

TEST_F(BubblewrapTest, TooManyInputsAreRefusedWithTheWayOut) {
  Sandbox step = shell("true");
  for (int i = 0; i < 3000; ++i) {
    step.binds.push_back({root() + "/etc/image", "/src/" + std::to_string(i), false, false});
  }
  EXPECT_THAT(runner_of(Kind::kBubblewrap).refusal(step), HasSubstr("INPUT_DIRECTORIES"));
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
