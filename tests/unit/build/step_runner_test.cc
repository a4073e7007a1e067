#include "build/step_runner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "base/error.h"
#include "base/file_system.h"
#include "build/sandbox_setup.h"

namespace cntr::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Runs a function in place of the sandboxed command.
class FakeLauncher : public Launcher {
 public:
  using Body = std::function<int(const runner::Sandbox&, const OutputSink&)>;

  explicit FakeLauncher(Body body) : body_(std::move(body)) {}

  runner::Kind choose(const spec::Step&, const std::vector<runner::Rejection>&) override {
    return runner::Kind::kBubblewrap;
  }
  runner::Rejection examine_failure(const spec::Step&, runner::Kind,
                                    const std::string& reason) override {
    throw environment_error(reason);
  }
  LaunchResult run(const spec::Step&, runner::Kind, const runner::Sandbox& sandbox,
                   const OutputSink& out, const OutputSink&) override {
    ++executions;
    LaunchResult result;
    result.status.code = body_(sandbox, out);
    return result;
  }

  int executions = 0;

 private:
  Body body_;
};

// A project with one input and one step on the host that writes "<first line of input>!" to
// out.txt.
class StepRunnerTest : public testing::Test {
 protected:
  StepRunnerTest() {
    make_directories(source());
    make_directories(binary());
    write(source() + "/in.txt", "one");
    step_.name = "shout";
    step_.source_dir = source();
    step_.binary_dir = binary();
    step_.default_directory = binary();
    step_.command = {"/bin/sh", "-c", "shout"};
    step_.inputs = {source() + "/in.txt"};
    step_.outputs = {binary() + "/out.txt"};
  }

  std::string source() const { return root_.path() + "/src"; }
  std::string binary() const { return root_.path() + "/build"; }
  std::string out() const { return read_file(binary() + "/out.txt"); }
  static void write(const std::string& path, const std::string& bytes) {
    write_file_atomically(path, bytes);
  }

  StepOutcome run() {
    StepRunner runner({cache_, launcher_, system_clock(),
                       [this](std::string_view bytes) { echoed_ += bytes; },
                       [this](const std::string& sentence) { warnings_.push_back(sentence); }});
    return runner.run(step_);
  }

  TemporaryDirectory root_{testing::TempDir(), "step-runner-"};
  std::vector<std::string> warnings_;
  std::string echoed_;
  store::Cache cache_{root_.path() + "/cache",
                      [this](const std::string& sentence) { warnings_.push_back(sentence); }};
  spec::Step step_;
  FakeLauncher::Body shout_ = [this](const runner::Sandbox& sandbox, const OutputSink& sink) {
    sink("shouting\n");
    for (const runner::Bind& bind : sandbox.binds) {
      if (bind.container == "/src/in.txt") {
        write(sandbox.work_directory + "/build/out.txt", read_file(bind.host) + "!");
      }
    }
    return 0;
  };
  FakeLauncher launcher_{[this](const runner::Sandbox& sandbox, const OutputSink& sink) {
    return body_ ? body_(sandbox, sink) : shout_(sandbox, sink);
  }};
  FakeLauncher::Body body_;  // instead of shout_
};

