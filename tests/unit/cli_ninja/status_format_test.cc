#include "cli/status_format.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cntr::cli {
namespace {

// 3 of 40 started, 2 finished, of which 1 still counts as running; 1.5 s.
BuildProgress some_progress() {
  BuildProgress progress(4);
  progress.set_total({40, 0, 0});
  for (int i = 0; i < 3; ++i) progress.edge_started(0);
  progress.edge_finished({0, 0, 1000, {}, 0, ""});
  progress.edge_left();
  progress.edge_finished({0, 0, 1500, {}, 0, ""});
  return progress;
}

std::string placeholders(const std::string& text) {
  return StatusFormat::from_placeholders(text).text(some_progress(), "");
}
std::string variables(const std::string& text) {
  return StatusFormat::from_variables(text).text(some_progress(), "description");
}

std::string message(StatusFormat (*parse)(std::string_view), const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(StatusFormatTest, ReplacesEveryPlaceholder) {
  EXPECT_EQ(placeholders("[%f/%t] "), "[2/40] ");
  EXPECT_EQ(placeholders("%s %r %u"), "3 2 37");
  EXPECT_EQ(placeholders("%p"), "  5%");
  EXPECT_EQ(placeholders("%o %c"), "1.3 4.0");
  EXPECT_EQ(placeholders("%e %w"), "1.500 00:01");
  EXPECT_EQ(placeholders("%E %W %P"), "28.500 00:28   5%");
  EXPECT_EQ(placeholders("100%% %%f"), "100% %f");
  EXPECT_EQ(placeholders(""), "");
}

TEST(StatusFormatTest, EndsWithTheDescription) {
  EXPECT_EQ(StatusFormat::from_placeholders("%f ").text(some_progress(), "CC 100%s"), "2 CC 100%s");
}

TEST(StatusFormatTest, HasQuestionMarksForWhatIsUnknown) {
  BuildProgress progress(4);
  progress.set_total({1, 0, 0});
  progress.edge_started(0);
  EXPECT_EQ(StatusFormat::from_placeholders("%o %c %E %W %e %w").text(progress, ""),
            "? ? ? ? 0.000 00:00");
}

TEST(StatusFormatTest, HasHoursWhereOneClockNeedsThem) {
  BuildProgress progress(4);
  progress.set_total({2, 0, 0});
  progress.edge_started(0);
  progress.edge_finished({0, 0, 3'661'000, {}, 0, ""});
  EXPECT_EQ(StatusFormat::from_placeholders("%w %W").text(progress, ""), "1:01:01 1:01:01");
  progress.restart();
  progress.set_total({100, 0, 0});
  progress.edge_started(0);
  progress.edge_finished({0, 0, 61'000, {}, 0, ""});
  EXPECT_EQ(StatusFormat::from_placeholders("%w %W").text(progress, ""), "0:01:01 1:40:39");
}

TEST(StatusFormatTest, NamesAnUnknownPlaceholder) {
  EXPECT_EQ(message(StatusFormat::from_placeholders, "%f %x"),
            "unknown placeholder '%x' in $NINJA_STATUS");
  EXPECT_EQ(message(StatusFormat::from_placeholders, "%f %"),
            "unknown placeholder '%' in $NINJA_STATUS");
}

TEST(StatusFormatTest, ReplacesEveryVariable) {
  EXPECT_EQ(variables("[$finished/$total] $description"), "[2/40] description");
  EXPECT_EQ(variables("${started}x $running $remaining"), "3x 2 37");
  EXPECT_EQ(variables("$progress $predicted_progress"), "  5%   5%");
  EXPECT_EQ(variables("$rate $current_rate"), "1.3 4.0");
  EXPECT_EQ(variables("$elapsed_seconds $elapsed"), "1.500 00:01");
  EXPECT_EQ(variables("$eta_seconds $eta"), "28.500 00:28");
  EXPECT_EQ(variables("a$$b$ c$:d$^e%f"), "a$b c:d\ne%f");
  EXPECT_EQ(variables(""), "");
}

TEST(StatusFormatTest, NamesAnUnknownVariable) {
  EXPECT_EQ(message(StatusFormat::from_variables, "$finishd"),
            "unknown variable 'finishd' in --status format");
  EXPECT_EQ(message(StatusFormat::from_variables, "${eta.x}"),
            "unknown variable 'eta.x' in --status format");
  for (const char* text : {"$", "${eta", "${}", "$%", "a $("}) {
    EXPECT_EQ(message(StatusFormat::from_variables, text),
              "invalid --status: bad $-escape (literal $ must be written as $$)")
        << text;
  }
}

}  // namespace
}  // namespace cntr::cli
