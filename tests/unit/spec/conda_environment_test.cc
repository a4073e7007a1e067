#include "spec/conda_environment.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace cntr::spec {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(const std::vector<RequestLine>& lines) {
  std::vector<std::string> out;
  for (const RequestLine& line : lines) out.push_back(line.text);
  return out;
}

std::string message_of(const std::string& text) {
  try {
    parse_conda_environment(text, "/p/environment.yml");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUser);
    return error.what();
  }
  return "no error";
}

TEST(CondaEnvironmentTest, EverythingThatTheFormatHas) {
  const CondaEnvironment environment = parse_conda_environment(
      "name: tools  # the name says nothing\n"
      "prefix: ~/envs/tools\n"
      "category: dev\n"
      "channels:\n"
      "  - conda-forge\n"
      "  - nodefaults\n"
      "  - https://host/channel\n"
      "dependencies:\n"
      "  - python=3.11\n"
      "  - conda-forge::numpy >=1.26,<2\n"
      "  - sel(linux): libgomp\n"
      "  - sel(win): pywin32\n"
      "  - pip:\n"
      "      - requests[socks]>=2 ; python_version > '3'\n"
      "      - -r more.txt\n"
      "variables:\n"
      "  THREADS: 4\n"
      "  MODE: fast and \"loose\"\n"
      "platforms: [linux-64, osx-arm64]\n"
      "dependency-groups: {}\n",
      "environment.yml");
  EXPECT_THAT(environment.channels, ElementsAre("conda-forge", "https://host/channel"));
  EXPECT_FALSE(environment.default_channels);
  EXPECT_THAT(texts(environment.packages),
              ElementsAre("python=3.11", "conda-forge::numpy >=1.26,<2", "libgomp"));
  EXPECT_THAT(texts(environment.pip),
              ElementsAre("requests[socks]>=2 ; python_version > '3'", "-r more.txt"));
  EXPECT_EQ(environment.pip[1].where, (Location{"environment.yml", 15, 9}));
  EXPECT_THAT(environment.variables,
              ElementsAre(Variable{"MODE", "fast and \"loose\""}, Variable{"THREADS", "4"}));
  EXPECT_THAT(environment.platforms, ElementsAre("linux-64", "osx-arm64"));
  EXPECT_THAT(environment.ignored_keys, ElementsAre("dependency-groups"));
}

TEST(CondaEnvironmentTest, TheSmallestOne) {
  const CondaEnvironment environment = parse_conda_environment("dependencies: [numpy]", "e.yml");
  EXPECT_THAT(texts(environment.packages), ElementsAre("numpy"));
  EXPECT_TRUE(environment.default_channels);
}

TEST(CondaEnvironmentTest, MistakesAreShown) {
  EXPECT_EQ(message_of("name: x\n"),
            "/p/environment.yml:1:1: Missing key \"dependencies\"\n"
            "  name: x\n  ^\n"
            "  An environment.yml lists its packages under it.");
  EXPECT_EQ(message_of("dependencies:\n  - python\n  - --offline\n"),
            "/p/environment.yml:3:5: \"--offline\" is no package\n"
            "    - --offline\n      ^\n"
            "  A package is asked for by its name and, when they matter, its version and build: "
            "numpy, numpy >=1.26,<2, conda-forge::numpy=1.26.");
  EXPECT_EQ(message_of("dependencies:\n  - npm:\n    - left-pad\n"),
            "/p/environment.yml:3:5: Packages of \"npm\" are not known here\n"
            "      - left-pad\n      ^\n"
            "  Known sections: pip, sel(linux), sel(unix), sel(osx), sel(win).");
  EXPECT_EQ(message_of("channels: conda-forge\ndependencies: []\n"),
            "/p/environment.yml:1:11: Expected a list for \"channels\"\n"
            "  channels: conda-forge\n            ^");
  EXPECT_EQ(message_of("dependencies: []\nvariables:\n  A-B: x\n"),
            "/p/environment.yml:3:8: \"A-B\" is no name of a variable\n    A-B: x\n         ^");
  EXPECT_EQ(message_of("dependencies: []\nchannels: [--json]\n"),
            "/p/environment.yml:2:12: \"--json\" is no channel\n"
            "  channels: [--json]\n             ^\n"
            "  A channel is a name such as conda-forge, a URL or a path.");
}

}  // namespace
}  // namespace cntr::spec
