#include "env/install_order.h"

#include <gmock/gmock.h>

namespace cntr::env {
namespace {

std::vector<std::string> ordered(const std::vector<OrderedPackage>& packages) {
  std::vector<std::string> out;
  for (const size_t i : install_order(packages)) out.push_back(packages[i].name);
  return out;
}

TEST(InstallOrderTest, DependenciesComeFirstAndElseNames) {
  EXPECT_THAT(ordered({{"z", {}},
                       {"app", {"python >=3.8", "z"}},
                       {"python", {"z 1.0.*", "ssl"}},
                       {"ssl", {}},
                       {"b", {"app"}}}),
              testing::ElementsAre("ssl", "z", "python", "app", "b"));
}

TEST(InstallOrderTest, TheOrderOfTheListIsNoMatter) {
  EXPECT_EQ(ordered({{"a", {"b"}}, {"b", {}}, {"c", {}}}),
            ordered({{"c", {}}, {"b", {}}, {"a", {"b"}}}));
}

TEST(InstallOrderTest, InACirclePythonComesFirst) {
  EXPECT_THAT(ordered({{"pip", {"python"}}, {"python", {"pip"}}, {"a", {"pip"}}}),
              testing::ElementsAre("python", "pip", "a"));
  EXPECT_THAT(ordered({{"y", {"x"}}, {"x", {"y"}}}), testing::ElementsAre("x", "y"));
}

TEST(InstallOrderTest, WhatIsNotThereAndThePackageItselfDoNotCount) {
  EXPECT_THAT(ordered({{"a", {"__glibc >=2.17", "a", "gone"}}}), testing::ElementsAre("a"));
}

TEST(InstallOrderTest, NamesOfSpecs) {
  EXPECT_EQ(name_of_spec("numpy >=1.20,<2"), "numpy");
  EXPECT_EQ(name_of_spec("conda-forge::numpy[build=x]"), "numpy");
  EXPECT_EQ(name_of_spec("numpy=1.20"), "numpy");
  EXPECT_EQ(name_of_spec(" numpy"), "numpy");
  EXPECT_EQ(name_of_spec(""), "");
}

}  // namespace
}  // namespace cntr::env
