#include "ninja_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace cntr::generator {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

spec::Workflow workflow_of(std::vector<spec::Step> steps) {
  spec::Workflow workflow;
  workflow.directory = "/b/cntr";
  workflow.steps = std::move(steps);
  return workflow;
}

TEST(NinjaWriter, AWholeGraph) {
  spec::Step step;
  step.name = "monthly";
  step.image_spec = "/b/cntr/images/deb.yaml";
  step.inputs = {"/w/in.csv"};
  step.outputs = {"/b/out.csv"};
  step.comment = "Monthly statistics";
  spec::Workflow workflow = workflow_of({step});
  spec::Image image;
  image.name = "deb";
  image.rootfs = "/b/root.tar";
  workflow.images = {image};
  EXPECT_EQ(write_ninja(workflow, "/opt/my cntr"),
            R"(# Written by cntr-generate from /b/cntr/workflow.yaml.
ninja_required_version = 1.10

rule check
  command = '/opt/my cntr' check /b/cntr
  description = Looking for changes
  restat = 1

rule image
  command = '/opt/my cntr' image prepare $spec
  description = $comment
  restat = 1

rule step
  command = '/opt/my cntr' run --die-with-parent $spec
  description = $comment
  restat = 1

build cntr-always: phony

build /b/cntr/state/monthly.stamp: check | cntr-always

build /b/cntr/images/deb.identity: image /b/cntr/images/deb.yaml /b/root.tar
  spec = /b/cntr/images/deb.yaml
  comment = Identifying image deb

build /b/out.csv: step /b/cntr/steps/monthly.yaml /b/cntr/state/monthly.stamp /b/cntr/images/deb.identity /w/in.csv
  spec = /b/cntr/steps/monthly.yaml
  comment = Monthly statistics
build monthly: phony /b/out.csv

default monthly
)");
}

TEST(NinjaWriter, EnvironmentsAreLookedAtBeforeTheirSteps) {
  spec::Step step;
  step.name = "one";
  step.outputs = {"/b/1"};
  step.env_spec = "/b/cntr/envs/tools.yaml";
  spec::Workflow workflow = workflow_of({step});
  spec::Env env;
  env.name = "tools";
  env.lock = "/w/tools.lock";
  workflow.envs = {env};
  const std::string text = write_ninja(workflow, "/c");
  EXPECT_THAT(text, HasSubstr("\nrule env\n  command = /c env prepare $spec\n"));
  EXPECT_THAT(text, HasSubstr("\nbuild /b/cntr/envs/tools.identity: env /b/cntr/envs/tools.yaml "
                              "/w/tools.lock\n"));
  EXPECT_THAT(text, HasSubstr(" /b/cntr/envs/tools.identity\n"));
}

TEST(NinjaWriter, ExcludedStepsAreNotBuiltByDefault) {
  spec::Step one;
  one.name = "one";
  one.outputs = {"/b/1"};
  spec::Step two = one;
  two.name = "two";
  two.outputs = {"/b/2"};
  two.exclude_from_all = true;
  EXPECT_THAT(write_ninja(workflow_of({one, two}), "/c"), EndsWith("\ndefault one\n"));
  EXPECT_THAT(write_ninja(workflow_of({two}), "/c"), EndsWith("\ndefault cntr-always\n"));
}

TEST(NinjaWriter, EscapesPaths) {
  spec::Step step;
  step.name = "odd";
  step.inputs = {"/w/a b:c$d"};
  step.outputs = {"/b/o"};
  EXPECT_THAT(write_ninja(workflow_of({step}), "/c"), HasSubstr("/w/a$ b$:c$$d\n"));
  step.inputs = {"/w/a\nb"};
  EXPECT_THROW(write_ninja(workflow_of({step}), "/c"), Error);
}

TEST(NinjaWriter, DirectoriesHaveADepfile) {
  spec::Step step;
  step.name = "tree";
  step.input_directories = {"/w/d"};
  step.output_directories = {"/b/o"};
  step.depfile = "/b/cntr/steps/tree.d";
  const std::string text = write_ninja(workflow_of({step}), "/c");
  EXPECT_THAT(
      text, HasSubstr("build /b/o: step /b/cntr/steps/tree.yaml /b/cntr/state/tree.stamp /w/d\n"));
  EXPECT_THAT(text, HasSubstr("  depfile = /b/cntr/steps/tree.d\n  deps = gcc\n"));
}

TEST(NinjaWriter, AFileInADirectoryOutputWaitsForItsStep) {
  spec::Step maker;
  maker.name = "maker";
  maker.output_directories = {"/b/d"};
  spec::Step user;
  user.name = "user";
  user.inputs = {"/b/d/f"};
  user.outputs = {"/b/o"};
  const std::string text = write_ninja(workflow_of({maker, user}), "/c");
  EXPECT_THAT(text, HasSubstr("build /b/o: step /b/cntr/steps/user.yaml /b/cntr/state/user.stamp "
                              "maker | cntr-always\n"));
  EXPECT_THAT(text, Not(HasSubstr("/b/d/f")));
}

}  // namespace
}  // namespace cntr::generator
