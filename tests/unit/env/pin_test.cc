#include "env/pin.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "env/environment.h"
#include "env/pip_report.h"
#include "env/wheel_name.h"

namespace cntr::env {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kPinnedSum(64, 'a');

class PinTest : public testing::Test {
 protected:
  PinTest() {
    env_.name = "tools";
    env_.location = {"/p/CMakeLists.txt", 3, 0};
    env_.lock = root_.path() + "/environment.linux-64.lock";
    env_.platform = "linux-64";
    env_.request = spec::EnvRequest();
    env_.request->environment = root_.path() + "/environment.yml";
    ask("channels: [conda-forge]\ndependencies:\n  - python=3.11\n  - six\n");
  }

  void ask(const std::string& text) { write_file_atomically(env_.request->environment, text); }
  void require(const std::string& text) {
    env_.request->requirements = root_.path() + "/requirements.txt";
    write_file_atomically(env_.request->requirements, text);
  }
  SolveRequest request() const {
    return read_solve_request(env_, [this](const std::string& text) { warnings_.push_back(text); });
  }
  Digest digest() const { return digest_of_request(request()); }
  void pin(const std::vector<LockedWheel>& wheels = {}) const {
    LockedPackage six =
        package_of_url("https://conda.anaconda.org/conda-forge/noarch/six-1-0.conda", {});
    six.sha256 = Digest::parse("sha256:" + kPinnedSum);
    write_file_atomically(env_.lock, pin_text(request(), {six}, wheels));
  }
  std::string error() const {
    try {
      locked_packages(env_);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryDirectory root_{testing::TempDir(), "pin-"};
  spec::Env env_;
  mutable std::vector<std::string> warnings_;
};

TEST_F(PinTest, IsAnExplicitListThatSaysWhatItIsOf) {
  LockedWheel wheel;
  wheel.name = "flask";
  wheel.url = "https://user:pw@host/flask-3.0-py3-none-any.whl";
  wheel.sha256 = Digest::parse("sha256:" + kPinnedSum);
  LockedWheel nested = wheel;
  nested.name = "nested";
  nested.url = "https://host/main.zip#subdirectory=a/nested";
  nested.is_source = true;
  pin({nested, wheel});
  EXPECT_EQ(read_file(env_.lock),
            "# The packages of a conda environment. Keep this file under version control.\n"
            "# `cntr env lock --update` solves again.\n"
            "# platform: linux-64\n"
            "# made-from: " +
                digest().text() +
                "\n"
                "@EXPLICIT\n"
                "https://conda.anaconda.org/conda-forge/noarch/six-1-0.conda#sha256:" +
                kPinnedSum +
                "\n"
                "# pip flask @ https://host/flask-3.0-py3-none-any.whl#sha256=" +
                kPinnedSum + "\n# pip nested @ https://host/main.zip#sha256=" + kPinnedSum +
                "&subdirectory=a/nested\n");
  const EnvLock lock = locked_packages(env_);
  EXPECT_EQ(lock.wheels.at(1).url, nested.url);
  const Digest whole = identify(env_).identity;
  nested.url = "https://host/main.zip#subdirectory=b/nested";
  pin({nested, wheel});
  EXPECT_NE(identify(env_).identity, whole);
  EXPECT_EQ(lock.packages.at(0).name, "six");
  EXPECT_EQ(lock.wheels.at(0).name, "flask");
  EXPECT_EQ(lock.wheels.at(0).version, "3.0");
  EXPECT_EQ(lock.wheels.at(0).url, "https://host/flask-3.0-py3-none-any.whl");
  EXPECT_EQ(lock.wheels.at(0).sha256->hex(), kPinnedSum);
}

TEST_F(PinTest, CommentsFormattingNameAndOrderDoNotCount) {
  const Digest before = digest();
  ask("# tools\nname: tools\nchannels:\n- conda-forge\ndependencies:\n- \"six\"\n"
      "- python=3.11  # the newest\n");
  EXPECT_EQ(digest(), before);
  ask("channels: [conda-forge]\ndependencies: [python=3.11, six]\nvariables: {A: b}\n");
  EXPECT_EQ(digest(), before);
}

TEST_F(PinTest, WhatIsAskedForCounts) {
  std::vector<Digest> seen = {digest()};
  const auto differs = [&] {
    const Digest now = digest();
    const bool is_new = std::find(seen.begin(), seen.end(), now) == seen.end();
    seen.push_back(now);
    return is_new;
  };
  ask("channels: [conda-forge]\ndependencies: [python=3.12, six]\n");
  EXPECT_TRUE(differs());
  ask("channels: [conda-forge, nodefaults]\ndependencies: [python=3.12, six]\n");
  EXPECT_TRUE(differs());
  ask("channels: [bioconda, conda-forge]\ndependencies: [python=3.12, six]\n");
  EXPECT_TRUE(differs());
  ask("channels: [conda-forge, bioconda]\ndependencies: [python=3.12, six]\n");
  EXPECT_TRUE(differs());
  ask("channels: [conda-forge, bioconda]\ndependencies: [python=3.12, six, pip: [flask]]\n");
  EXPECT_TRUE(differs());
  require("flask\n");
  EXPECT_TRUE(differs());
  require("# only a comment\nflask\n");
  EXPECT_FALSE(differs());
  env_.request->channels = {"mine"};
  EXPECT_TRUE(differs());
  env_.platform = "linux-aarch64";
  EXPECT_TRUE(differs());
}

TEST_F(PinTest, ALockThatDoesNotFitIsFound) {
  EXPECT_EQ(error(), "/p/CMakeLists.txt:3: Environment tools: there is no lock " + env_.lock +
                         "\n  `cntr env lock` makes it of " + env_.request->environment + ".");
  pin();
  EXPECT_EQ(error(), "no error");
  ask("dependencies: [python=3.12]\n");
  EXPECT_EQ(error(), env_.lock + ": The lock was made before " + env_.request->environment +
                         " changed\n  `cntr env lock` makes it anew.");
  write_file_atomically(env_.lock, "@EXPLICIT\n");
  EXPECT_THAT(error(), HasSubstr("The lock does not say what it was made from"));
}

TEST_F(PinTest, VariablesBelongToTheEnvironmentAndNotToTheLock) {
  pin();
  const Digest before = identify(env_).identity;
  ask("channels: [conda-forge]\ndependencies: [python=3.11, six]\nvariables: {MODE: fast}\n");
  EXPECT_NE(identify(env_).identity, before);
  EXPECT_THAT(locked_packages(env_).variables, ElementsAre(spec::Variable{"MODE", "fast"}));
}

TEST_F(PinTest, WhatIsWrongInTheFilesIsShownThere) {
  ask("dependencies:\n  - pip:\n    - --target=/\n");
  EXPECT_THAT(error(), HasSubstr("environment.yml:3:7: \"--target=/\" is no option"));
  EXPECT_THAT(error(), HasSubstr("\n      - --target=/\n        ^\n"));
  ask("dependencies: [six]\nplatforms: [osx-64]\n");
  EXPECT_THAT(error(), HasSubstr("its platforms are osx-64, and it is to be made for linux-64"));
  ask("dependencies: [six]\nsomething: else\n");
  request();
  EXPECT_THAT(warnings_, ElementsAre(env_.request->environment +
                                     ": the key \"something\" is not known, and does nothing"));
}

TEST(WheelNameTest, OfUrls) {
  const WheelName name =
      wheel_name_of("https://host/x/Foo_Bar.baz-1%2B2-1-py3-none-any.whl#sha256=1", {});
  EXPECT_EQ(name.file, "Foo_Bar.baz-1+2-1-py3-none-any.whl");
  EXPECT_EQ(name.name, "foo-bar-baz");
  EXPECT_EQ(name.version, "1+2");
  for (const char* const url : {"https://host/a-1.tar.gz", "a-1.whl",
                                "https://host/a-1-%2f-b-c.whl", "https://host/.whl"}) {
    EXPECT_THROW(wheel_name_of(url, {}), Error) << url;
  }
}

TEST(WheelNameTest, SourceDistributions) {
  const auto named = [](const std::string& url) {
    const WheelName name = source_name_of(url, "Foo.Bar", {});
    return name.file + " " + name.name + " " + name.version;
  };
  EXPECT_EQ(named("https://host/foo_bar-1.0.tar.gz?x=1"), "foo_bar-1.0.tar.gz foo-bar 1.0");
  EXPECT_EQ(named("file:///a/Foo-Bar-2%2Bx.zip"), "Foo-Bar-2+x.zip foo-bar 2+x");
  EXPECT_EQ(named("https://host/archive/v1.0.tar.bz2"), "v1.0.tar.bz2 foo-bar v1.0");
  EXPECT_EQ(named("https://host/other-1.0.tgz"), "other-1.0.tgz foo-bar other-1.0");
  for (const char* const url :
       {"https://host/foo-1.tar", "https://host/.zip", "https://host/a b.zip",
        "https://host/-x.zip", "https://host/foo-1-py3-none-any.whl"}) {
    EXPECT_THROW(source_name_of(url, "foo", {}), Error) << url;
    EXPECT_EQ(names_source(url),
              std::string(url).ends_with("b.zip") || std::string(url).ends_with("x.zip"))
        << url;
  }
}

TEST(PipReportTest, WheelsWithTheirSums) {
  const std::string item =
      R"({"version": "1", "install": [{"metadata": {"name": "Flask", "version": "3.0"},
          "download_info": {"url": ")";
  const std::string archive =
      R"(", "archive_info": {"hashes": {"sha256": ")" + kPinnedSum + R"("}}}}]})";
  const auto wheels =
      parse_pip_report(item + "https://host/flask-3.0-py3-none-any.whl" + archive, "the report");
  ASSERT_EQ(wheels.size(), 1U);
  EXPECT_EQ(wheels[0].name, "flask");
  EXPECT_EQ(wheels[0].sha256->hex(), kPinnedSum);
  const std::string older = R"(", "archive_info": {"hash": "sha256=)" + kPinnedSum + R"("}}}]})";
  EXPECT_EQ(parse_pip_report(item + "https://host/flask-3.0-py3-none-any.whl" + older, "x")
                .at(0)
                .sha256->hex(),
            kPinnedSum);
  EXPECT_TRUE(parse_pip_report(R"({"install": []})", "the report").empty());
  const auto sources = parse_pip_report(item + "https://host/Flask-3.0.tar.gz" + archive, "x");
  EXPECT_TRUE(sources.at(0).is_source);
  EXPECT_FALSE(wheels[0].is_source);
  EXPECT_EQ(sources[0].name + " " + sources[0].version, "flask 3.0");
  EXPECT_THROW(parse_pip_report(item + "https://host/flask-3.0" + archive, "x"), Error);
  const std::string below = item + "https://host/f.zip\", \"subdirectory\": \"";
  EXPECT_EQ(parse_pip_report(below + "a/b" + archive, "x").at(0).url,
            "https://host/f.zip#subdirectory=a/b");
  EXPECT_THROW(parse_pip_report(below + "../a" + archive, "x"), Error);
  EXPECT_THROW(parse_pip_report(item + "file:///a-1-py3-none-any.whl\"}}]}", "x"), Error);
}

}  // namespace
}  // namespace cntr::env
