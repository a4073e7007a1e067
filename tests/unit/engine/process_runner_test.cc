#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <thread>

#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/text.h"
#include "engine/command_runner.h"

namespace cntr::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

// A variable as it was, when the test is over.
class ScopedVariable {
 public:
  ScopedVariable(const std::string& name, const char* value)
      : name_(name), old_(environment_variable(name)) {
    set(value);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;
  ~ScopedVariable() { set(old_ ? old_->c_str() : nullptr); }

 private:
  void set(const char* value) {
    if (value == nullptr) {
      unsetenv(name_.c_str());
    } else {
      setenv(name_.c_str(), value, 1);
    }
  }

  std::string name_;
  std::optional<std::string> old_;
};

class ProcessRunnerTest : public ::testing::Test {
 protected:
  void make(size_t parallelism = 8) {
    options_.parallelism = parallelism;
    make_with(options_);
  }
  void make_with(const CommandRunnerOptions& options) {
    runner_.reset();
    runner_ = make_process_runner(options);
  }

  Finished run(const std::string& command, bool console = false) {
    if (!runner_) make();
    runner_->start({7, command, console});
    const std::optional<Finished> finished = runner_->wait(false);
    EXPECT_TRUE(finished) << command;
    return finished.value_or(Finished());
  }
  std::string output(const std::string& command) { return run(command).output; }

