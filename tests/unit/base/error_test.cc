#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace cntr {
namespace {

TEST(Error, SaysWhereWhatAndWhatToDo) {
  const Error error = user_error_at({"a/CMakeLists.txt", 12, 3}, "Bad size \"8x\"", {"Write 8Gi."});
  EXPECT_STREQ(error.what(), "a/CMakeLists.txt:12:3: Bad size \"8x\"\n  Write 8Gi.");
  EXPECT_EQ(error.kind(), ErrorKind::kUser);
}

TEST(Error, LeavesOutWhatIsUnknownOfTheLocation) {
  EXPECT_STREQ(user_error_at({"f", 0, 0}, "m").what(), "f: m");
  EXPECT_STREQ(user_error_at({"f", 2, 0}, "m").what(), "f:2: m");
  EXPECT_STREQ(user_error_at({}, "m").what(), "m");
}

TEST(Error, SystemErrorsEndInTheReason) {
  EXPECT_STREQ(system_error("Cannot write x", ENOSPC).what(),
               "Cannot write x: No space left on device");
  EXPECT_EQ(system_error("x", EIO).kind(), ErrorKind::kEnvironment);
}

}  // namespace
}  // namespace cntr
