// Choosing a runner, and telling its failures from the step's.
#include "runner/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::runner {
namespace {

using spec::RunnerChoice;
using ::testing::HasSubstr;

// A PATH with nothing but the named programs, each of which prints `message` and fails.
class PathOf {
 public:
  PathOf(const std::vector<std::string>& programs, const std::string& message)
      : old_(search_path()) {
    for (const std::string& program : programs) {
      write_file_atomically(directory_.path() + "/" + program,
                            "#!/bin/sh\necho '" + message + "' >&2\nexit 1\n", 0755);
    }
    setenv("PATH", directory_.path().c_str(), 1);
  }
  PathOf(const PathOf&) = delete;
  PathOf& operator=(const PathOf&) = delete;
  ~PathOf() { setenv("PATH", old_.c_str(), 1); }

 private:
  std::string old_;
  TemporaryDirectory directory_{"/tmp", "cntr-path-"};
};

template <typename Function>
std::string error_of(ErrorKind kind, Function function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
  return "no error";
}

std::vector<std::string> warnings;
void warn(const std::string& sentence) { warnings.push_back(sentence); }

TEST(ChooseTest, BubblewrapWheneverItIsThere) {
  const PathOf path({"bwrap", "docker"}, "");
  EXPECT_EQ(choose(RunnerChoice::kAuto, true, warn), Kind::kBubblewrap);
  EXPECT_EQ(choose(RunnerChoice::kAuto, false, warn), Kind::kBubblewrap);
}

TEST(ChooseTest, WhatIsAskedFor) {
  const PathOf path({"bwrap", "docker"}, "");
  EXPECT_EQ(choose(RunnerChoice::kBubblewrap, true, warn), Kind::kBubblewrap);
  EXPECT_EQ(choose(RunnerChoice::kDocker, true, warn), Kind::kDocker);
  EXPECT_EQ(choose(RunnerChoice::kHost, false, warn), Kind::kHost);
}

TEST(ChooseTest, DockerForAnImageWithoutBubblewrap) {
  const PathOf path({"docker"}, "");
  EXPECT_EQ(choose(RunnerChoice::kAuto, true, warn), Kind::kDocker);
}

TEST(ChooseTest, TheHostWithoutBubblewrapIsWarnedOfOnce) {
  const PathOf path({}, "");
  warnings.clear();
  EXPECT_EQ(choose(RunnerChoice::kAuto, false, warn), Kind::kHost);
  EXPECT_EQ(choose(RunnerChoice::kAuto, false, warn), Kind::kHost);
  EXPECT_THAT(warnings,
              ::testing::ElementsAre("host steps run without isolation, because bubblewrap cannot "
                                     "be used here: the program bwrap is not on PATH"));
}

TEST(ChooseTest, NoRunnerForImages) {
  const PathOf path({}, "");
  EXPECT_EQ(error_of(ErrorKind::kEnvironment, [] { choose(RunnerChoice::kAuto, true, warn); }),
            "no runner for images can be used here\n"
            "  bubblewrap: the program bwrap is not on PATH. Install bubblewrap (on Debian: apt "
            "install bubblewrap).\n"
            "  docker: the program docker is not on PATH. Install Docker (on Debian: apt install "
            "docker.io).");
}

TEST(ChooseTest, AnExplicitRunnerThatIsMissing) {
  const PathOf path({"bwrap"}, "");
  EXPECT_EQ(error_of(ErrorKind::kEnvironment, [] { choose(RunnerChoice::kDocker, true, warn); }),
            "the runner docker cannot be used here: the program docker is not on PATH\n"
            "  Install Docker (on Debian: apt install docker.io).");
}

TEST(ChooseTest, AnExplicitRunnerThatCannotRunSuchAStep) {
  EXPECT_EQ(error_of(ErrorKind::kUser, [] { choose(RunnerChoice::kHost, true, warn); }),
            "the host runner cannot run images\n"
            "  Choose bubblewrap, docker or auto for a step with an image.");
  EXPECT_EQ(error_of(ErrorKind::kUser, [] { choose(RunnerChoice::kDocker, false, warn); }),
            "the runner docker needs an image\n"
            "  Choose bubblewrap, host or auto for a step on the host.");
}

TEST(ChooseTest, ABrokenBubblewrapIsFollowedByDocker) {
  const PathOf path({"bwrap", "docker"}, "bwrap: no permissions");
  EXPECT_EQ(choose_after_failure(RunnerChoice::kAuto, true, Kind::kBubblewrap, "why", warn),
            Kind::kDocker);
  EXPECT_THAT(error_of(ErrorKind::kEnvironment,
                       [] {
                         choose_after_failure(RunnerChoice::kBubblewrap, true, Kind::kBubblewrap,
                                              "why", warn);
                       }),
              HasSubstr("the runner bubblewrap cannot be used here: bwrap: no permissions\n"));
}

TEST(ChooseTest, AWorkingRunnerIsNotReplaced) {
  EXPECT_EQ(error_of(ErrorKind::kEnvironment,
                     [] {
                       choose_after_failure(RunnerChoice::kHost, false, Kind::kHost,
                                            "cntr-supervisor: cannot fork", warn);
                     }),
            "host could not start the step: cntr-supervisor: cannot fork");
}

TEST(ProbeTest, DockersReasonsAreToldApart) {
  {
    const PathOf path({"docker"},
                      "permission denied while trying to connect to the Docker daemon socket");
    const Availability found = runner_of(Kind::kDocker).probe();
    EXPECT_FALSE(found.usable);
    EXPECT_EQ(found.reason, "this user may not talk to the Docker daemon");
    EXPECT_EQ(found.fix, "Run: sudo usermod -aG docker $USER, and log in again.");
  }
  {
    const PathOf path({"docker"},
                      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock"
                      ". Is the docker daemon running?");
    EXPECT_EQ(runner_of(Kind::kDocker).probe().reason, "the Docker daemon does not answer");
  }
}

TEST(ProbeTest, BubblewrapHasAVersionWhenItIsThere) {
  if (!find_program("bwrap", search_path())) GTEST_SKIP() << "bwrap is not on PATH";
  const Availability found = runner_of(Kind::kBubblewrap).probe();
  EXPECT_THAT(found.version, ::testing::MatchesRegex("[0-9]+\\.[0-9.]+"));
  EXPECT_EQ(found.usable, found.reason.empty());
  EXPECT_EQ(found.usable, found.fix.empty());
}

TEST(StartFailureTest, Bubblewrap) {
  const Runner& runner = runner_of(Kind::kBubblewrap);
  const std::string log = "output\nbwrap: setting up uid map: Permission denied\n";
  EXPECT_EQ(runner.start_failure({.code = 1}, log), "bwrap: setting up uid map: Permission denied");
  EXPECT_EQ(runner.start_failure({.code = 2}, log), std::nullopt);
  EXPECT_EQ(runner.start_failure({.code = 1}, "failed\n"), std::nullopt);
  EXPECT_EQ(runner.start_failure({.code = 1}, "bwrap: execvp tool: No such file or directory\n"),
            std::nullopt);
  EXPECT_EQ(runner.start_failure(
                {.code = 125}, "cntr-supervisor: cannot mount an overlay at /w: No such device\n"),
            "cntr-supervisor: cannot mount an overlay at /w: No such device");
}

TEST(StartFailureTest, Docker) {
  const Runner& runner = runner_of(Kind::kDocker);
  const std::string log =
      "docker: Error response from daemon: No such image: x\n\nRun 'docker run --help' for more "
      "information\n";
  EXPECT_EQ(runner.start_failure({.code = 125}, log),
            "docker: Error response from daemon: No such image: x");
  EXPECT_EQ(runner.start_failure({.code = 1}, log), std::nullopt);
  EXPECT_EQ(runner.start_failure({.code = 125}, "the step's own\n"), std::nullopt);
}

TEST(RefusalTest, EachRunnerSaysWhy) {
  Sandbox step;
  step.argv = {"tool"};
  EXPECT_EQ(runner_of(Kind::kHost).refusal(step), "");
  EXPECT_EQ(runner_of(Kind::kBubblewrap).refusal(step), "");
  EXPECT_EQ(runner_of(Kind::kDocker).refusal(step), "docker needs an image");
  step.writable_root = true;
  EXPECT_EQ(runner_of(Kind::kBubblewrap).refusal(step), "only an image can have a writable root");
  step.root = Root{};
  EXPECT_EQ(runner_of(Kind::kBubblewrap).refusal(step), "");
  EXPECT_EQ(runner_of(Kind::kDocker).refusal(step), "");
  EXPECT_EQ(runner_of(Kind::kHost).refusal(step), "the host runner cannot run images");
  step.user = {5, 6};
  EXPECT_EQ(runner_of(Kind::kDocker).refusal(step),
            "the image's user is 5:6, and docker cannot let the caller own what another user "
            "writes: use bubblewrap, or an image without a User");
  step.user = {};
  step.argv = {"tool", "\xff"};
  EXPECT_EQ(runner_of(Kind::kDocker).refusal(step),
            "docker cannot pass arguments, variables and paths that are not UTF-8");
  step.argv = {""};
  EXPECT_EQ(runner_of(Kind::kDocker).refusal(step), "the command's name is empty");
}

}  // namespace
}  // namespace cntr::runner
