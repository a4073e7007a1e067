#include "build/watch_list.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "base/error.h"

namespace cntr::build {
namespace {

class WatchList : public testing::Test {
 protected:
  WatchList() {
    write_file_atomically(file_, "x");
    make_directories(tree_ + "/sub");
    write_file_atomically(tree_ + "/sub/f", "x");
  }

  // Whether `change` is seen.
  bool sees(const std::function<void()>& change) {
    std::vector<Watched> watched = watch_tree(tree_);
    watched.push_back(watch(file_));
    const std::string text = watch_list_text(watched, {"CNTR_TEST_WATCHED"});
    EXPECT_TRUE(is_as_watched(text));
    change();
    return !is_as_watched(text);
  }

  // As "cp -p" does.
  static void edit_keeping_time(const std::string& path) {
    struct stat before {};
    stat(path.c_str(), &before);
    const UniqueFd fd(open(path.c_str(), O_WRONLY));
    write_all(fd.get(), "y", path);
    const timespec times[2] = {before.st_atim, before.st_mtim};
    futimens(fd.get(), times);
  }

  TemporaryDirectory root_{testing::TempDir(), "watch-"};
  std::string file_ = root_.path() + "/file";
  std::string tree_ = root_.path() + "/tree";
};

TEST_F(WatchList, SeesEveryChangeOfAFile) {
  EXPECT_FALSE(sees([] {}));
  EXPECT_TRUE(sees([&] { chmod(file_.c_str(), 0755); }));
  usleep(10'000);  // longer than a tick of the file system's clock
  EXPECT_TRUE(sees([&] { edit_keeping_time(file_); }));
  EXPECT_TRUE(sees([&] { write_file_atomically(file_, "y"); }));
  EXPECT_TRUE(sees([&] { remove_tree(file_); }));
  EXPECT_TRUE(sees([&] { write_file_atomically(file_, "x"); }));
}

TEST_F(WatchList, SeesEveryChangeInATree) {
  usleep(10'000);
  EXPECT_TRUE(sees([&] { edit_keeping_time(tree_ + "/sub/f"); }));
  EXPECT_TRUE(sees([&] { write_file_atomically(tree_ + "/sub/g", "x"); }));
  EXPECT_TRUE(sees([&] { rename_path(tree_ + "/sub/g", tree_ + "/sub/h"); }));
  EXPECT_TRUE(sees([&] { remove_tree(tree_ + "/sub"); }));
}

TEST_F(WatchList, SeesAVariable) {
  unsetenv("CNTR_TEST_WATCHED");
  EXPECT_TRUE(sees([] { setenv("CNTR_TEST_WATCHED", "a secret value", 1); }));
  EXPECT_EQ(watch_list_text({}, {"CNTR_TEST_WATCHED"}).find("secret"), std::string::npos);
  EXPECT_TRUE(sees([] { unsetenv("CNTR_TEST_WATCHED"); }));
}

TEST_F(WatchList, StrangeTextIsAChange) {
  EXPECT_TRUE(is_as_watched(""));
  for (const char* text : {"\n", "nonsense\n", "follow x", "follow absent /nowhere", "a b c\n"}) {
    EXPECT_FALSE(is_as_watched(text)) << text;
  }
}

TEST_F(WatchList, OnlyStampsOfChangedStepsBecomeNewer) {
  const std::string directory = root_.path() + "/cntr";
  make_directories(directory + "/state");
  write_file_atomically(directory + "/workflow.yaml",
                        "cntr: workflow\nversion: 1\nsource_dir: /s\nbinary_dir: /b\n"
                        "steps: [same, changed, new]\n");
  write_file_atomically(directory + "/state/same.watch", watch_list_text({watch(file_)}, {}));
  write_file_atomically(directory + "/state/changed.watch", watch_list_text({watch(tree_)}, {}));
  EXPECT_EQ(check_steps(directory), 3U);  // there were no stamps
  EXPECT_EQ(check_steps(directory), 0U);
  chmod(tree_.c_str(), 0700);
  const auto same = stat_file(directory + "/state/same.stamp");
  EXPECT_EQ(check_steps(directory), 1U);
  EXPECT_EQ(stat_file(directory + "/state/same.stamp"), same);
}

TEST_F(WatchList, WithoutAnIndexThereIsAnError) {
  EXPECT_THROW(check_steps("/nowhere/cntr"), Error);
}

}  // namespace
}  // namespace cntr::build
