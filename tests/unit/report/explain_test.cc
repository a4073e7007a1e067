#include "report/explain.h"

#include <gtest/gtest.h>

namespace cntr::report {
namespace {

TEST(Explain, SaysWhatWouldHappenAndWhy) {
  Explanation explanation;
  explanation.step = "monthly";
  EXPECT_EQ(explanation_as_text(explanation), "monthly is up to date.\n");
  explanation.would_restore = true;
  explanation.reasons = {"output monthly.csv: was file, is absent"};
  EXPECT_EQ(explanation_as_text(explanation),
            "monthly would be restored from the cache:\n  output monthly.csv: was file, is "
            "absent\n");
  explanation.would_restore = false;
  explanation.would_execute = true;
  explanation.made_of_file = "/b/monthly.csv";
  explanation.reasons = {"input data/weather.csv: content changed"};
  explanation.waiting = {"clean"};
  EXPECT_EQ(explanation_as_text(explanation),
            "monthly (makes /b/monthly.csv) would run:\n  input data/weather.csv: content "
            "changed\n  Steps before it are not up to date, so this may change: clean.\n");
}

TEST(Explain, AsJson) {
  Explanation explanation;
  explanation.step = "monthly";
  explanation.would_execute = true;
  explanation.reasons = {"image: identity changed"};
  EXPECT_EQ(explanation_as_json(explanation),
            R"({"step":"monthly","verdict":"execute","reasons":["image: identity changed"],)"
            R"("waiting":[]})");
}

TEST(Explain, AnEdgeThatIsNoStep) {
  Explanation explanation;
  explanation.output = "bin/app";
  explanation.command = "c++ a.o -o bin/app\n";
  EXPECT_EQ(explanation_as_text(explanation), "bin/app is up to date.\n");
  explanation.waiting = {"a.o", "b.o"};
  EXPECT_EQ(explanation_as_text(explanation),
            "bin/app is up to date.\n  Files before it are not up to date, so this may change: "
            "a.o, b.o.\n");
  explanation.waiting.clear();
  explanation.would_execute = true;
  explanation.reasons = {"command: changed"};
  EXPECT_EQ(explanation_as_text(explanation),
            "bin/app would run:\n  command: changed\n  Its command: c++ a.o -o bin/app\\x0a\n");
  EXPECT_EQ(explanation_as_json(explanation),
            R"({"output":"bin/app","command":"c++ a.o -o bin/app\n","verdict":"execute",)"
            R"("reasons":["command: changed"],"waiting":[]})");
}

}  // namespace
}  // namespace cntr::report