TEST_F(StepRunnerTest, RunsOnceThenNothing) {
  EXPECT_EQ(run().result, StepResult::kExecuted);
  EXPECT_EQ(out(), "one!");
  EXPECT_EQ(echoed_, "shouting\n");
  EXPECT_EQ(run().result, StepResult::kCurrent);
  EXPECT_EQ(launcher_.executions, 1);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(StepRunnerTest, TouchingAnInputRunsNothing) {
  run();
  utimensat(AT_FDCWD, (source() + "/in.txt").c_str(), nullptr, 0);
  EXPECT_EQ(run().result, StepResult::kCurrent);
}

TEST_F(StepRunnerTest, AnEditRunsAndSaysWhy) {
  EXPECT_THAT(run().reasons, ElementsAre("there is no earlier result in this build directory"));
  write(source() + "/in.txt", "two");
  const StepOutcome outcome = run();
  EXPECT_EQ(outcome.result, StepResult::kExecuted);
  EXPECT_THAT(outcome.reasons, ElementsAre("input in.txt: content changed"));
  EXPECT_EQ(out(), "two!");
}

TEST_F(StepRunnerTest, BackToAnEarlierInputRestoresItsResult) {
  run();
  write(source() + "/in.txt", "two");
  run();
  write(source() + "/in.txt", "one");
  EXPECT_EQ(run().result, StepResult::kRestored);
  EXPECT_EQ(out(), "one!");
  EXPECT_EQ(launcher_.executions, 2);
}

TEST_F(StepRunnerTest, ADeletedOrEditedOutputIsRestored) {
  run();
  unlink((binary() + "/out.txt").c_str());
  StepOutcome outcome = run();
  EXPECT_EQ(outcome.result, StepResult::kRestored);
  EXPECT_THAT(outcome.reasons, ElementsAre("output out.txt: was file, is absent"));
  write(binary() + "/out.txt", "by hand");
  outcome = run();
  EXPECT_EQ(outcome.result, StepResult::kRestored);
  EXPECT_THAT(outcome.reasons, ElementsAre("output out.txt: content changed"));
  EXPECT_EQ(out(), "one!");
  EXPECT_EQ(launcher_.executions, 1);
}

TEST_F(StepRunnerTest, AnotherBuildTreeHits) {
  run();
  step_.source_dir = root_.path() + "/moved/src";
  step_.binary_dir = step_.default_directory = root_.path() + "/elsewhere";
  make_directories(step_.source_dir);
  make_directories(step_.binary_dir);
  write(step_.source_dir + "/in.txt", "one");
  step_.inputs = {step_.source_dir + "/in.txt"};
  step_.outputs = {step_.binary_dir + "/out.txt"};
  EXPECT_EQ(run().result, StepResult::kRestored);
  EXPECT_EQ(read_file(step_.binary_dir + "/out.txt"), "one!");
  EXPECT_EQ(launcher_.executions, 1);
}

TEST_F(StepRunnerTest, EqualBytesAreNotTouched) {
  run();
  const auto before = stat_file(binary() + "/out.txt");
  step_.command.push_back("changed");
  const StepOutcome outcome = run();
  EXPECT_EQ(outcome.result, StepResult::kExecuted);
  EXPECT_THAT(outcome.reasons, ElementsAre("argument 3: added"));
  EXPECT_EQ(stat_file(binary() + "/out.txt"), before);
}

TEST_F(StepRunnerTest, AFailedStepKeepsOldOutputsAndCachesNothing) {
  run();
  write(source() + "/in.txt", "two");
  body_ = [](const runner::Sandbox& sandbox, const OutputSink& sink) {
    write_file_atomically(sandbox.work_directory + "/build/out.txt", "half");
    sink("line 1\nline 2\n");
    return 3;
  };
  const StepOutcome outcome = run();
  EXPECT_EQ(outcome.result, StepResult::kFailed);
  EXPECT_EQ(outcome.failure,
            "step shout failed: exit code 3\n  | line 1\n  | line 2\n  Whole log: " + binary() +
                "/cntr/logs/shout.log\n  To look inside: cntr shell shout -C " + binary());
  EXPECT_EQ(out(), "one!");
  EXPECT_EQ(read_file(binary() + "/cntr/work/shout/build/out.txt"), "half");
  body_ = nullptr;
  EXPECT_EQ(run().result, StepResult::kExecuted);
  EXPECT_EQ(out(), "two!");
  EXPECT_FALSE(exists(binary() + "/cntr/work/shout"));
}

TEST_F(StepRunnerTest, AMissingOutputNamesWhatWasMadeInstead) {
  body_ = [](const runner::Sandbox& sandbox, const OutputSink&) {
    write_file_atomically(sandbox.work_directory + "/build/oot.txt", "x");
    return 0;
  };
  EXPECT_THAT(run().failure, HasSubstr("step shout failed\n  The output /build/out.txt was not "
                                       "made.\n  It made: oot.txt."));
}

TEST_F(StepRunnerTest, AnOutputDirectoryMustBeMadeByTheStep) {
  step_.outputs.clear();
  step_.output_directories = {binary() + "/sub/d"};
  body_ = [](const runner::Sandbox& sandbox, const OutputSink&) {
    EXPECT_TRUE(exists(sandbox.work_directory + "/build/sub"));
    EXPECT_FALSE(exists(sandbox.work_directory + "/build/sub/d"));
    return 0;
  };
  EXPECT_THAT(run().failure,
              HasSubstr("step shout failed\n  The output /build/sub/d was not made."));
  body_ = [](const runner::Sandbox& sandbox, const OutputSink&) {
    return mkdir((sandbox.work_directory + "/build/sub/d").c_str(), 0755);
  };
  EXPECT_EQ(run().result, StepResult::kExecuted);
  EXPECT_THAT(list_directory(binary() + "/sub/d"), IsEmpty());
}

TEST_F(StepRunnerTest, AFifoInAnOutputDirectoryFailsTheStep) {
  step_.outputs.clear();
  step_.output_directories = {binary() + "/d"};
  body_ = [](const runner::Sandbox& sandbox, const OutputSink&) {
    const std::string sub = sandbox.work_directory + "/build/d/sub";
    make_directories(sub);
    return mkfifo((sub + "/pipe").c_str(), 0600);
  };
  const StepOutcome outcome = run();
  EXPECT_EQ(outcome.result, StepResult::kFailed);
  EXPECT_THAT(outcome.failure,
              HasSubstr("step shout failed\n  The output directory /build/d holds "
                        "/build/d/sub/pipe, a socket, a fifo or a device; only files, directories "
                        "and symbolic links can be kept.\n"));
  EXPECT_FALSE(exists(binary() + "/d"));
}

TEST_F(StepRunnerTest, AnOutputThatIsALinkIsRefused) {
  body_ = [](const runner::Sandbox& sandbox, const OutputSink&) {
    return symlink("/etc/passwd", (sandbox.work_directory + "/build/out.txt").c_str());
  };
  EXPECT_THAT(run().failure, HasSubstr("The output /build/out.txt is a symbolic link"));
}

TEST_F(StepRunnerTest, SuccessCodesAndRetries) {
  int attempts = 0;
  body_ = [&](const runner::Sandbox& sandbox, const OutputSink&) {
    EXPECT_FALSE(exists(sandbox.work_directory + "/build/left"));
    write_file_atomically(sandbox.work_directory + "/build/left", "x");
    write_file_atomically(sandbox.work_directory + "/build/out.txt", "x");
    return ++attempts == 3 ? 7 : 1;
  };
  step_.success_codes = {0, 7};
  step_.retries = 1;
  EXPECT_EQ(run().result, StepResult::kFailed);
  EXPECT_EQ(attempts, 2);
  EXPECT_THAT(warnings_, ElementsAre("step shout failed (exit code 1); attempt 2 of 2"));
  EXPECT_EQ(run().result, StepResult::kExecuted);
}

TEST_F(StepRunnerTest, AnInputChangedDuringTheRunIsNotCached) {
  body_ = [this](const runner::Sandbox& sandbox, const OutputSink& sink) {
    shout_(sandbox, sink);
    write(source() + "/in.txt", "two");
    return 0;
  };
  EXPECT_EQ(run().result, StepResult::kExecuted);
  EXPECT_THAT(warnings_, ElementsAre("an input of step shout changed while it ran; its result is "
                                     "not cached and it will run again"));
  body_ = nullptr;
  write(source() + "/in.txt", "one");
  EXPECT_EQ(run().result, StepResult::kExecuted);
}

TEST_F(StepRunnerTest, AnOptionalOutputThatIsNoLongerMadeGoes) {
  step_.optional_outputs = {binary() + "/extra.txt"};
  body_ = [this](const runner::Sandbox& sandbox, const OutputSink& sink) {
    write(sandbox.work_directory + "/build/extra.txt", "x");
    return shout_(sandbox, sink);
  };
  run();
  EXPECT_TRUE(exists(binary() + "/extra.txt"));
  body_ = nullptr;
  write(source() + "/in.txt", "two");
  run();
  EXPECT_FALSE(exists(binary() + "/extra.txt"));
  write(source() + "/in.txt", "one");
  EXPECT_EQ(run().result, StepResult::kRestored);
  EXPECT_TRUE(exists(binary() + "/extra.txt"));
}

TEST_F(StepRunnerTest, InADirectoryOnlyWhatChangedIsNew) {
  step_.outputs.clear();
  step_.output_directories = {binary() + "/d"};
  int round = 0;
  body_ = [&](const runner::Sandbox& sandbox, const OutputSink&) {
    ++round;
    const std::string d = sandbox.work_directory + "/build/d";
    make_directories(d + "/empty");
    write_file_atomically(d + "/same", "x");
    write_file_atomically(d + "/changes", std::to_string(round));
    if (round == 1) write_file_atomically(d + "/gone", "x");
    symlink("same", (d + "/link").c_str());
    return 0;
  };
  run();
  const auto same = stat_file(binary() + "/d/same");
  step_.command.push_back("again");
  EXPECT_EQ(run().result, StepResult::kExecuted);
  EXPECT_EQ(stat_file(binary() + "/d/same")->mtime, same->mtime);
  EXPECT_EQ(read_file(binary() + "/d/changes"), "2");
  EXPECT_FALSE(exists(binary() + "/d/gone"));
  write(binary() + "/d/changes", "by hand");
  EXPECT_EQ(run().result, StepResult::kRestored);
  EXPECT_EQ(read_file(binary() + "/d/changes"), "2");
  EXPECT_EQ(read_link(binary() + "/d/link"), "same");
  EXPECT_TRUE(exists(binary() + "/d/empty"));
}

TEST_F(StepRunnerTest, SecretsAreDeliveredAndNowhereElse) {
  setenv("CNTR_TEST_TOKEN", "s3cret-value", 1);
  step_.secrets = {"CNTR_TEST_TOKEN"};
  const Digest before = run().signature;
  step_.command.push_back("again");
  body_ = [this](const runner::Sandbox& sandbox, const OutputSink& sink) {
    EXPECT_THAT(sandbox.environment, testing::Contains("CNTR_TEST_TOKEN=s3cret-value"));
    sink("token is s3cret-");
    sink("value\n");
    return shout_(sandbox, sink);
  };
  run();
  EXPECT_THAT(echoed_, HasSubstr("token is [secret CNTR_TEST_TOKEN]\n"));
  for (const std::string& relative : list_tree(root_.path())) {
    const std::string path = root_.path() + "/" + relative;
    if (stat_link(path)->kind != FileKind::kRegular) continue;
    EXPECT_EQ(read_file(path).find("s3cret-value"), std::string::npos) << path;
  }
  step_.command.pop_back();
  setenv("CNTR_TEST_TOKEN", "another", 1);
  EXPECT_EQ(run().signature, before);
}

TEST_F(StepRunnerTest, AMissingSecretIsAnErrorOnlyWhenTheStepRuns) {
  unsetenv("CNTR_TEST_MISSING");
  step_.secrets = {"CNTR_TEST_MISSING"};
  EXPECT_THROW(run(), Error);
}

TEST_F(StepRunnerTest, PassedVariablesCountByTheirValue) {
  step_.pass_environment = {"CNTR_TEST_SEED"};
  unsetenv("CNTR_TEST_SEED");
  run();
  setenv("CNTR_TEST_SEED", "42", 1);
  EXPECT_THAT(run().reasons, ElementsAre("variable CNTR_TEST_SEED: was unset, is "));
  unsetenv("CNTR_TEST_SEED");
  EXPECT_EQ(run().result, StepResult::kRestored);
  EXPECT_EQ(launcher_.executions, 2);
}

TEST_F(StepRunnerTest, WithoutCacheTheBuildTreeStillAnswers) {
  step_.cache = false;
  run();
  EXPECT_EQ(run().result, StepResult::kCurrent);
  unlink((binary() + "/out.txt").c_str());
  EXPECT_EQ(run().result, StepResult::kExecuted);
  EXPECT_EQ(launcher_.executions, 2);
}

TEST_F(StepRunnerTest, AnUndeclaredMountIsSaidAloudAndNeverCached) {
  step_.mounts = {{source(), "/opt/in", spec::MountMode::kReadOnly, true}};
  run();
  EXPECT_THAT(warnings_, ElementsAre("step shout mounts undeclared files, so its result is not "
                                     "cached and it runs every time"));
  EXPECT_EQ(run().result, StepResult::kExecuted);
}

TEST_F(StepRunnerTest, AMountShowsOnlyDeclaredInputs) {
  write(source() + "/undeclared.txt", "x");
  step_.mounts = {{source(), "/opt/in", spec::MountMode::kReadOnly, false},
                  {binary() + "/results", "/opt/out", spec::MountMode::kReadWrite, false}};
  step_.outputs = {binary() + "/results/out.txt"};
  std::vector<runner::Bind> binds;
  body_ = [&](const runner::Sandbox& sandbox, const OutputSink&) {
    binds = sandbox.binds;
    write(sandbox.work_directory + "/build/results/out.txt", "x");
    return 0;
  };
  EXPECT_EQ(run().result, StepResult::kExecuted);
  const std::string work = binary() + "/cntr/work/shout";
  EXPECT_THAT(binds, ElementsAre(runner::Bind{source() + "/in.txt", "/opt/in/in.txt", false, false},
                                 runner::Bind{work + "/build/results", "/opt/out", true, true},
                                 runner::Bind{source() + "/in.txt", "/src/in.txt", false, false}));
}

TEST_F(StepRunnerTest, AMissingInputIsAnErrorAtTheStep) {
  step_.location = {"CMakeLists.txt", 9, 0};
  step_.inputs.push_back(source() + "/none.txt");
  try {
    run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "CMakeLists.txt:9: Step shout: the input " + source() +
                                             "/none.txt is not there\n  Make it, or take it out of "
                                             "INPUTS.");
  }
}

