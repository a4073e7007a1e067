#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "mount/mount.h"

namespace cntr::mount {
namespace {

using std::chrono::milliseconds;
using testing::StartsWith;
using testing::ThrowsMessage;

class SettingsTest : public testing::Test {
 protected:
  SettingsTest() { unset(); }
  ~SettingsTest() override { unset(); }
  static void unset() {
    for (const char* name : {"CNTR_MOUNT_IDLE", "CNTR_MOUNT_WITH"}) unsetenv(name);
  }
};

TEST_F(SettingsTest, Defaults) {
  const Settings settings = default_settings();
  EXPECT_EQ(settings.idle, milliseconds(5000));
  EXPECT_EQ(settings.ways, (std::vector<Way>{Way::kKernel, Way::kSquashfuseLl, Way::kSquashfuse}));
  EXPECT_EQ(settings.shared_place, geteuid() == 0 ? "" : "/run/cntr/mounts");
}

TEST_F(SettingsTest, Variables) {
  setenv("CNTR_MOUNT_IDLE", "0", 1);
  setenv("CNTR_MOUNT_WITH", "squashfuse,kernel", 1);
  EXPECT_EQ(default_settings().idle, milliseconds(0));
  EXPECT_EQ(default_settings().ways, (std::vector<Way>{Way::kSquashfuse, Way::kKernel}));
  setenv("CNTR_MOUNT_IDLE", "1500ms", 1);
  setenv("CNTR_MOUNT_WITH", "none", 1);
  EXPECT_EQ(default_settings().idle, milliseconds(1500));
  EXPECT_TRUE(default_settings().ways.empty());
}

TEST_F(SettingsTest, Nonsense) {
  setenv("CNTR_MOUNT_IDLE", "-1", 1);
  EXPECT_THAT(default_settings, ThrowsMessage<Error>(StartsWith("CNTR_MOUNT_IDLE: ")));
  unset();
  setenv("CNTR_MOUNT_WITH", "kernel,", 1);
  EXPECT_THAT(default_settings,
              ThrowsMessage<Error>(StartsWith("CNTR_MOUNT_WITH: \"\" is no way to mount")));
}

}  // namespace
}  // namespace cntr::mount
