#include "cli/step_edges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/environment.h"
#include "base/stop_request.h"

namespace cntr::cli {
namespace {

using Kind = StepCommand::Kind;

StepCommand run_command(const std::string& directory, const std::string& path,
                        const std::string& then = "") {
  return {Kind::kRun, directory, "/p/cntr", path, then};
}

TEST(ParseStepCommandTest, KnowsWhatTheGeneratorWrites) {
  EXPECT_EQ(parse_step_command("/p/cntr run --die-with-parent /b/cntr/steps/a.yaml"),
            run_command("", "/b/cntr/steps/a.yaml"));
  EXPECT_EQ(parse_step_command("/p/cntr image prepare '/b c/cntr/images/a.yaml'"),
            (StepCommand{Kind::kPrepareImage, "", "/p/cntr", "/b c/cntr/images/a.yaml", ""}));
  EXPECT_EQ(parse_step_command("/p/cntr check /b/cntr"),
            (StepCommand{Kind::kCheck, "", "/p/cntr", "/b/cntr", ""}));
}

TEST(ParseStepCommandTest, KnowsWhatCMakeWrites) {
  EXPECT_EQ(parse_step_command("cd /b && /p/cntr run --die-with-parent /b/cntr/steps/a.yaml"),
            run_command("/b", "/b/cntr/steps/a.yaml"));
  EXPECT_EQ(
      parse_step_command("cd \"/b c\" && /p/cntr run --die-with-parent \"/b c/cntr/steps/a.yaml\""),
      run_command("/b c", "/b c/cntr/steps/a.yaml"));
  EXPECT_EQ(
      parse_step_command("cd \"/b c\" && /p/cntr run --die-with-parent /x.yaml && "
                         "/usr/bin/cmake -E cmake_transform_depfile Ninja gccdepfile \"/s t\" /o"),
      run_command("/b c", "/x.yaml",
                  "cd '/b c' && /usr/bin/cmake -E cmake_transform_depfile Ninja gccdepfile "
                  "\"/s t\" /o"));
}

class OrdinaryCommandTest : public ::testing::TestWithParam<const char*> {};

TEST_P(OrdinaryCommandTest, IsNoStep) { EXPECT_EQ(parse_step_command(GetParam()), std::nullopt); }

INSTANTIATE_TEST_SUITE_P(
    Each, OrdinaryCommandTest,
    ::testing::Values(
        "", "cd /b", "cd /b && true", "/p/cntr", "cntr run --die-with-parent /x.yaml",
        "/p/cntr run /x.yaml", "/p/cntr run -v --die-with-parent /x.yaml",
        "/p/cntr run --die-with-parent x.yaml", "/p/cntr run --die-with-parent /x.yaml /y.yaml",
        "/p/cntr run --die-with-parent /x.yaml && true",
        "/p/cntr run --die-with-parent /x.yaml; true", "/p/cntr run --die-with-parent /x.yaml >log",
        "A=1 /p/cntr run --die-with-parent /x.yaml", "ccache /p/cntr run --die-with-parent /x.yaml",
        "cd /a b && /p/cntr run --die-with-parent /x.yaml",
        "cd /a && cd /b && /p/cntr run --die-with-parent /x.yaml",
        "/p/cntr run --die-with-parent '/x && y.yaml'",
        "cd $HOME && /p/cntr run --die-with-parent /x.yaml",
        "/p/cntr run --die-with-parent /x.yaml && /c -E cmake_transform_depfile a b "
        "&& true",
        "/p/cntr run --die-with-parent /x.yaml && /c -E "
        "cmake_transform_depfile a $(b)",
        "/p/cntr cache clear", "/p/cntr check"));

class ScopedVariable {
 public:
  ScopedVariable(const std::string& name, const std::string& value)
      : name_(name), old_(environment_variable(name)) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;
  ~ScopedVariable() {
    if (old_) {
      setenv(name_.c_str(), old_->c_str(), 1);
    } else {
      unsetenv(name_.c_str());
    }
  }

 private:
  std::string name_;
  std::optional<std::string> old_;
};

// A build tree with the step `probe`, which runs on the host, and a file that stands for cntr.
class StepEdgesTest : public ::testing::Test {
 protected:
  StepEdgesTest() {
    for (const char* name : {"/build/cntr/steps", "/src", "/bin"}) make_directories(path(name));
    write_file_atomically(path("/bin/cntr"), "");
    write_index("[probe]");
    write_step("echo said; exit 3");
    edges_.emplace(path("/bin/cntr"), known_);
  }

  std::string path(const std::string& below) const { return directory_.path() + below; }
  std::string spec() const { return path("/build/cntr/steps/probe.yaml"); }
  std::string command() const { return path("/bin/cntr") + " run --die-with-parent " + spec(); }

  void write_index(const std::string& steps) {
    write_file_atomically(path("/build/cntr/workflow.yaml"),
                          "cntr: workflow\nversion: 1\nsource_dir: " + path("/src") +
                              "\nbinary_dir: " + path("/build") + "\nsteps: " + steps + "\n");
  }
  void write_step(const std::string& script, const std::string& more = "") {
    write_file_atomically(
        spec(),
        "cntr: step\nversion: 1\nname: probe\nsource_dir: " + path("/src") +
            "\nbinary_dir: " + path("/build") + "\ndefault_directory: " + path("/build") +
            "\nenvironment:\n  host: true\nrunner: host\ncommand: [\"/bin/sh\", \"-c\", \"" +
            script + "\"]\n" + more);
  }
  bool is_recognised(const std::string& text) { return edges_->find(text).has_value(); }
  engine::Job::End run(const std::string& text) { return edges_->find(text).value().run(); }

