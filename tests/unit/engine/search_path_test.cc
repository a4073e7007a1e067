// A program that is found in PATH is an input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/environment.h"
#include "base/file_system.h"
#include "build_session_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SearchPathTest : public BuildSessionTest {
 protected:
  SearchPathTest() : before_(environment_variable("PATH").value_or("")) {
    for (const std::string folder : {"one", "two"}) {
      make_directories(folder);
      const std::string path = directory_.path() + "/" + folder + "/tool";
      write_file_atomically(path, folder, 0755);
      disk_.put(path, folder);
    }
    disk_.put("in", "1");
    disk_.put("tool", "");
    manifest("build out: run in\n  do = tool in > out\n");
    search("one:two");
  }
  ~SearchPathTest() override { ::setenv("PATH", before_.c_str(), 1); }

  void search(const std::string& folders) {
    std::string path;
    for (const std::string& folder : split(folders, ':')) {
      path += (path.empty() ? "" : ":") + directory_.path() + "/" + folder;
    }
    ::setenv("PATH", path.c_str(), 1);
  }

 private:
  std::string before_;
};

TEST_F(SearchPathTest, AProgramThatMovedInThePathRuns) {
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  search("nowhere:one:two");
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  search("two:one");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(SearchPathTest, AProgramThatIsUpgradedRuns) {
  build();
  disk_.put(directory_.path() + "/one/tool", "version 2");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

}  // namespace
}  // namespace cntr::engine
