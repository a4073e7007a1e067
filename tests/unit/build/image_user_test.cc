#include "build/image_user.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::build {
namespace {

class ImageUser : public testing::Test {
 protected:
  ImageUser() {
    make_directories(root_.path() + "/etc");
    write_file_atomically(root_.path() + "/etc/passwd",
                          "root:x:0:0::/root:/bin/sh\nnonsense\nada:x:1000:1001::/home/ada:\n"
                          "bad:x:many:0::/:\n");
    write_file_atomically(root_.path() + "/etc/group", "staff:x:50:\n");
  }
  runner::UserIds look_up(const std::string& user) { return image_user(user, root_.path()); }

  TemporaryDirectory root_{testing::TempDir(), "image-user-"};
};

TEST_F(ImageUser, NumbersAreTaken) {
  EXPECT_EQ(look_up("7:8"), (runner::UserIds{7, 8}));
  EXPECT_EQ(look_up("7"), (runner::UserIds{7, 0}));
  EXPECT_EQ(look_up("1000"), (runner::UserIds{1000, 1001}));
  EXPECT_EQ(look_up(":50"), (runner::UserIds{0, 50}));
}

TEST_F(ImageUser, NamesAreLookedUpInTheImage) {
  EXPECT_EQ(look_up("ada"), (runner::UserIds{1000, 1001}));
  EXPECT_EQ(look_up("ada:staff"), (runner::UserIds{1000, 50}));
}

TEST_F(ImageUser, WhatIsNotThereIsAnError) {
  for (const char* user : {"nobody", "bad", "ada:wheel", "4294967295"}) {
    EXPECT_THROW(look_up(user), Error) << user;
  }
}

TEST_F(ImageUser, ALinkOutOfTheImageIsNotFollowed) {
  remove_tree(root_.path() + "/etc/passwd");
  symlink("/etc/passwd", (root_.path() + "/etc/passwd").c_str());
  EXPECT_THROW(look_up("root"), Error);
}

TEST(ImageStopSignalTest, NamesAndNumbers) {
  EXPECT_EQ(image_stop_signal("SIGINT"), 2);
  EXPECT_EQ(image_stop_signal("usr1"), 10);
  EXPECT_EQ(image_stop_signal("9"), 9);
  EXPECT_EQ(image_stop_signal("SIGRTMIN+3"), 37);
  EXPECT_THROW(image_stop_signal("SIGNONE"), Error);
  EXPECT_THROW(image_stop_signal("0"), Error);
  EXPECT_THROW(image_stop_signal("65"), Error);
}

}  // namespace
}  // namespace cntr::build