  std::string file(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string script(const std::string& name, const std::string& text, mode_t mode = 0755) {
    write_file_atomically(file(name), text);
    chmod(file(name).c_str(), mode);
    return file(name);
  }
  void wait_for_file(const std::string& path) {
    while (!exists(path)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  // Of a process group or, as a zombie at most, of a process.
  static bool is_gone(pid_t pid) {
    const auto stat = read_file_if_exists("/proc/" + std::to_string(pid) + "/stat");
    return !stat || stat->find(") Z ") != std::string::npos;
  }

  TemporaryDirectory directory_{"/tmp", "cntr-runner-"};
  CommandRunnerOptions options_;
  std::unique_ptr<CommandRunner> runner_;
};

TEST_F(ProcessRunnerTest, ReturnsWhatACommandPrintsAndItsCode) {
  const Finished finished = run("echo a; echo b >&2; echo c; exit 3");
  EXPECT_EQ(finished.edge, 7u);
  EXPECT_EQ(finished.output, "a\nb\nc\n");
  EXPECT_EQ(finished.code, 3);
  EXPECT_FALSE(finished.interrupted);
}

TEST_F(ProcessRunnerTest, ReturnsOutputOfAnySize) {
  const Finished finished = run("head -c 3000000 /dev/zero");
  EXPECT_EQ(finished.output.size(), 3'000'000u);
  EXPECT_EQ(output("printf 'a\\000b'"), std::string("a\0b", 3));
}

// Each command once as it is and once so that only a shell can run it: the same must come of it.
class SameAsShellTest : public ProcessRunnerTest,
                        public ::testing::WithParamInterface<const char*> {};

TEST_P(SameAsShellTest, DirectlyAndThroughAShell) {
  ScopedVariable path("PATH", (directory_.path() + ":/usr/bin:/bin").c_str());
  script("tool", "#!/bin/sh\necho \"$0\" \"$#\" \"$@\"\n");
  script("plain", "echo plain \"$@\"\n");
  script("not-executable", "#!/bin/sh\n", 0644);
  script("bad-interpreter", "#!/no/such/interpreter\n");
  const std::string command = GetParam();
  const std::string here = current_directory();
  ASSERT_EQ(chdir(directory_.path().c_str()), 0);

  ASSERT_TRUE(direct_words(command));
  const Finished direct = run(command);
  // `exec` and not only a semicolon: a shell that stays would tell of signals itself.
  const Finished shell = run(":; exec " + command);
  EXPECT_EQ(direct.code, shell.code);
  if (direct.code == 126 || direct.code == 127) {
    // dash says "exec: " in between.
    EXPECT_THAT(direct.output, StartsWith("/bin/sh: "));
  } else {
    EXPECT_EQ(direct.output, shell.output);
  }
  EXPECT_EQ(direct.interrupted, shell.interrupted);
  ASSERT_EQ(chdir(here.c_str()), 0);
}

INSTANTIATE_TEST_SUITE_P(Each, SameAsShellTest,
                         ::testing::Values("/bin/true", "/bin/false", "tool",
                                           "tool 'a b' \"\" c\\ d", "./tool a", "plain a 'b  c'",
                                           "./plain", "no-such-program", "./no-such-file",
                                           "/no/such/file a", "./not-executable", "/tmp", "./",
                                           "bad-interpreter", "./bad-interpreter",
                                           "/usr/bin/printf a\\n", "cat", "cat /no/such/file",
                                           "printenv PATH", "readlink /proc/self/fd/0",
                                           "ls /proc/self/fd", "grep SigIgn /proc/self/status"));

TEST_F(ProcessRunnerTest, SaysOfAMissingProgramWhatTheShellSays) {
  const Finished finished = run("no-such-program a");
  EXPECT_EQ(finished.code, 127);
  EXPECT_EQ(finished.output, capture_process({"/bin/sh", "-c", "no-such-program a"}).err);
}

TEST_F(ProcessRunnerTest, FindsProgramsInThePathOfTheMoment) {
  script("new-tool", "#!/bin/sh\necho found\n");
  make();
  EXPECT_EQ(run("new-tool").code, 127);
  ScopedVariable path("PATH", (directory_.path() + ":/usr/bin:/bin").c_str());
  EXPECT_EQ(run("new-tool").output, "found\n");
}

TEST_F(ProcessRunnerTest, WorksWithoutPath) {
  ScopedVariable path("PATH", nullptr);
  EXPECT_EQ(run("cat /dev/null").code, 0);
}

TEST_F(ProcessRunnerTest, LeavesExportedFunctionsToTheShell) {
  ScopedVariable function("BASH_FUNC_cat%%", "() { echo function; }");
  // A shell that knows no such functions runs the program.
  EXPECT_EQ(output("cat /dev/null"), capture_process({"/bin/sh", "-c", "cat /dev/null"}).out);
}

TEST_F(ProcessRunnerTest, TellsTheTrueWorkingDirectory) {
  const std::string here = current_directory();
  ASSERT_EQ(symlink(directory_.path().c_str(), file("link").c_str()), 0);
  ASSERT_EQ(chdir(directory_.path().c_str()), 0);
  for (const std::string& stale : {here, std::string("."), std::string("/no/such")}) {
    ScopedVariable pwd("PWD", stale.c_str());
    make();
    EXPECT_EQ(output("printenv PWD"), directory_.path() + "\n") << stale;
  }
  ScopedVariable pwd("PWD", file("link").c_str());
  make();
  EXPECT_EQ(output("printenv PWD"), file("link") + "\n");
  ASSERT_EQ(chdir(here.c_str()), 0);
}

TEST_F(ProcessRunnerTest, ExecutesLongArgumentsDirectly) {
  // A shell would get the command as one argument, of which Linux takes 128 KiB.
  std::string command = "/usr/bin/printf %.0s";
  while (command.size() < 200'000) command += " 0123456789";
  EXPECT_EQ(run(command).code, 0);
}

TEST_F(ProcessRunnerTest, FailsClearlyWhereACommandIsTooLong) {
  const std::string command = ": '" + std::string(200'000, 'a') + "'";
  const Finished finished = run(command);
  EXPECT_EQ(finished.code, 126);
  EXPECT_EQ(finished.output,
            "cannot start /bin/sh: Argument list too long (the command has 200004 bytes; a "
            "response file, rspfile, may hold any number)\n");
  EXPECT_EQ(run("/usr/bin/printf " + std::string(200'000, 'a')).code, 126);
}

TEST_F(ProcessRunnerTest, TellsSignalsAsAShellDoes) {
  const std::string killer = script("killer", "#!/bin/sh\nkill -$1 $$\n");
  const Finished killed = run(killer + " KILL");
  EXPECT_EQ(killed.code, 128 + SIGKILL);
  EXPECT_EQ(killed.output, "Killed\n");
  EXPECT_FALSE(killed.interrupted);

  const Finished terminated = run(killer + " TERM");
  EXPECT_EQ(terminated.code, 128 + SIGTERM);
  EXPECT_EQ(terminated.output, "Terminated\n");
  EXPECT_FALSE(terminated.interrupted);

  const Finished broken_pipe = run(killer + " PIPE");
  EXPECT_EQ(broken_pipe.code, 128 + SIGPIPE);
  EXPECT_EQ(broken_pipe.output, "");
}

TEST_F(ProcessRunnerTest, CallsACommandInterruptedAsNinjaDoes) {
  const std::string killer = script("killer", "#!/bin/sh\nkill -$1 $$\n");
  const Finished direct = run(killer + " INT");
  EXPECT_EQ(direct.code, 130);
  EXPECT_TRUE(direct.interrupted);
  EXPECT_EQ(direct.output, "");
  EXPECT_TRUE(run("exit 130").interrupted);
  for (const std::string name : {"INT", "TERM", "HUP"}) {
    EXPECT_TRUE(run("kill -" + name + " $$").interrupted) << name;
  }
  const Finished other = run("kill -USR1 $$");
  EXPECT_EQ(other.code, 128 + SIGUSR1);
  EXPECT_FALSE(other.interrupted);
}

TEST_F(ProcessRunnerTest, GivesEachCommandItsOwnProcessGroup) {
  // Fields of /proc/self/stat: number, name, state, parent, group.
  const std::vector<std::string> fields = split(output("cat /proc/self/stat"), ' ');
  EXPECT_EQ(fields.at(4), fields.at(0));
  EXPECT_EQ(fields.at(3), std::to_string(getpid()));
}

TEST_F(ProcessRunnerTest, LeavesNoDescriptorOfItsOwnToCommands) {
  make();
  const std::string before = output("ls /proc/self/fd");
  runner_->start({1, "sleep 100", false});
  runner_->start({2, "exec sleep 100 >&-", false});
  EXPECT_EQ(output("ls /proc/self/fd"), before);
}

TEST_F(ProcessRunnerTest, HandsOnDescriptorsThatAreOpenForCommands) {
  const UniqueFd fd(open("/dev/null", O_RDONLY));
  EXPECT_EQ(output("readlink /proc/self/fd/" + std::to_string(fd.get())), "/dev/null\n");
}

TEST_F(ProcessRunnerTest, HandlesSignalsWithoutACommandNoticing) {
  const auto bits = [](const std::string& status, const std::string& kind) {
    return std::stoull(status.substr(status.find("Sig" + kind) + 8), nullptr, 16);
  };
  const std::string own = read_file("/proc/self/status");
  constexpr uint64_t kStopSignals = 1u << (SIGINT - 1) | 1u << (SIGTERM - 1);
  // glibc ignores its own two, 32 and 33, in what it spawns.
  constexpr uint64_t kOfGlibc = 0x180000000;
  make();
  const std::string status = output("cat /proc/self/status");
  EXPECT_EQ(bits(status, "Blk"), bits(own, "Blk"));
  EXPECT_EQ(bits(status, "Cgt"), 0u);
  EXPECT_EQ(bits(status, "Ign") & ~kOfGlibc, bits(own, "Ign") & ~kOfGlibc & ~kStopSignals);
}

TEST_F(ProcessRunnerTest, WaitsForAllThatHoldTheOutput) {
  const Finished finished = run("(sleep 0.2; echo late) & echo early");
  EXPECT_EQ(finished.output, "early\nlate\n");
}

TEST_F(ProcessRunnerTest, WaitsForTheEndOfACommandThatClosedItsOutput) {
  make();
  runner_->start(
      {1, "exec >&- 2>&-; until test -e " + file("go") + "; do sleep 0.01; done; exit 5", false});
  runner_->start({2, "exit 6", false});
  EXPECT_EQ(runner_->wait(false)->code, 6);
  write_file_atomically(file("go"), "");
  EXPECT_EQ(runner_->wait(false)->code, 5);
}

TEST_F(ProcessRunnerTest, RunsCommandsAtOnce) {
  make();
  // Each waits for the other.
  runner_->start(
      {1, "touch " + file("a") + "; until test -e " + file("b") + "; do :; done", false});
  runner_->start(
      {2, "touch " + file("b") + "; until test -e " + file("a") + "; do :; done", false});
  EXPECT_THAT(runner_->running(), UnorderedElementsAre(1, 2));
  EXPECT_EQ(runner_->wait(false)->code, 0);
  EXPECT_EQ(runner_->running().size(), 1u);
  EXPECT_EQ(runner_->wait(false)->code, 0);
  EXPECT_THAT(runner_->running(), ElementsAre());
}

TEST_F(ProcessRunnerTest, RunsManyCommands) {
  make(16);
  size_t started = 0;
  size_t ended = 0;
  while (ended < 300) {
    for (; started < 300 && runner_->capacity() > 0; ++started) {
      runner_->start({static_cast<ninja::EdgeId>(started), "cat /dev/null", false});
    }
    ASSERT_LE(runner_->running().size(), 16u);
    EXPECT_EQ(runner_->wait(false).value().code, 0);
    ++ended;
  }
}

TEST_F(ProcessRunnerTest, HasRoomForAsManyAsItMayRun) {
  make(2);
  EXPECT_EQ(runner_->capacity(), 2u);
  runner_->start({1, "sleep 100", false});
  EXPECT_EQ(runner_->capacity(), 1u);
  runner_->start({2, "sleep 100", false});
  EXPECT_EQ(runner_->capacity(), 0u);
  runner_->abort();
  EXPECT_EQ(runner_->capacity(), 2u);
}

TEST_F(ProcessRunnerTest, KeepsFewerChildrenThanItMayHaveDescriptors) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit low = limit;
  low.rlim_cur = 300;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  make(std::numeric_limits<size_t>::max());
  EXPECT_EQ(runner_->capacity(), 172u);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST_F(ProcessRunnerTest, StartsOneCommandWhateverTheLoad) {
  options_.max_load = std::numeric_limits<double>::min();
  make(4);
  EXPECT_EQ(runner_->capacity(), 1u);
  runner_->start({1, "sleep 100", false});
  EXPECT_EQ(runner_->capacity(), 0u);
  options_.max_load = 1e6;
  make(4);
  EXPECT_EQ(runner_->capacity(), 4u);
}

TEST_F(ProcessRunnerTest, ConsoleCommandsHaveTheStreamsAndTheGroupOfTheCaller) {
  make();
  const std::string out = file("out");
  const Finished finished = run(
      "cut -d' ' -f5 /proc/self/stat >" + out + "; readlink /proc/self/fd/2 >>" + out + "; exit 4",
      /*console=*/true);
  EXPECT_EQ(finished.code, 4);
  EXPECT_EQ(finished.output, "");
  const std::string own_stream = read_link("/proc/self/fd/2");
  EXPECT_EQ(read_file(out), std::to_string(getpgrp()) + "\n" + own_stream + "\n");
}

TEST_F(ProcessRunnerTest, DoesNotWaitForWhatAConsoleCommandLeavesBehind) {
  const auto before = std::chrono::steady_clock::now();
  run("sleep 5 &", /*console=*/true);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(4));
}

TEST_F(ProcessRunnerTest, WakesUpFromAnotherThread) {
  make();
  runner_->start({1, "sleep 100", false});
  std::thread other([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    runner_->wake();
  });
  EXPECT_FALSE(runner_->wait(false));
  other.join();
  EXPECT_FALSE(runner_->interrupted());
}

TEST_F(ProcessRunnerTest, RemembersThatItWasWoken) {
  make();
  runner_->wake();
  EXPECT_FALSE(runner_->wait(false));
  EXPECT_EQ(run("exit 1").code, 1);
}

TEST_F(ProcessRunnerTest, LosesNoWakeUpAmongCommands) {
  make();
  std::atomic<bool> done = false;
  std::thread other([this, &done] {
    for (int i = 0; i < 200; ++i) runner_->wake();
    done = true;
  });
  int ended = 0;
  for (int i = 0; i < 20; ++i) runner_->start({1, "cat /dev/null", false});
  while (ended < 20) ended += runner_->wait(false).has_value() ? 1 : 0;
  other.join();
  EXPECT_TRUE(done);
}

class SignalTest : public ProcessRunnerTest, public ::testing::WithParamInterface<int> {};

TEST_P(SignalTest, EndsTheWaitAndThenTheCommands) {
  // It may have been started with nohup.
  ::signal(GetParam(), SIG_DFL);
  make();
  const std::string number = file("number");
  const std::string grandchild = file("grandchild");
  // Traps tell which signal it was.
  runner_->start({1,
                  "for s in INT TERM HUP; do trap \"echo $s >" + file("trapped") +
                      "; exit\" $s; done; echo $$ >" + number + "; sleep 100 & echo $! >" +
                      grandchild + "; touch " + file("ready") + "; wait",
                  false});
  wait_for_file(file("ready"));
  kill(getpid(), GetParam());
  EXPECT_FALSE(runner_->wait(false));
  EXPECT_TRUE(runner_->interrupted());
  EXPECT_EQ(runner_->signal(), GetParam());
  EXPECT_THAT(runner_->running(), ElementsAre(1));

  runner_->abort();
  EXPECT_THAT(runner_->running(), ElementsAre());
  EXPECT_TRUE(is_gone(std::stoi(read_file(number))));
  EXPECT_EQ(read_file(file("trapped")), std::string(sigabbrev_np(GetParam())) + "\n");
}

INSTANTIATE_TEST_SUITE_P(Each, SignalTest, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST_F(ProcessRunnerTest, IgnoresAHangupThatIsIgnored) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old;
  sigaction(SIGHUP, &ignore, &old);
  make();
  kill(getpid(), SIGHUP);
  EXPECT_EQ(run("exit 1").code, 1);
  EXPECT_FALSE(runner_->interrupted());
  runner_.reset();
  sigaction(SIGHUP, &old, nullptr);
}

TEST_F(ProcessRunnerTest, ReapsThoughChildrenAreIgnored) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old;
  sigaction(SIGCHLD, &ignore, &old);
  make();
  EXPECT_EQ(run("exit 9").code, 9);
  runner_.reset();
  struct sigaction restored;
  sigaction(SIGCHLD, &old, &restored);
  EXPECT_EQ(restored.sa_handler, SIG_IGN);
}

TEST_F(ProcessRunnerTest, AbortEndsWholeProcessGroups) {
  make();
  runner_->start(
      {1, "sleep 100 & echo $! >" + file("grandchild") + "; touch " + file("ready") + "; wait",
       false});
  runner_->start({2, "sleep 101", false});
  wait_for_file(file("ready"));
  const pid_t grandchild = std::stoi(read_file(file("grandchild")));
  runner_->abort();
  EXPECT_THAT(runner_->running(), ElementsAre());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // ECHILD: all are reaped
  for (int i = 0; i < 1000 && !is_gone(grandchild); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(is_gone(grandchild));
}

TEST_F(ProcessRunnerTest, AbortLetsCommandsCleanUpAndPrint) {
  make();
  runner_->start({1,
                  "trap 'head -c 1000000 /dev/zero; touch " + file("cleaned") +
                      "; exit' TERM; touch " + file("ready") + "; while :; do sleep 0.01; done",
                  false});
  wait_for_file(file("ready"));
  runner_->abort();
  EXPECT_TRUE(exists(file("cleaned")));
}

TEST_F(ProcessRunnerTest, AbortEndsStoppedCommands) {
  make();
  runner_->start({1, "touch " + file("ready") + "; kill -STOP $$", false});
  wait_for_file(file("ready"));
  runner_->abort();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ProcessRunnerTest, AbortEndsConsoleCommands) {
  make();
  runner_->start({1, "exec sleep 100", true});
  runner_->abort();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ProcessRunnerTest, SecondSignalKillsWhatDoesNotListen) {
  make();
  runner_->start(
      {1, "trap '' INT TERM; touch " + file("ready") + "; while :; do sleep 0.05; done", false});
  wait_for_file(file("ready"));
  kill(getpid(), SIGINT);
  EXPECT_FALSE(runner_->wait(false));
  std::thread impatient([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    kill(getpid(), SIGINT);
  });
  runner_->abort();
  impatient.join();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ProcessRunnerTest, DestructionAborts) {
  make();
  runner_->start({1, "sleep 100", false});
  runner_.reset();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ProcessRunnerTest, SaysWhenNoPipeCanBeMade) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer itself needs a pipe to check an object";
#endif
  make();
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  std::string message;
  try {
    runner_->start({1, "cat", false});
  } catch (const Error& error) {
    message = error.message();
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(message, "cannot make a pipe: Too many open files");
}

// A jobserver with tokens to watch.
class RunnerWithJobserverTest : public ProcessRunnerTest {
 protected:
  RunnerWithJobserverTest() {
    EXPECT_EQ(mkfifo(file("fifo").c_str(), 0600), 0);
    fd_ = UniqueFd(open(file("fifo").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    options_.use_jobserver = true;
    options_.info = [this](const std::string& text) { lines_.push_back("info: " + text); };
    options_.warning = [this](const std::string& text) { lines_.push_back("warning: " + text); };
    options_.error = [this](const std::string& text) { lines_.push_back("error: " + text); };
  }

  void put(const std::string& tokens) {
    EXPECT_EQ(write(fd_.get(), tokens.data(), tokens.size()), static_cast<ssize_t>(tokens.size()));
  }
  std::string take_all() {
    char buffer[64];
    const ssize_t size = read(fd_.get(), buffer, sizeof buffer);
    return {buffer, static_cast<size_t>(size > 0 ? size : 0)};
  }
  // As many as there are tokens for; the -j of the options does not count.
  size_t start_all(const std::string& command) {
    size_t started = 0;
    for (; started < 10 && runner_->capacity() > 0; ++started) {
      runner_->start({static_cast<ninja::EdgeId>(started), command, false});
    }
    return started;
  }

  UniqueFd fd_;
  const std::string makeflags_ = " -j3 --jobserver-auth=fifo:" + file("fifo");
  ScopedVariable variable_{"MAKEFLAGS", makeflags_.c_str()};
  std::vector<std::string> lines_;
};

TEST_F(RunnerWithJobserverTest, StartsOneCommandAndOneMoreForEachToken) {
  put("++");
  make(1);
  EXPECT_THAT(lines_, ElementsAre("info: Jobserver mode detected: " + makeflags_));
  EXPECT_EQ(runner_->capacity(), 1u);
  EXPECT_EQ(start_all("sleep 100"), 3u);
  EXPECT_EQ(take_all(), "");
  runner_->abort();
  EXPECT_EQ(take_all(), "++");
}

TEST_F(RunnerWithJobserverTest, GivesTokensBackWhenCommandsEnd) {
  put("ab");
  make(1);
  EXPECT_EQ(start_all("cat /dev/null"), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(runner_->wait(false));
  const std::string tokens = take_all();
  EXPECT_TRUE(tokens == "ab" || tokens == "ba") << tokens;
}

TEST_F(RunnerWithJobserverTest, GivesTokensBackWhenItGoesAway) {
  put("+");
  make(1);
  EXPECT_EQ(start_all("sleep 100"), 2u);
  runner_.reset();
  EXPECT_EQ(take_all(), "+");
}

TEST_F(RunnerWithJobserverTest, KeepsNoTokenThatItDoesNotUse) {
  put("+");
  make(1);
  EXPECT_EQ(runner_->capacity(), 1u);
  runner_->start({1, "sleep 0.1", false});
  EXPECT_EQ(runner_->capacity(), 1u);
  EXPECT_EQ(take_all(), "");
  EXPECT_TRUE(runner_->wait(false));
  EXPECT_EQ(take_all(), "+");
}

TEST_F(RunnerWithJobserverTest, WakesUpForATokenOnlyWhenAsked) {
  make(1);
  EXPECT_EQ(start_all("sleep 0.3"), 1u);
  put("+");
  EXPECT_FALSE(runner_->wait(true));
  EXPECT_EQ(runner_->capacity(), 1u);
  EXPECT_TRUE(runner_->wait(false));
  EXPECT_EQ(take_all(), "+");
}

TEST_F(RunnerWithJobserverTest, GoesOnWithoutOneThatCannotBeUsed) {
  {
    ScopedVariable pipe("MAKEFLAGS", " -j3 --jobserver-auth=3,4");
    make(5);
    EXPECT_THAT(lines_, ElementsAre("warning: Ignoring jobserver: Pipe-based protocol is not "
                                    "supported! [ -j3 --jobserver-auth=3,4]"));
    EXPECT_EQ(runner_->capacity(), 5u);
  }
  lines_.clear();
  ScopedVariable missing("MAKEFLAGS", " --jobserver-auth=fifo:/no/fifo");
  make(5);
  EXPECT_THAT(lines_, ElementsAre("info: Jobserver mode detected:  --jobserver-auth=fifo:/no/fifo",
                                  "error: Could not initialize jobserver: cannot open \"/no/fifo\" "
                                  "for reading: No such file or directory"));
  EXPECT_EQ(runner_->capacity(), 5u);
}

TEST_F(RunnerWithJobserverTest, IsNotLookedForUnlessAsked) {
  options_.use_jobserver = false;
  make(5);
  EXPECT_THAT(lines_, ElementsAre());
  EXPECT_EQ(runner_->capacity(), 5u);
}

}  // namespace
}  // namespace cntr::engine
