#include "ninja/canonical_path.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cntr::ninja {
namespace {

struct Case {
  std::string path;
  std::string canonical;
};

TEST(CanonicalPath, HasOneFormForEachPath) {
  const std::vector<Case> cases = {
      {"", ""},
      {".", "."},
      {"./.", "."},
      {"..", ".."},
      {"../", ".."},
      {"/", "/"},
      {"//", "/"},
      {"file.h", "file.h"},
      {"./file.h", "file.h"},
      {"./dir/./file.h", "dir/file.h"},
      {"dir//file.h", "dir/file.h"},
      {"dir/../file.h", "file.h"},
      {"a/b/../c/../../file.h", "file.h"},
      {"a/..", "."},
      {"a/b/..", "a"},
      {"a/b/../", "a"},
      {"a/../..", ".."},
      {"a/../../b", "../b"},
      {"../a", "../a"},
      {"../../a", "../../a"},
      {"./../a", "../a"},
      {"../a/../b", "../b"},
      {"../a/../../b", "../../b"},
      {"a/.", "a"},
      {"a/./", "a"},
      {"a//", "a"},
      {"/a/", "/a"},
      {"//a", "/a"},
      {"/a/..", "/"},
      {"/a/../b", "/b"},
      {"/..", "/.."},
      {"/../a", "/../a"},
      {".hidden/..dots/...", ".hidden/..dots/..."},
      {"a./b../c", "a./b../c"},
      {"\xc3\xa4/./\xff", "\xc3\xa4/\xff"},
  };
  for (const Case& c : cases) {
    std::string path = c.path;
    canonicalize(path);
    EXPECT_EQ(path, c.canonical) << c.path;
    EXPECT_EQ(is_canonical(c.path), c.path == c.canonical) << c.path;
  }
}

// Every short path over the characters that matter: a second pass changes nothing, and the check
// says beforehand whether the first one would.
TEST(CanonicalPath, IsReachedInOneStep) {
  const std::string alphabet = "./ab";
  for (size_t length = 1; length <= 8; ++length) {
    std::string path(length, alphabet[0]);
    std::vector<size_t> digits(length, 0);
    for (bool more = true; more;) {
      std::string once = path;
      canonicalize(once);
      EXPECT_LE(once.size(), path.size());
      EXPECT_EQ(is_canonical(path), once == path) << path;
      std::string twice = once;
      canonicalize(twice);
      ASSERT_EQ(twice, once) << path;

      more = false;
      for (size_t at = 0; at < length && !more; ++at) {
        digits[at] = (digits[at] + 1) % alphabet.size();
        path[at] = alphabet[digits[at]];
        more = digits[at] != 0;
      }
    }
  }
}

TEST(CanonicalPath, IsWrittenOverABuffer) {
  char buffer[] = "x/../some/./file.cc and more";
  const size_t size = canonicalize(buffer, 19);
  EXPECT_EQ(std::string(buffer, size), "some/file.cc");
  EXPECT_EQ(std::string(buffer + 19), " and more");
  EXPECT_EQ(canonicalize(buffer, 0), 0U);
}

TEST(CanonicalPath, MayHaveAnyNumberOfComponents) {
  std::string path;
  for (int i = 0; i < 500; ++i) path += "d/";
  for (int i = 0; i < 500; ++i) path += "../";
  path += "end";
  canonicalize(path);
  EXPECT_EQ(path, "end");
}

}  // namespace
}  // namespace cntr::ninja
