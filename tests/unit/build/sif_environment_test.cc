// Which roots have scripts that set variables.
#include "build/sif_environment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file_system.h"

namespace cntr::build {
namespace {

class SifScripts : public testing::Test {
 protected:
  SifScripts() {
    make_directories(path("/usr/bin"));
    write_file_atomically(path("/usr/bin/sh"), "");
    make_directories(path("/.singularity.d/env"));
    write_file_atomically(path("/.singularity.d/env/90-environment.sh"), "");
  }

  std::string path(const std::string& inside) const { return place_.path() + "/root" + inside; }
  bool has() const { return has_sif_scripts(path("")); }
  void link(const std::string& target, const std::string& inside) {
    ASSERT_EQ(symlink(target.c_str(), path(inside).c_str()), 0);
  }

  TemporaryDirectory place_{testing::TempDir(), "sif-scripts-"};
};

TEST_F(SifScripts, TheShellMayBeBehindLinks) {
  EXPECT_FALSE(has());
  link("/usr/bin", "/bin");
  EXPECT_TRUE(has());
}

TEST_F(SifScripts, AShellOfTheHostIsNone) {
  link("/../../../../../../../../../bin", "/bin");
  EXPECT_FALSE(has());
}

TEST_F(SifScripts, ScriptsOfTheHostAreNone) {
  link("usr/bin", "/bin");
  rename_path(path("/.singularity.d"), place_.path() + "/outside");
  EXPECT_FALSE(has());
  link(place_.path() + "/outside", "/.singularity.d");
  EXPECT_FALSE(has());
}

TEST_F(SifScripts, OnlyShellScriptsCount) {
  link("usr/bin", "/bin");
  rename_path(path("/.singularity.d/env/90-environment.sh"), path("/.singularity.d/env/readme"));
  EXPECT_FALSE(has());
}

TEST(SifEnvironment, KeepsOnlyWhatAShellCanName) {
  const auto argv = command_with_sif_environment({"A", "b.c", "9"}, "", {"true", "x y"});
  ASSERT_EQ(argv.size(), 6U);
  EXPECT_EQ(argv[4], "true");
  EXPECT_EQ(argv[5], "x y");
  EXPECT_NE(argv[2].find("__cntr_A=$A\n"), std::string::npos);
  EXPECT_EQ(argv[2].find("b.c"), std::string::npos);
  EXPECT_EQ(argv[2].find("__cntr_9"), std::string::npos);
}

}  // namespace
}  // namespace cntr::build
