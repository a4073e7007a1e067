#include "build/sandbox_paths.h"

#include <gtest/gtest.h>

namespace cntr::build {
namespace {

PathMap paths() {
  spec::Step step;
  step.source_dir = "/home/ada/weather";
  step.binary_dir = "/home/ada/weather/build";
  step.named_mounts = {{"data", "/srv/data"}};
  return sandbox_paths(step);
}

TEST(SandboxPaths, TheLongestRootWins) {
  EXPECT_EQ(paths().find("/home/ada/weather/a.csv"), "/src/a.csv");
  EXPECT_EQ(paths().find("/home/ada/weather/build/o/a.csv"), "/build/o/a.csv");
  EXPECT_EQ(paths().find("/home/ada/weather/build"), "/build");
  EXPECT_EQ(paths().find("/srv/data/x"), "/mnt/data/x");
  EXPECT_EQ(paths().find("/home/ada/weather-old/a"), std::nullopt);
  EXPECT_EQ(paths().find("/etc/passwd"), std::nullopt);
}

TEST(SandboxPaths, RewritesPathsWhereverTheyBegin) {
  const PathMap map = paths();
  EXPECT_EQ(map.rewrite("/home/ada/weather/a.csv"), "/src/a.csv");
  EXPECT_EQ(map.rewrite("-I/home/ada/weather/include"), "-I/src/include");
  EXPECT_EQ(map.rewrite("--in=/home/ada/weather/a:/home/ada/weather/build/b"),
            "--in=/src/a:/build/b");
  EXPECT_EQ(map.rewrite("file:///home/ada/weather/a"), "file:///src/a");
  EXPECT_EQ(map.rewrite("cd /home/ada/weather && cat '/srv/data/x'"),
            "cd /src && cat '/mnt/data/x'");
  EXPECT_EQ(map.rewrite("/home/ada/weather"), "/src");
}

TEST(SandboxPaths, LeavesOtherPathsAlone) {
  const PathMap map = paths();
  for (const char* text : {"/home/ada/weather-old/a", "/home/ada/weather.old", "/home/ada/weather2",
                           "/mnt/home/ada/weather/a", "home/ada/weather", "", "/", "//"}) {
    EXPECT_EQ(map.rewrite(text), text);
  }
}

TEST(SandboxPaths, ABuildInTheSourceIsAllBuild) {
  spec::Step step;
  step.source_dir = "/w";
  step.binary_dir = "/w";
  EXPECT_EQ(sandbox_paths(step).find("/w/a"), "/build/a");
}

}  // namespace
}  // namespace cntr::build
