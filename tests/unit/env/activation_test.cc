#include "env/activation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::env {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class ActivationTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    make_directories(parent_path(root_.path() + "/" + path));
    write_file_atomically(root_.path() + "/" + path, text);
  }
  Activation activation(const std::string& prefix = "/opt/cntr/env") const {
    return activation_of(root_.path(), prefix);
  }
  std::string error() const {
    try {
      activation();
    } catch (const Error& error) {
      return error.message();
    }
    return "";
  }

  TemporaryDirectory root_{testing::TempDir(), "activation-"};
};

TEST_F(ActivationTest, AnEnvironmentIsNamedByItsPrefix) {
  EXPECT_THAT(
      activation().variables,
      ElementsAre(Pair("CONDA_PREFIX", "/opt/cntr/env"), Pair("CONDA_DEFAULT_ENV", "/opt/cntr/env"),
                  Pair("CONDA_SHLVL", "1"), Pair("CONDA_PROMPT_MODIFIER", "(/opt/cntr/env) ")));
  EXPECT_THAT(activation().scripts, IsEmpty());
}

TEST_F(ActivationTest, InAFolderOfEnvironmentsByItsLastPart) {
  EXPECT_THAT(
      activation("/srv/envs/tools").variables,
      ElementsAre(Pair("CONDA_PREFIX", "/srv/envs/tools"), Pair("CONDA_DEFAULT_ENV", "tools"),
                  Pair("CONDA_SHLVL", "1"), Pair("CONDA_PROMPT_MODIFIER", "(tools) ")));
}

TEST_F(ActivationTest, VariablesOfPackagesComeInTheOrderOfTheirFiles) {
  write("etc/conda/env_vars.d/b.json", R"({"BOTH": "b", "CONDA_SHLVL": "9"})");
  write("etc/conda/env_vars.d/a.json", R"({"BOTH": "a", "ONE": "1"})");
  EXPECT_THAT(
      activation().variables,
      ElementsAre(Pair("CONDA_PREFIX", "/opt/cntr/env"), Pair("CONDA_DEFAULT_ENV", "/opt/cntr/env"),
                  Pair("CONDA_SHLVL", "9"), Pair("CONDA_PROMPT_MODIFIER", "(/opt/cntr/env) "),
                  Pair("BOTH", "b"), Pair("ONE", "1")));
}

TEST_F(ActivationTest, HostileVariablesAreRefused) {
  write("etc/conda/env_vars.d/a.json", R"({"A=B": "x"})");
  EXPECT_EQ(error(),
            "/opt/cntr/env/etc/conda/env_vars.d/a.json: the document has \"A=B\", which is no name "
            "of a variable");
  write("etc/conda/env_vars.d/a.json", R"({"A": ["x"]})");
  EXPECT_THAT(error(), testing::StartsWith("/opt/cntr/env/etc/conda/env_vars.d/a.json: "));
  write("etc/conda/env_vars.d/a.json", "nonsense");
  EXPECT_THAT(error(), testing::StartsWith("/opt/cntr/env/etc/conda/env_vars.d/a.json"));
}

TEST_F(ActivationTest, ScriptsForShellsAreReadByName) {
  for (const char* name : {"b.sh", "a.sh", "a.fish", "c.bat"}) {
    write(std::string("etc/conda/activate.d/") + name, "");
  }
  EXPECT_THAT(activation().scripts, ElementsAre("/opt/cntr/env/etc/conda/activate.d/a.sh",
                                                "/opt/cntr/env/etc/conda/activate.d/b.sh"));
}

TEST(SearchPathIn, TheEnvironmentComesFirst) {
  EXPECT_EQ(search_path_in("/e", "/usr/bin:/bin"), "/e/bin:/usr/bin:/bin");
  EXPECT_EQ(search_path_in("/e", ""), "/e/bin");
}

TEST(ActivatedCommand, WithoutScriptsIsTheCommand) {
  EXPECT_THAT(activated_command({}, {"python", "-V"}), ElementsAre("python", "-V"));
}

TEST(ActivatedCommand, ReadsTheScriptsBefore) {
  EXPECT_THAT(
      activated_command({"/e/a.sh", "/e/it's.sh"}, {"python", "-V"}),
      ElementsAre("/bin/sh", "-c",
                  "if command -v bash >/dev/null; then exec bash -c \"$@\"; else exec /bin/sh -c "
                  "\"$@\"; fi",
                  "sh", ". /e/a.sh\n. '/e/it'\\''s.sh'\nexec \"$@\"\n", "activate", "python",
                  "-V"));
}

}  // namespace
}  // namespace cntr::env
