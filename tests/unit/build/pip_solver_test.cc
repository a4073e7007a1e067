#include "build/pip_solver.h"

#include <gtest/gtest.h>

namespace cntr::build {
namespace {

bool asks(const std::string& line) {
  env::Requirements requirements;
  requirements.lines = {"numpy", line};
  return asks_for_source(requirements);
}

TEST(PipSolverTest, RequirementsThatNameSource) {
  EXPECT_TRUE(asks("--no-binary numpy"));
  EXPECT_TRUE(asks("a @ https://host/a-1.0.tar.gz#sha256=0"));
  EXPECT_TRUE(asks("https://host/v1.0.zip ; python_version > \"3\""));
  EXPECT_FALSE(asks("a @ https://host/a-1.0-py3-none-any.whl#sha256=0"));
  EXPECT_FALSE(asks("--find-links https://host/a.zip"));
  EXPECT_FALSE(asks("a>=1.0"));
}

}  // namespace
}  // namespace cntr::build
