#include "env/environment.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::env {
namespace {

const std::string kSum(64, 'a');
const std::string kOtherSum(64, 'b');
const std::string kChannel = "https://conda.anaconda.org/conda-forge/linux-64/";

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() {
    env_.name = "tools";
    env_.location = {"/project/CMakeLists.txt", 3, 0};
    env_.lock = root_.path() + "/tools.lock";
    env_.platform = "linux-64";
  }

  void lock(const std::vector<std::string>& lines) {
    write_file_atomically(env_.lock, "@EXPLICIT\n" + join(lines, "\n") + "\n");
  }
  Digest identity() const { return identify(env_).identity; }
  std::string error() const {
    try {
      identify(env_);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TemporaryDirectory root_{testing::TempDir(), "identity-"};
  spec::Env env_;
  std::string a_ = kChannel + "a-1-0.conda#sha256:" + kSum;
  std::string b_ = kChannel + "b-1-0.conda#sha256:" + kSum;
};

// What people share results by: it may change with the version of its rules only.
TEST_F(IdentityTest, IsADigestOverThePackages) {
  lock({b_, a_});
  const std::string text =
      "cntr-env 2\nplatform linux-64\nprefix \"/opt/cntr/env\"\nlink-scripts on\n"
      "package \"" +
      kChannel + "a-1-0.conda\" sha256:" + kSum +
      "\n"
      "package \"" +
      kChannel + "b-1-0.conda\" sha256:" + kSum + "\n";
  EXPECT_EQ(identity(), digest_of(text));
  EXPECT_EQ(identify(env_).prefix, "/opt/cntr/env");
}

TEST_F(IdentityTest, OrderCommentsAndCompressionDoNotCount) {
  lock({a_, b_});
  const Digest before = identity();
  lock({"# a comment", b_, "", a_});
  env_.compression = "xz";
  env_.name = "other";
  EXPECT_EQ(identity(), before);
}

TEST_F(IdentityTest, PackagesPrefixAndScriptsCount) {
  lock({a_, b_});
  const Digest before = identity();
  lock({a_});
  EXPECT_NE(identity(), before);
  lock({a_, kChannel + "b-1-0.conda#sha256:" + kOtherSum});
  EXPECT_NE(identity(), before);
  lock({a_, kChannel + "b-2-0.conda#sha256:" + kSum});
  EXPECT_NE(identity(), before);
  lock({a_, b_});
  env_.prefix = "/opt/other";
  EXPECT_NE(identity(), before);
  env_.prefix = "/opt/cntr/env";
  for (const auto scripts : {spec::LinkScripts::kRefuse, spec::LinkScripts::kIgnore}) {
    env_.link_scripts = scripts;
    EXPECT_NE(identity(), before);
  }
}

TEST_F(IdentityTest, APlaceOfThisMachineAndPasswordsDoNotCount) {
  const std::string name = "/channel/linux-64/a-1-0.conda#sha256:" + kSum;
  lock({"file:///home/ada" + name});
  const Digest before = identity();
  lock({"file:///srv" + name});
  EXPECT_EQ(identity(), before);
  lock({"https://host/linux-64/a-1-0.conda#sha256:" + kSum});
  const Digest of_host = identity();
  lock({"https://ada:secret@host/linux-64/a-1-0.conda#sha256:" + kSum});
  EXPECT_EQ(identity(), of_host);
}

TEST_F(IdentityTest, MistakesNameTheirPlace) {
  EXPECT_EQ(error(), "/project/CMakeLists.txt:3: Environment tools: there is no lock " + env_.lock);
  lock({kChannel + "a-1-0.conda"});
  EXPECT_EQ(
      error(),
      env_.lock +
          ":2: The lock has no checksum for the package a-1-0.conda\n"
          "  Write it behind the URL: #sha256:<64 digits>. Without it, nobody knows which package "
          "that is.");
  lock({a_});
  env_.compression = "zip";
  EXPECT_EQ(error().substr(0, error().find('\n')),
            "/project/CMakeLists.txt:3: Environment tools: there is no compression \"zip\"");
}

}  // namespace
}  // namespace cntr::env
