#include "spec/workflow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file_system.h"

namespace cntr::spec {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Step make_step(const std::string& name, std::vector<std::string> inputs,
               std::vector<std::string> outputs) {
  Step step;
  step.name = name;
  step.inputs = std::move(inputs);
  step.outputs = std::move(outputs);
  return step;
}

Workflow workflow_of(std::vector<Step> steps) {
  Workflow workflow;
  workflow.directory = "/b/cntr";
  workflow.steps = std::move(steps);
  return workflow;
}

TEST(Workflow, AChainHasNoProblems) {
  EXPECT_THAT(
      problems_of(workflow_of({make_step("a", {}, {"/b/x"}), make_step("b", {"/b/x"}, {"/b/y"})})),
      IsEmpty());
}

TEST(Workflow, AllProblemsAtOnce) {
  Step second = make_step("second", {"/b/none"}, {"/b/x"});
  second.location = {"/w/CMakeLists.txt", 7, 0};
  EXPECT_THAT(
      problems_of(workflow_of({make_step("first", {}, {"/b/x"}), second})),
      ElementsAre("Two steps make /b/x: first and second (/w/CMakeLists.txt:7).",
                  "Nothing makes /b/none, which step second (/w/CMakeLists.txt:7) needs, and it is "
                  "not there."));
}

TEST(Workflow, ACycleIsPrintedAsAPath) {
  EXPECT_THAT(problems_of(workflow_of({make_step("a", {"/b/z"}, {"/b/x"}),
                                       make_step("b", {"/b/x"}, {"/b/y"}),
                                       make_step("c", {"/b/y"}, {"/b/z"})})),
              ElementsAre("A cycle: a needs /b/z of c, which needs /b/y of b, which needs /b/x of "
                          "a."));
  EXPECT_THAT(problems_of(workflow_of({make_step("self", {"/b/x"}, {"/b/x"})})),
              ElementsAre("A cycle: self needs /b/x of self."));
}

TEST(Workflow, AFileBelowADirectoryOutputIsMadeByItsStep) {
  Step maker = make_step("maker", {}, {});
  maker.output_directories = {"/b/d"};
  const Workflow workflow = workflow_of({maker, make_step("user", {"/b/d/f"}, {"/b/o"})});
  EXPECT_THAT(problems_of(workflow), IsEmpty());
  EXPECT_EQ(Producers(workflow).of("/b/d/f")->name, "maker");
  EXPECT_EQ(Producers(workflow).of("/b/dd"), nullptr);
}

TEST(Workflow, IsFoundFromBelow) {
  const TemporaryDirectory directory(testing::TempDir(), "wf-");
  make_directories(directory.path() + "/cntr");
  make_directories(directory.path() + "/sub/dir");
  write_file_atomically(directory.path() + "/cntr/workflow.yaml", "");
  EXPECT_EQ(find_workflow_directory(directory.path() + "/sub/dir"), directory.path() + "/cntr");
  EXPECT_THROW(find_workflow_directory("/proc"), Error);
}

TEST(Workflow, OfSeveralConfigurationsOneIsNamed) {
  const TemporaryDirectory directory(testing::TempDir(), "wf-");
  const std::string cntr = directory.path() + "/cntr";
  make_directories(cntr + "/logs");
  for (const char* configuration : {"/Debug", "/Release"}) {
    make_directories(cntr + configuration + "/steps");
    write_file_atomically(cntr + configuration + "/workflow.yaml", "");
  }
  EXPECT_EQ(find_workflow_directory(cntr + "/Release"), cntr + "/Release");
  EXPECT_EQ(find_workflow_directory(cntr + "/Debug/steps"), cntr + "/Debug");
  try {
    find_workflow_directory(directory.path());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "The build tree " + directory.path() +
                                             " has several configurations: Debug, Release\n"
                                             "  Name the one that is meant: -C " +
                                             cntr + "/Debug.");
  }
  remove_tree(cntr + "/Debug");
  EXPECT_EQ(find_workflow_directory(directory.path()), cntr + "/Release");
}

}  // namespace
}  // namespace cntr::spec
