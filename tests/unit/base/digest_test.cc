#include "base/digest.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr {
namespace {

// FIPS 180-4 examples.
constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digest, KnownValues) {
  EXPECT_EQ(digest_of("").hex(), kEmpty);
  EXPECT_EQ(digest_of("abc").hex(), kAbc);
  EXPECT_EQ(digest_of("abc").text(), std::string("sha256:") + kAbc);
}

TEST(Digest, PiecesGiveTheSameAsTheWhole) {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  EXPECT_EQ(hash.finish(), digest_of("abc"));
}

TEST(Digest, ParseTakesBothForms) {
  EXPECT_EQ(Digest::parse(kAbc), digest_of("abc"));
  EXPECT_EQ(Digest::parse(digest_of("abc").text()), digest_of("abc"));
}

TEST(Digest, ParseRefusesEverythingElse) {
  const std::string abc = kAbc;
  for (const std::string& bad :
       {std::string(), abc.substr(1), abc + "0", "sha512:" + abc, "SHA256:" + abc,
        abc.substr(0, 63) + "G", abc.substr(0, 63) + "A"}) {
    EXPECT_FALSE(Digest::parse(bad)) << bad;
  }
}

TEST(Digest, OfAFileLargerThanOneBuffer) {
  const TemporaryDirectory directory(testing::TempDir(), "digest-");
  const std::string path = directory.path() + "/big";
  const std::string bytes(1'000'003, 'x');
  write_file_atomically(path, bytes);
  EXPECT_EQ(digest_of_file(path), digest_of(bytes));
}

TEST(Digest, AMissingFileIsAnErrorThatNamesIt) {
  try {
    digest_of_file("/nowhere/file");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
    EXPECT_STREQ(error.what(), "Cannot read /nowhere/file: No such file or directory");
  }
}

}  // namespace
}  // namespace cntr
