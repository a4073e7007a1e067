#include "cli/tool_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cntr::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<ToolOption> kKnown = {
    {'h', "help"}, {'d', "delimiter", true}, {'0', "print0"}, {'p', "prune"}};

ParsedToolOptions parse(const std::vector<std::string>& arguments) {
  return parse_tool_options("tool", arguments, kKnown);
}

// The options as "d=value", those without a value as "h".
std::vector<std::string> options_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> texts;
  for (const auto& option : parse(arguments).options) {
    texts.push_back(option.letter + (option.value.empty() ? "" : "=" + option.value));
  }
  return texts;
}

TEST(ToolOptions, Letters) {
  EXPECT_THAT(options_of({"-h", "-0h"}), ElementsAre("h", "0", "h"));
  EXPECT_THAT(options_of({"-d", "x", "-dy", "-0dz"}), ElementsAre("d=x", "d=y", "0", "d=z"));
}

TEST(ToolOptions, LongNamesAndTheirBeginnings) {
  EXPECT_THAT(options_of({"--help", "--print", "--delimiter=x", "--del", "y", "--d="}),
              ElementsAre("h", "0", "d=x", "d=y", "d"));
}

TEST(ToolOptions, OperandsStandAnywhere) {
  const ParsedToolOptions parsed = parse({"a", "-0", "b", "-", "--", "-h", "c"});
  EXPECT_THAT(parsed.operands, ElementsAre("a", "b", "-", "-h", "c"));
  EXPECT_TRUE(parsed.has('0'));
  EXPECT_FALSE(parsed.has('h'));
  EXPECT_EQ(parsed.mistake, "");
}

TEST(ToolOptions, MistakesReadAsGetoptWritesThem) {
  EXPECT_EQ(parse({"-x"}).mistake, "tool: invalid option -- 'x'");
  EXPECT_EQ(parse({"-d"}).mistake, "tool: option requires an argument -- 'd'");
  EXPECT_EQ(parse({"--no=1"}).mistake, "tool: unrecognized option '--no=1'");
  EXPECT_EQ(parse({"--pr"}).mistake, "tool: unrecognized option '--pr'") << "two begin so";
  EXPECT_EQ(parse({"--delim"}).mistake, "tool: option '--delimiter' requires an argument");
  EXPECT_EQ(parse({"--print0=1"}).mistake, "tool: option '--print0' doesn't allow an argument");
}

TEST(ToolOptions, ReadingStopsAtAMistake) {
  const ParsedToolOptions parsed = parse({"-0", "-x", "-h"});
  EXPECT_TRUE(parsed.has('0'));
  EXPECT_FALSE(parsed.has('h'));
}

TEST(ToolOptions, WithoutLongNamesTwoDashesAreALetter) {
  const ParsedToolOptions parsed = parse_tool_options("tool", {"--help"}, {{'h', ""}});
  EXPECT_EQ(parsed.mistake, "tool: invalid option -- '-'");
  EXPECT_THAT(parsed.options, IsEmpty());
}

}  // namespace
}  // namespace cntr::cli
