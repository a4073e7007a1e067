#include "base/json_reader.h"

#include <gmock/gmock.h>

#include <chrono>
#include <functional>

#include "base/json.h"

namespace cntr {
namespace {

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

std::string message_of(const std::string& text) {
  return message_of([&] { JsonNode::parse(text, "a.json"); });
}

TEST(JsonReaderTest, Values) {
  const JsonNode root =
      JsonNode::parse(R"({"t": "x", "n": 7, "b": true, "l": [1, "y"], "z": null})", "a.json");
  EXPECT_EQ(root.at("t").text(), "x");
  EXPECT_EQ(root.at("n").number(), 7U);
  EXPECT_TRUE(root.at("b").boolean());
  EXPECT_TRUE(root.at("l").elements()[1].is_text());
  EXPECT_FALSE(root.find("z"));
  EXPECT_EQ(root.members().size(), 5U);
  EXPECT_EQ(optional_text(root, "none"), "");
}

TEST(JsonReaderTest, WhatIsNotStrict) {
  EXPECT_EQ(message_of(R"({"a": 1, "a": 2})"), "a.json has the key \"a\" twice");
  EXPECT_EQ(message_of(std::string(40, '[') + std::string(40, ']')),
            "a.json is nested more than 32 deep");
  EXPECT_THAT(message_of("{}x"), testing::StartsWith("a.json is not valid JSON: "));
  EXPECT_THAT(message_of("\"\xff\""), testing::StartsWith("a.json is not valid JSON: "));
}

// The library's parser with a callback takes minutes for this.
TEST(JsonReaderTest, TimeGrowsNoFasterThanTheText) {
  constexpr size_t kElements = 150'000;
  std::string text = "[{}";
  for (size_t i = 1; i < kElements; ++i) text += ",{}";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(JsonNode::parse(text + "]", "a.json").elements().size(), kElements);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(JsonReaderTest, ErrorsSayWhere) {
  const JsonNode root = JsonNode::parse(R"({"a": [{"b": "x\u0000y"}]})", "a.json");
  const JsonNode b = root.at("a").elements()[0].at("b");
  EXPECT_EQ(message_of([&] { b.text(); }), "a.json: a[0].b has a NUL character");
  EXPECT_EQ(message_of([&] { b.number(); }), "a.json: a[0].b is not a whole number");
  EXPECT_EQ(message_of([&] { b.boolean(); }), "a.json: a[0].b is neither true nor false");
  EXPECT_EQ(message_of([&] { b.elements(); }), "a.json: a[0].b is not an array");
  EXPECT_EQ(message_of([&] { root.at("c"); }), "a.json: c is missing");
  EXPECT_EQ(message_of([&] { b.find("c"); }), "a.json: a[0].b is not an object");
}

TEST(JsonReaderTest, WhatWasReadIsWrittenAgain) {
  const std::string text = R"({"a":[1,-2,1.5,true,null,"x"],"b":{}})";
  JsonWriter writer;
  JsonNode::parse(text, "a.json").write(writer);
  EXPECT_EQ(writer.text(), text);
}

}  // namespace
}  // namespace cntr
