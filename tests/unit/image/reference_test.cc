// Image references.
#include "image/reference.h"

#include <gtest/gtest.h>

#include "tree_listing.h"

namespace cntr::image {
namespace {

const std::string kHex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

std::string full(const std::string& text) { return parse_reference(text).text(); }

TEST(Reference, IsNamedInFull) {
  EXPECT_EQ(full("debian"), "docker://docker.io/library/debian:latest");
  EXPECT_EQ(full("docker://debian:12"), "docker://docker.io/library/debian:12");
  EXPECT_EQ(full("user/tools:1"), "docker://docker.io/user/tools:1");
  EXPECT_EQ(full("quay.io/a/b/c"), "docker://quay.io/a/b/c:latest");
  EXPECT_EQ(full("localhost/a:1"), "docker://localhost/a:1");
  EXPECT_EQ(full("127.0.0.1:5000/a"), "docker://127.0.0.1:5000/a:latest");
  EXPECT_EQ(full("a:1@sha256:" + kHex), "docker://docker.io/library/a@sha256:" + kHex);
  EXPECT_EQ(full("docker-daemon:a/b:1"), "docker-daemon:a/b:1");
  EXPECT_EQ(full("containers-storage:localhost/b:1"), "containers-storage:localhost/b:1");
}

TEST(Reference, HasAHostAndOtherDigests) {
  const Reference reference = parse_reference("127.0.0.1:5000/a:1");
  EXPECT_EQ(reference.host(), "127.0.0.1:5000");
  EXPECT_EQ(reference.at(*Digest::parse(kHex)).text(), "docker://127.0.0.1:5000/a@sha256:" + kHex);
}

TEST(Reference, Nonsense) {
  for (const std::string& text :
       {std::string(), std::string("docker://"), std::string("A:1"), std::string("a b"),
        std::string("a:"), std::string("a/"), std::string("a//b"), std::string("-a"),
        std::string("a@sha256:12"), "a@sha512:" + kHex, std::string("https://a/b"),
        std::string("docker-daemon:"), std::string("docker-daemon:a b"),
        std::string("containers-storage:-x"), std::string("a\n"), "a:" + std::string(129, 'x')}) {
    EXPECT_NE(message_of([&] { parse_reference(text); }).find(" is no image reference: "),
              std::string::npos)
        << text;
  }
}

// They would be taken for names in a registry, and a registry would be asked.
TEST(Reference, FilesAreNone) {
  for (const char* text :
       {"docker-archive:app.tar", "oci-archive:app.tar", "oci:layout", "dir:app"}) {
    EXPECT_NE(message_of([&] {
                parse_reference(text);
              }).find(" is no image reference: files are named with ARCHIVE, OCI_LAYOUT or SIF"),
              std::string::npos)
        << text;
  }
  EXPECT_EQ(full("docker://oci:1"), "docker://docker.io/library/oci:1");
}

}  // namespace
}  // namespace cntr::image
