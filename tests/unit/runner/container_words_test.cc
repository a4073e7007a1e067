// What reaches a command through cntr-init, without a container around it.
#include "runner/container_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file_system.h"

namespace cntr::runner {
namespace {

struct Ending {
  ExitStatus status;
  std::string out;
};

Ending start(const std::vector<std::string>& argv, const std::vector<std::string>& variables,
             const std::string& directory = "/") {
  Sandbox sandbox;
  sandbox.argv = argv;
  sandbox.environment = variables;
  sandbox.directory = directory;
  Command command;
  command.argv = init_command(sandbox);
  command.argv[0] = init_program();
  command.environment = init_variables(sandbox);
  command.environment.push_back("OF_THE_CONTAINER=1");
  Ending ending;
  ending.status = run_process(command, {}, [&](std::string_view bytes) { ending.out += bytes; });
  return ending;
}

TEST(ContainerWordsTest, OnlyPlainCharactersAreLeft) {
  EXPECT_EQ(encoded_word(""), "");
  EXPECT_EQ(encoded_word("a/B.c_9:=,+@-"), "a/B.c_9:=,+@-");
  EXPECT_EQ(encoded_word("%x y\n\xff$"), "%25x%20y%0A%FF%24");
}

TEST(ContainerWordsTest, EveryByteArrives) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  const Ending ending = start({"printf", "[%s]", all, "", "%41"}, {"PATH=/usr/bin:/bin"});
  EXPECT_EQ(ending.out, "[" + all + "][][%41]");
  EXPECT_EQ(ending.status, ExitStatus{});
}

TEST(ContainerWordsTest, TheVariablesAreExactlyTheSteps) {
  const Ending ending = start({"env"}, {"PATH=/usr/bin:/bin", "B=x=\n y"}, "/tmp");
  EXPECT_EQ(ending.out, "PATH=/usr/bin:/bin\nB=x=\n y\nPWD=/tmp\n");
}

TEST(ContainerWordsTest, ItEndsAsTheCommandEnds) {
  const std::vector<std::string> path = {"PATH=/usr/bin:/bin"};
  EXPECT_EQ(start({"sh", "-c", "exit 200"}, path).status.code, 200);
  EXPECT_EQ(start({"sh", "-c", "kill -SEGV $$"}, path).status, (ExitStatus{.code = 139}));
  EXPECT_EQ(start({"sh", "-c", "kill -TERM $PPID; sleep 10"}, path).status,
            (ExitStatus{.code = 143}));
}

TEST(ContainerWordsTest, WhatCannotBeStarted) {
  const Ending missing = start({"none"}, {"PATH=/usr/bin:/bin"});
  EXPECT_EQ(missing.status.code, 127);
  EXPECT_EQ(missing.out, "cntr-init: cannot start none: No such file or directory\n");
  const Ending file = start({"/etc/passwd"}, {});
  EXPECT_EQ(file.status.code, 126);
  EXPECT_EQ(file.out, "cntr-init: cannot start /etc/passwd: Permission denied\n");
  const Ending directory = start({"true"}, {}, "/nowhere");
  EXPECT_EQ(directory.status.code, 125);
  EXPECT_EQ(directory.out, "cntr-init: cannot enter /nowhere: No such file or directory\n");
}

TEST(ContainerWordsTest, WrongWordsAreRefused) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{}, {"/"}, {"/", "%4"}, {"/", "%zz"}}) {
    Command command;
    command.argv = {init_program()};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    EXPECT_EQ(run_process(command, {}, [](std::string_view) {}).code, 125);
  }
}

// Of an engine that never answers.
class HangingRunner : public Runner {
 public:
  Kind kind() const override { return Kind::kPodman; }
  bool runs_images() const override { return true; }
  bool runs_host_steps() const override { return false; }
  Availability quick_look() const override { return {}; }
  Availability probe() const override { return {}; }
  std::string refusal(const Sandbox& /*sandbox*/) const override { return ""; }
  void prepare(const Sandbox& /*sandbox*/) const override {}
  Command plan(const Sandbox& /*sandbox*/) const override {
    Command command;
    command.argv = {"/bin/sleep", "1000"};
    return command;
  }
  std::optional<std::string> start_failure(const ExitStatus& /*status*/,
                                           const std::string& /*log_tail*/) const override {
    return std::nullopt;
  }
  std::string_view complaint_of_program() const override { return ""; }
};

TEST(ContainerWordsTest, AnEngineThatHangsIsNotWaitedFor) {
  EXPECT_EQ(try_container(HangingRunner(), std::chrono::seconds(1)),
            "a container did not end within 1.0 s");
}

}  // namespace
}  // namespace cntr::runner
