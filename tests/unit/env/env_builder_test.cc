#include "env/env_builder.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <map>

#include "base/file_system.h"

namespace cntr::env {
namespace {

using testing::ElementsAre;
using testing::Pair;

const std::string kPackages = std::string(CNTR_TEST_CONDA_DATA) + "/packages";

class EnvBuilderTest : public testing::Test {
 protected:
  static EnvLock lock() {
    EnvLock out;
    out.platform = host_platform();
    for (const char* const name :
         {"xtensor-io-0.10.3-hb585cf6_0.tar.bz2", "ripgrep-completions-14.1.1-hb0f4dca_1.conda",
          "test-package-0.1-0.tar.bz2", "cph_test_data-0.0.1-0.tar.bz2",
          "clobber-1-0.1.0-h4616a5c_0.tar.bz2", "clobber-2-0.1.0-h4616a5c_0.tar.bz2"}) {
      const std::string path = kPackages + "/" + name;
      out.packages.push_back(package_of_url("file:///channel/linux-64/" + std::string(name), {}));
      out.packages.back().url = "file://" + path;
      out.packages.back().sha256 = digest_of_file(path);
    }
    return out;
  }

  // The image that a build with an empty cache writes.
  std::string image(unsigned threads, const EnvProgress& progress = nullptr,
                    NewPacks new_packs = NewPacks::kKept) {
    const TemporaryDirectory root(testing::TempDir(), "env-");
    for (const char* const name : {"/packages", "/packs", "/tmp"}) {
      make_directories(root.path() + name);
    }
    const std::string scratch = root.path() + "/tmp";
    const PackageSource source(root.path() + "/packages", scratch, {}, nullptr);
    const PackStore store(root.path() + "/packs", scratch, new_packs);
    EnvOptions options;
    options.threads = threads;
    options.link_scripts = spec::LinkScripts::kIgnore;
    EnvBuilder builder(
        source, store, scratch, [](const std::string&) {}, progress);
    builder.build(lock(), options, root.path() + "/image");
    EXPECT_THAT(list_directory(scratch), ElementsAre());
    EXPECT_EQ(list_directory(root.path() + "/packs").size(),
              new_packs == NewPacks::kKept ? 2 * lock().packages.size() : 0);
    return read_file(root.path() + "/image");
  }
};

TEST_F(EnvBuilderTest, AnyNumberOfThreadsGivesTheSameBytes) {
  const std::string one = image(1);
  EXPECT_GT(one.size(), 4096U);
  EXPECT_TRUE(one == image(4));
  EXPECT_TRUE(one == image(4));
}

TEST_F(EnvBuilderTest, PacksThatAreNotKeptGiveTheSameBytes) {
  EXPECT_TRUE(image(2) == image(2, nullptr, NewPacks::kDropped));
}

TEST_F(EnvBuilderTest, TheMachineSaysWhetherPacksAreKept) {
  const auto wanted = [](const char* value) {
    setenv("CNTR_KEEP_PACKS", value, 1);
    const NewPacks packs = wanted_packs();
    unsetenv("CNTR_KEEP_PACKS");
    return packs;
  };
  EXPECT_EQ(wanted_packs(), NewPacks::kKept);
  EXPECT_EQ(wanted(""), NewPacks::kKept);
  EXPECT_EQ(wanted("ON"), NewPacks::kKept);
  EXPECT_EQ(wanted("OFF"), NewPacks::kDropped);
  EXPECT_EQ(wanted("0"), NewPacks::kDropped);
}

TEST_F(EnvBuilderTest, TellsHowFarItIs) {
  std::map<EnvStage, std::vector<size_t>> told;
  image(4, [&](EnvStage stage, size_t done, size_t all) {
    EXPECT_EQ(all, stage == EnvStage::kWriting ? 1U : 6U);
    told[stage].push_back(done);
  });
  const auto to_six = ElementsAre(0, 1, 2, 3, 4, 5, 6);
  EXPECT_THAT(told, ElementsAre(Pair(EnvStage::kFetching, to_six), Pair(EnvStage::kPacking, to_six),
                                Pair(EnvStage::kWriting, ElementsAre(0))));
}

}  // namespace
}  // namespace cntr::env