  TemporaryDirectory directory_{"/tmp", "cntr-steps-"};
  const ScopedVariable cache_{"CNTR_CACHE_DIR", path("/cache")};
  store::KnownDigests known_;
  std::optional<StepEdges> edges_;
};

TEST_F(StepEdgesTest, RecognisesAStepOfTheIndex) {
  EXPECT_TRUE(is_recognised(command()));
  EXPECT_TRUE(is_recognised("cd " + path("/build") + " && " + command()));
  EXPECT_TRUE(is_recognised(path("/bin/cntr") + " check " + path("/build/cntr")));
}

TEST_F(StepEdgesTest, RecognisesTheProgramByWhateverName) {
  ASSERT_EQ(symlink(path("/bin/cntr").c_str(), path("/bin/link").c_str()), 0);
  EXPECT_TRUE(is_recognised(path("/bin/link") + " run --die-with-parent " + spec()));
}

TEST_F(StepEdgesTest, AnotherProgramIsAnotherVersion) {
  write_file_atomically(path("/bin/other"), "");
  EXPECT_FALSE(is_recognised(path("/bin/other") + " run --die-with-parent " + spec()));
  EXPECT_FALSE(is_recognised(path("/bin/none") + " run --die-with-parent " + spec()));
  StepEdges without_program(std::nullopt, known_);
  EXPECT_FALSE(without_program.find(command()));
}

TEST_F(StepEdgesTest, WhatTheIndexDoesNotNameIsOrdinary) {
  const std::string cntr = path("/bin/cntr");
  EXPECT_FALSE(is_recognised(cntr + " run --die-with-parent " + path("/build/cntr/steps/b.yaml")));
  EXPECT_FALSE(is_recognised(cntr + " run --die-with-parent " + path("/build/cntr/probe.yaml")));
  EXPECT_FALSE(is_recognised(cntr + " image prepare " + spec()));
  EXPECT_FALSE(is_recognised(cntr + " run --die-with-parent " + path("/src/steps/probe.yaml")));
  EXPECT_FALSE(is_recognised("cd /no/such/directory && " + command()));
}

TEST_F(StepEdgesTest, ABrokenIndexRecognisesNothing) {
  write_index("{");
  EXPECT_FALSE(is_recognised(command()));
  write_index("[probe, other]");
  EXPECT_TRUE(is_recognised(command()));
  write_index("[other]");
  EXPECT_FALSE(is_recognised(command()));
}

TEST_F(StepEdgesTest, PrintsAndReturnsWhatCntrRunDoes) {
  const engine::Job::End end = run(command());
  EXPECT_EQ(end.code, 1);
  EXPECT_FALSE(end.declined);
  EXPECT_EQ(end.output, "said\ncntr: step probe failed: exit code 3\n  | said\n  Whole log: " +
                            path("/build/cntr/logs/probe.log") +
                            "\n  To look inside: cntr shell probe -C " + path("/build") + "\n");
  write_step("echo again");
  EXPECT_EQ(run(command()).output, "again\n");
  EXPECT_EQ(run(command()).output, "");
}

TEST_F(StepEdgesTest, ABrokenSpecIsOneError) {
  write_file_atomically(spec(), "cntr: step\nversion: 1\nname: [\n");
  const engine::Job::End end = run(command());
  EXPECT_EQ(end.code, 2);
  EXPECT_THAT(end.output, ::testing::StartsWith("cntr: error: " + spec() + ":"));
  EXPECT_EQ(run(command()).output, end.output);
}

TEST_F(StepEdgesTest, AMissingCacheDirectoryIsSaidWithEachStep) {
  const ScopedVariable nowhere("CNTR_CACHE_DIR", "");
  EXPECT_EQ(run(command()).output,
            "cntr: error: CNTR_CACHE_DIR is empty\n  Set it to the path of a directory, or unset "
            "it.\n");
  EXPECT_EQ(run(command()).code, 2);
}

TEST_F(StepEdgesTest, AStepThatWantsTheVariablesOfTheShellIsDeclined) {
  write_step("true", "pass_environment: [PWD]\n");
  EXPECT_TRUE(run(command()).declined);
  EXPECT_FALSE(exists(path("/build/cntr/journal.jsonl")));
}

TEST_F(StepEdgesTest, RunsStepsAtOnce) {
  std::string names;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "s" + std::to_string(i);
    std::string text = read_file(spec());
    text.replace(text.find("probe"), 5, name);
    text.replace(text.find("echo said; exit 3"), 17, "echo " + name);
    write_file_atomically(path("/build/cntr/steps/" + name + ".yaml"), text);
    names += (i > 0 ? ", " : "") + name;
  }
  write_index("[" + names + "]");
  std::vector<std::thread> threads;
  std::vector<std::string> outputs(8);
  for (int i = 0; i < 8; ++i) {
    const std::string step = path("/build/cntr/steps/s" + std::to_string(i) + ".yaml");
    const auto job = edges_->find(path("/bin/cntr") + " run --die-with-parent " + step);
    ASSERT_TRUE(job);
    threads.emplace_back([&outputs, i, job] { outputs[i] = job->run().output; });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(outputs[i], "s" + std::to_string(i) + "\n");
}

TEST_F(StepEdgesTest, AStepThatIsStoppedIsInterrupted) {
  write_step("echo started; exec sleep 100");
  const std::string log = path("/build/cntr/logs/probe.log");
  StopRequest stop;
  std::thread user([&] {
    for (int i = 0; i < 5000 && read_file_if_exists(log) != "started\n"; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    stop.raise();
  });
  const StopScope scope(stop);
  EXPECT_EQ(run(command()).code, 130);
  user.join();
  EXPECT_FALSE(exists(path("/build/cntr/work/probe")));
  EXPECT_THROW(run(command()), Stopped);
}

}  // namespace
}  // namespace cntr::cli
