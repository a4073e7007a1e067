#include "base/json.h"

#include <gtest/gtest.h>

namespace cntr {
namespace {

TEST(Json, ObjectsArraysAndNumbers) {
  JsonWriter out;
  out.begin_object();
  out.key("a").value(1);
  out.key("b").begin_array().value("x").value(true).null().end_array();
  out.key("c").begin_object().end_object();
  out.key("d").value(uint64_t{18'446'744'073'709'551'615U});
  out.end_object();
  EXPECT_EQ(out.text(), R"({"a":1,"b":["x",true,null],"c":{},"d":18446744073709551615})");
}

TEST(Json, EscapesWhatRfc8259Asks) {
  JsonWriter out;
  out.value(std::string_view("\"\\\n\t\x01\x1f/\x7f\0", 9));
  EXPECT_EQ(out.text(), "\"\\\"\\\\\\n\\t\\u0001\\u001f/\x7f\\u0000\"");
}

TEST(Json, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  JsonWriter out;
  out.value(
      "a\xff"
      "b\xc3\xa4");
  EXPECT_EQ(out.text(),
            "\"a\xEF\xBF\xBD"
            "b\xc3\xa4\"");
}

}  // namespace
}  // namespace cntr