TEST_F(StepRunnerTest, TheOrderOfInputsDoesNotMatter) {
  write(source() + "/b.txt", "b");
  step_.inputs = {source() + "/in.txt", source() + "/b.txt"};
  const Digest one = run().signature;
  step_.inputs = {source() + "/b.txt", source() + "/in.txt", source() + "/b.txt"};
  EXPECT_EQ(run().signature, one);
}

TEST_F(StepRunnerTest, SwappedContentsAndFlippedBitsAreNoticed) {
  write(source() + "/b.txt", "two");
  step_.inputs = {source() + "/in.txt", source() + "/b.txt"};
  const Digest before = run().signature;
  write(source() + "/in.txt", "two");
  write(source() + "/b.txt", "one");
  EXPECT_NE(run().signature, before);
  write(source() + "/in.txt", "one");
  write(source() + "/b.txt", "two");
  chmod((source() + "/b.txt").c_str(), 0755);
  const StepOutcome outcome = run();
  EXPECT_NE(outcome.signature, before);
  EXPECT_THAT(outcome.reasons, testing::Contains("input b.txt: was file, is executable"));
}

TEST_F(StepRunnerTest, TheJournalSaysWhatHappened) {
  run();
  run();
  const std::string journal = read_file(binary() + "/cntr/journal.jsonl");
  EXPECT_THAT(journal, HasSubstr(R"({"step":"shout","result":"executed","signature":"sha256:)"));
  EXPECT_THAT(journal, HasSubstr(R"("result":"current")"));
}

TEST_F(StepRunnerTest, ADamagedBlobIsAMiss) {
  run();
  for (const std::string& relative : list_tree(root_.path() + "/cache/v1/blobs")) {
    const std::string path = root_.path() + "/cache/v1/blobs/" + relative;
    if (stat_link(path)->kind != FileKind::kRegular) continue;
    chmod(path.c_str(), 0644);
    const std::string bytes = read_file(path);
    write(path, std::string(bytes.size(), 'Z'));
  }
  unlink((binary() + "/out.txt").c_str());
  EXPECT_EQ(run().result, StepResult::kExecuted);
  EXPECT_EQ(out(), "one!");
}

TEST_F(StepRunnerTest, AForecastChangesNothing) {
  run();
  write(source() + "/in.txt", "two");
  StepRunner runner(
      {cache_, launcher_, system_clock(), [](std::string_view) {}, [](const std::string&) {}});
  const StepForecast forecast = runner.forecast(step_);
  EXPECT_TRUE(forecast.would_execute);
  EXPECT_THAT(forecast.reasons, ElementsAre("input in.txt: content changed"));
  EXPECT_EQ(out(), "one!");
  EXPECT_EQ(launcher_.executions, 1);
}

}  // namespace
}  // namespace cntr::build
