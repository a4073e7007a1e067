// Root runs all the other tests of this program once more as an ordinary user.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_system.h"
#include "base/process.h"
#include "runner/launch.h"

namespace cntr::runner {
namespace {

TEST(OrdinaryUserTest, EverythingHoldsForAnOrdinaryUserToo) {
  if (getuid() != 0) GTEST_SKIP() << "the other tests ran as an ordinary user";
  // The build directory may be closed to others.
  const TemporaryDirectory directory("/tmp", "cntr-ordinary-");
  chmod(directory.path().c_str(), 0755);
  const std::string program = directory.path() + "/test_runner";
  clone_file("/proc/self/exe", program, 0755);
  for (const char* name : {"cntr-supervisor", "cntr-init"}) {
    clone_file(own_program(name), directory.path() + "/" + name, 0755);
  }
  const Captured captured = capture_process(
      {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program,
       "--gtest_filter=Bubblewrap*:Host*:Supervisor*:ContainerWords*:Contract*/bubblewrap",
       "--gtest_brief=1"});
  EXPECT_EQ(captured.status.code, 0) << captured.out << captured.err;
}

}  // namespace
}  // namespace cntr::runner
