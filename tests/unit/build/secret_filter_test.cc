#include "build/secret_filter.h"

#include <gtest/gtest.h>

namespace cntr::build {
namespace {

std::string filtered(const std::vector<spec::Variable>& secrets,
                     const std::vector<std::string>& pieces) {
  std::string out;
  SecretFilter filter(secrets, [&](std::string_view bytes) { out += bytes; });
  for (const std::string& piece : pieces) filter.write(piece);
  filter.finish();
  return out;
}

TEST(SecretFilter, ReplacesEveryOccurrence) {
  EXPECT_EQ(filtered({{"TOKEN", "s3cret"}}, {"a s3cret b s3cret"}),
            "a [secret TOKEN] b [secret TOKEN]");
}

TEST(SecretFilter, FindsASecretInPieces) {
  EXPECT_EQ(filtered({{"TOKEN", "s3cret"}}, {"x s", "3c", "ret y"}), "x [secret TOKEN] y");
  EXPECT_EQ(filtered({{"T", "aab"}}, {"a", "a", "a", "b"}), "a[secret T]");
}

TEST(SecretFilter, HoldsNothingBackForEver) {
  EXPECT_EQ(filtered({{"TOKEN", "s3cret"}}, {"s3cre"}), "s3cre");
  std::string out;
  SecretFilter filter({{"TOKEN", "s3cret"}}, [&](std::string_view bytes) { out += bytes; });
  filter.write("progress s3x ");
  EXPECT_EQ(out, "progress s3x ");
}

TEST(SecretFilter, TheLongerOfTwoSecretsWins) {
  EXPECT_EQ(filtered({{"A", "abc"}, {"B", "abcdef"}}, {"abc", "def abcx"}),
            "[secret B] [secret A]x");
}

TEST(SecretFilter, EmptySecretsAreNotLookedFor) {
  EXPECT_EQ(filtered({{"E", ""}}, {"abc"}), "abc");
}

TEST(SecretFilter, SecretsWithNewlinesAndAnyByte) {
  EXPECT_EQ(filtered({{"K", "a\nb\xff"}}, {"<a\nb\xff>"}), "<[secret K]>");
}

}  // namespace
}  // namespace cntr::build
