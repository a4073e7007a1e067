#include "mount/holders.h"

#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace cntr::mount {
namespace {

TEST(Holders, FindsADeviceInALineOfMaps) {
  const std::string line = "7f1000-7f2000 r-xp 00001000 fe:0a 123    /usr/lib/libc.so.6";
  EXPECT_TRUE(maps_device(line, gnu_dev_makedev(0xfe, 0x0a)));
  EXPECT_FALSE(maps_device(line, gnu_dev_makedev(0xfe, 0xa0)));
  EXPECT_TRUE(maps_device("1-2 r--p 0 00:27 1 /a", gnu_dev_makedev(0, 0x27)));
  EXPECT_TRUE(maps_device("1-2 r--p 0 00:127 1 /a", gnu_dev_makedev(0, 0x127)));
  EXPECT_FALSE(maps_device("", 0));
  EXPECT_FALSE(maps_device("1-2 r--p 0 00:00", 0));
}

TEST(Holders, WhoHasTheLockIsOne) {
  const TemporaryDirectory directory("/tmp", "cntr-holders-");
  const Entry entry{directory.path(), directory.path() + "/root"};
  const auto has_this_process = [&] {
    const std::vector<Holder> found = find_holders(entry);
    return std::any_of(found.begin(), found.end(),
                       [](const Holder& holder) { return holder.pid == getpid(); });
  };
  EXPECT_FALSE(has_this_process());
  const UniqueFd lock = lock_entry(entry, LOCK_SH);
  EXPECT_TRUE(has_this_process());
}

}  // namespace
}  // namespace cntr::mount
