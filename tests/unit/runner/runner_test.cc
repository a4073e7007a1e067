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

Kind choose_for_image(const std::vector<Rejection>& rejected = {}) {
  return choose({std::nullopt, true}, rejected, warn);
}
Kind choose_for_host() { return choose({std::nullopt, false}, {}, warn); }

TEST(ChooseTest, TheFirstThatIsThere) {
  const PathOf path({"bwrap", "podman", "newuidmap", "apptainer", "singularity", "docker"}, "");
  EXPECT_EQ(choose_for_image(), Kind::kBubblewrap);
  EXPECT_EQ(choose_for_host(), Kind::kBubblewrap);
  std::vector<Rejection> rejected;
  for (const Kind kind : spec::kAllRunners) {
    if (kind == Kind::kHost) break;
    EXPECT_EQ(choose_for_image(rejected), kind);
    rejected.push_back({kind, "it is broken", ""});
  }
}

TEST(ChooseTest, WhatIsAskedFor) {
  const PathOf path({"bwrap", "docker", "singularity"}, "");
  for (const Kind kind : {Kind::kBubblewrap, Kind::kDocker, Kind::kSingularity}) {
    EXPECT_EQ(choose({kind, true}, {}, warn), kind);
  }
  EXPECT_EQ(choose({Kind::kHost, false}, {}, warn), Kind::kHost);
}

TEST(ChooseTest, DockerForAnImageWithoutTheOthers) {
  const PathOf path({"docker"}, "");
  EXPECT_EQ(choose_for_image(), Kind::kDocker);
}

TEST(ChooseTest, TheHostWithoutBubblewrapIsWarnedOfOnce) {
  const PathOf path({"podman", "docker"}, "");
  warnings.clear();
  EXPECT_EQ(choose_for_host(), Kind::kHost);
  EXPECT_EQ(choose_for_host(), Kind::kHost);
  EXPECT_THAT(warnings,
              ::testing::ElementsAre("host steps run without isolation, because bubblewrap cannot "
                                     "be used here: the program bwrap is not on PATH"));
}

TEST(ChooseTest, NoRunnerForImages) {
  const PathOf path({"podman", "newuidmap"}, "");
  EXPECT_EQ(
      error_of(ErrorKind::kEnvironment,
               [] {
                 choose_for_image({{Kind::kPodman, "the image is odd", ""}});
               }),
      "no runner for images can be used here\n"
      "  bubblewrap: the program bwrap is not on PATH. Install bubblewrap (on Debian: apt "
      "install bubblewrap).\n"
      "  podman: the image is odd.\n"
      "  apptainer: the program apptainer is not on PATH. Install Apptainer "
      "(https://apptainer.org).\n"
      "  singularity: the program singularity is not on PATH. Install SingularityCE or Apptainer "
      "(https://apptainer.org).\n"
      "  docker: the program docker is not on PATH. Install Docker (on Debian: apt install "
      "docker.io).");
}

TEST(ChooseTest, AnExplicitRunnerThatIsMissing) {
  const PathOf path({"bwrap"}, "");
  EXPECT_EQ(error_of(ErrorKind::kEnvironment,
                     [] {
                       choose({Kind::kDocker, true}, {}, warn);
                     }),
            "the runner docker cannot be used here: the program docker is not on PATH\n"
            "  Install Docker (on Debian: apt install docker.io).");
}

TEST(ChooseTest, PodmanOfAnOrdinaryUserNeedsNewuidmap) {
  if (getuid() == 0) GTEST_SKIP() << "root needs none";
  const PathOf path({"podman"}, "");
  EXPECT_EQ(runner_of(Kind::kPodman).quick_look().reason,
            "the program newuidmap, which podman needs, is not on PATH");
}

TEST(ChooseTest, AnExplicitRunnerThatCannotRunSuchAStep) {
  EXPECT_EQ(error_of(ErrorKind::kUser,
                     [] {
                       choose({Kind::kHost, true}, {}, warn);
                     }),
            "the runner host cannot run images\n"
            "  For a step with an image choose bubblewrap, podman, apptainer, singularity, docker "
            "or auto.");
  EXPECT_EQ(error_of(ErrorKind::kUser,
                     [] {
                       choose({Kind::kPodman, false}, {}, warn);
                     }),
            "the runner podman needs an image\n"
            "  For a step on the host choose bubblewrap, host or auto.");
}

TEST(ChooseTest, ABrokenRunnerIsFollowedByTheNext) {
  const PathOf path({"bwrap", "docker"}, "bwrap: no permissions");
  const Rejection rejection = examine_failure({std::nullopt, true}, Kind::kBubblewrap, "why");
  EXPECT_EQ(rejection.kind, Kind::kBubblewrap);
  EXPECT_EQ(rejection.reason, "bwrap: no permissions");
  EXPECT_EQ(choose_for_image({rejection}), Kind::kDocker);
  EXPECT_THAT(error_of(ErrorKind::kEnvironment,
                       [] {
                         examine_failure({Kind::kBubblewrap, true}, Kind::kBubblewrap, "why");
                       }),
              HasSubstr("the runner bubblewrap cannot be used here: bwrap: no permissions\n"));
}

TEST(ChooseTest, AWorkingRunnerIsNotReplaced) {
  EXPECT_EQ(
      error_of(ErrorKind::kEnvironment,
               [] {
                 examine_failure({Kind::kHost, false}, Kind::kHost, "cntr-supervisor: cannot fork");
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

TEST(StartFailureTest, Podman) {
  const Runner& runner = runner_of(Kind::kPodman);
  EXPECT_EQ(runner.start_failure({.code = 125}, "Error: statfs /x: no such file or directory\n"),
            "Error: statfs /x: no such file or directory");
  EXPECT_EQ(
      runner.start_failure({.code = 126}, "Error: runc: exec failed: OCI permission denied\n"),
      "Error: runc: exec failed: OCI permission denied");
  EXPECT_EQ(runner.start_failure({.code = 125}, "cntr-init: cannot enter /x: Permission denied\n"),
            "cntr-init: cannot enter /x: Permission denied");
  EXPECT_EQ(runner.start_failure({.code = 126}, "Error: the step's own\n"), std::nullopt);
  EXPECT_EQ(runner.start_failure({.code = 1}, "Error: the step's own\n"), std::nullopt);
}

TEST(StartFailureTest, Apptainer) {
  const Runner& runner = runner_of(Kind::kApptainer);
  EXPECT_EQ(runner.start_failure({.code = 255}, "FATAL:   container creation failed\n"),
            "FATAL:   container creation failed");
  EXPECT_EQ(runner.start_failure({.code = 255}, "the step's own\n"), std::nullopt);
  EXPECT_EQ(runner.start_failure({.code = 1}, "FATAL: the step's own\n"), std::nullopt);
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
            "docker cannot pass arguments and variables that are not UTF-8");
  step.argv = {""};
  EXPECT_EQ(runner_of(Kind::kDocker).refusal(step), "the command's name is empty");
}

}  // namespace
}  // namespace cntr::runner
