#include "env/project.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "env/lock.h"

namespace cntr::env {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class ProjectTest : public testing::Test {
 protected:
  ProjectTest() { setenv("CNTR_ENV_BASE", "/base", 1); }
  ~ProjectTest() override { unsetenv("CNTR_ENV_BASE"); }

  std::string write(const std::string& name, const std::string& text) const {
    write_file_atomically(place_.path() + "/" + name, text);
    return place_.path() + "/" + name;
  }
  std::string write_lock(const std::string& name, char digit = 'a',
                         const std::string& comment = "") const {
    return write(name, "@EXPLICIT\n" + comment +
                           "https://example.org/c/noarch/a-1-0.conda#sha256:" +
                           std::string(64, digit) + "\n");
  }
  std::string trouble_with(const std::string& path) const {
    try {
      env_at(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryDirectory place_{testing::TempDir(), "project-"};
};

TEST_F(ProjectTest, SameLockSamePrefix) {
  write_lock("explicit.txt");
  const std::string prefix = env_at(place_.path()).prefix;
  EXPECT_THAT(prefix, MatchesRegex("/base/[0-9a-f]+"));
  EXPECT_EQ(prefix.size(), std::string("/base/").size() + 12);
  EXPECT_EQ(env_at(write_lock("other.lock", 'a', "# a comment\n")).prefix, prefix);
  EXPECT_NE(env_at(write_lock("other.lock", 'b')).prefix, prefix);
}

TEST_F(ProjectTest, NameIsDeclaredOrThatOfTheFile) {
  const std::string lock = write_lock("tools.lock");
  EXPECT_EQ(env_at(lock).name, "tools");
  write_lock("environment." + host_platform() + ".lock");
  EXPECT_EQ(env_at(place_.path()).name, base_name(place_.path()));
  write("environment.yml", "name: 'my $(tools)'\ndependencies: [python]\n");
  EXPECT_EQ(env_at(place_.path()).name, "my___tools_");
}

TEST_F(ProjectTest, SaysWhatIsMissing) {
  EXPECT_THAT(trouble_with(place_.path()), HasSubstr("There is no lock of an environment in "));
  write("environment.yml", "name: x\n");
  EXPECT_THAT(trouble_with(place_.path()), HasSubstr("There is no lock beside "));
  write_lock("explicit.txt");
  write_lock("pixi.lock");
  EXPECT_THAT(trouble_with(place_.path()), HasSubstr("several locks in "));
}

TEST_F(ProjectTest, KnowsWhatItsLockIsMadeFrom) {
  const std::string place = normal_path(place_.path(), "/");
  EXPECT_THROW(requested_env_at(place), Error);
  write("environment.yml", "name: tools\ndependencies: [python]\n");
  const spec::Env env = requested_env_at(place);
  EXPECT_EQ(env.name, "tools");
  EXPECT_EQ(env.lock, place + "/environment." + host_platform() + ".lock");
  EXPECT_EQ(env.request->environment, place + "/environment.yml");
  EXPECT_EQ(env.request->requirements, "");
  write("requirements.txt", "flask\n");
  EXPECT_EQ(requested_env_at(place + "/environment.yml").request->requirements,
            place + "/requirements.txt");
}

TEST_F(ProjectTest, BaseIsTheUsersOwn) {
  unsetenv("CNTR_ENV_BASE");
  setenv("XDG_DATA_HOME", "/data/", 1);
  EXPECT_EQ(prefix_base(), "/data/cntr/envs");
  setenv("XDG_DATA_HOME", "relative", 1);
  const std::string home = environment_variable("HOME").value_or("/");
  setenv("HOME", "/home/ada", 1);
  EXPECT_EQ(prefix_base(), "/home/ada/.local/share/cntr/envs");
  unsetenv("XDG_DATA_HOME");
  setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace cntr::env
