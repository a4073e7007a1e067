#include "base/md5.h"

#include <gtest/gtest.h>

namespace cntr {
namespace {

// RFC 1321, A.5.
TEST(Md5Test, KnownSums) {
  EXPECT_EQ(Md5().finish(), "d41d8cd98f00b204e9800998ecf8427e");
  Md5 hash;
  hash.update("message ");
  hash.update("digest");
  EXPECT_EQ(hash.finish(), "f96b697d7cb7938d525a2f31aaf161d0");
}

}  // namespace
}  // namespace cntr
