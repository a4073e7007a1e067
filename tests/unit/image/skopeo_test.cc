// What skopeo prints when it fails, and what can be done about it.
#include "image/skopeo.h"

#include <gtest/gtest.h>

namespace cntr::image {
namespace {

TEST(SkopeoFailures, ImageThatIsNotThere) {
  EXPECT_EQ(SkopeoFailure::kMissing,
            skopeo_failure("reading manifest 1 in localhost/a: manifest unknown"));
  EXPECT_EQ(SkopeoFailure::kMissing,
            skopeo_failure("name unknown: repository name not known to registry"));
  EXPECT_EQ(SkopeoFailure::kMissing,
            skopeo_failure("fetching blob: received unexpected HTTP status: 404 Not Found"));
  EXPECT_EQ(SkopeoFailure::kMissing,
            skopeo_failure("pinging: invalid status code from registry 404 (Not Found)"));
}

TEST(SkopeoFailures, LoginThatIsNeeded) {
  EXPECT_EQ(SkopeoFailure::kNeedsLogin,
            skopeo_failure("denied: requested access to the resource is denied"));
  EXPECT_EQ(SkopeoFailure::kNeedsLogin, skopeo_failure("unauthorized: authentication required"));
  EXPECT_EQ(SkopeoFailure::kNeedsLogin,
            skopeo_failure("failed to read from destination repository a/b: 403 (Forbidden)"));
}

TEST(SkopeoFailures, FailureThatMayPass) {
  EXPECT_EQ(SkopeoFailure::kMayPass, skopeo_failure("writing blob: unexpected EOF"));
  EXPECT_EQ(SkopeoFailure::kMayPass,
            skopeo_failure("invalid status code from registry 429 (Too Many Requests)"));
  EXPECT_EQ(SkopeoFailure::kMayPass,
            skopeo_failure("received unexpected HTTP status: 503 Service Unavailable"));
  EXPECT_EQ(
      SkopeoFailure::kMayPass,
      skopeo_failure("failed to read from destination repository a: 429 (Too Many Requests)"));
  EXPECT_EQ(SkopeoFailure::kMayPass, skopeo_failure("pinging: Get \"http://host/v2/\": EOF"));
}

// Digests have any number in them, and other words are near to those above.
TEST(SkopeoFailures, NumbersInDigestsAreNoStatus) {
  const std::string digest = "c404" + std::string(60, '5');
  EXPECT_EQ(SkopeoFailure::kOther,
            skopeo_failure("writing blob: Digest did not match, expected sha256:" + digest));
  EXPECT_EQ(SkopeoFailure::kOther, skopeo_failure("reading registry " + digest + " is a mess"));
}

TEST(SkopeoFailures, TroubleOfThisMachine) {
  EXPECT_EQ(SkopeoFailure::kOther, skopeo_failure("open /images/a.tar: permission denied"));
  EXPECT_EQ(SkopeoFailure::kOther, skopeo_failure("x509: certificate signed by unknown authority"));
}

}  // namespace
}  // namespace cntr::image
