// What is said between Mounts and cntr-mount.
#include <gmock/gmock.h>

#include "base/process.h"
#include "mount/guardian.h"
#include "mount/mount.h"

namespace cntr::mount {
namespace {

Assignment example() {
  return {{"/place/e", "/place/e/root"},
          {"/a\nb", 4096},
          "1:2:3",
          std::chrono::milliseconds(1500),
          {Way::kKernel, Way::kSquashfuse}};
}

TEST(GuardianText, ArgumentsAreReadAsWritten) {
  const std::optional<Assignment> read = parse_arguments(arguments_of(example()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->entry.directory, "/place/e");
  EXPECT_EQ(read->entry.point, "/place/e/root");
  EXPECT_EQ(read->source.file, "/a\nb");
  EXPECT_EQ(read->source.offset, 4096U);
  EXPECT_EQ(read->identity, "1:2:3");
  EXPECT_EQ(read->idle, std::chrono::milliseconds(1500));
  EXPECT_EQ(read->ways, (std::vector<Way>{Way::kKernel, Way::kSquashfuse}));
}

TEST(GuardianText, WrongArgumentsAreNone) {
  const std::vector<std::string> good = arguments_of(example());
  EXPECT_FALSE(parse_arguments({}));
  for (const auto& [place, wrong] : std::vector<std::pair<size_t, std::string>>{{0, "e"},
                                                                                {1, ""},
                                                                                {2, "a"},
                                                                                {3, "-1"},
                                                                                {3, "1x"},
                                                                                {3, ""},
                                                                                {5, "-1"},
                                                                                {5, "1.5"},
                                                                                {6, ""},
                                                                                {6, "kernel,"},
                                                                                {6, "fuse"}}) {
    std::vector<std::string> bad = good;
    bad[place] = wrong;
    EXPECT_FALSE(parse_arguments(bad)) << place << " " << wrong;
  }
  std::vector<std::string> more = good;
  more.emplace_back("x");
  EXPECT_FALSE(parse_arguments(more));
}

TEST(GuardianText, ReportsAreReadAsWritten) {
  for (const Answer answer : {Answer::kMounted, Answer::kAdopted, Answer::kChanged,
                              Answer::kNotPossible, Answer::kFailed}) {
    const std::optional<Report> read = parse_report(report_text({answer, {"why\n", "what"}}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->answer, answer);
    EXPECT_EQ(read->obstacle.reason, "why\n");
    EXPECT_EQ(read->obstacle.fix, "what");
  }
}

TEST(GuardianText, AReportThatBreaksOffIsNone) {
  const std::string text = report_text({Answer::kFailed, {"why", ""}});
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse_report(text.substr(0, size))) << size;
  }
  EXPECT_FALSE(parse_report("Segmentation fault\n"));
}

TEST(GuardianText, TheProgramIsForCntrsOwnUse) {
  const Captured captured = capture_process({default_settings().program, "--help"});
  EXPECT_EQ(captured.status.code, 125);
  EXPECT_EQ(captured.err, "cntr-mount: wrong arguments; it is for cntr's own use\n");
}

}  // namespace
}  // namespace cntr::mount
