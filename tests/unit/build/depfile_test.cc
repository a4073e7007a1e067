#include "build/depfile.h"

#include <gtest/gtest.h>

namespace cntr::build {
namespace {

TEST(Depfile, EscapesWhatNinjaAndMakeShare) {
  EXPECT_EQ(depfile_text("out put", {"/a b", "/c#d", "/e$f"}),
            "out\\ put: \\\n  /a\\ b \\\n  /c\\#d \\\n  /e$$f\n");
}

TEST(Depfile, LeavesOutWhatCannotBeWritten) {
  EXPECT_EQ(depfile_text("o", {"/a\nb", "/c"}), "o: \\\n  /c\n");
}

}  // namespace
}  // namespace cntr::build
