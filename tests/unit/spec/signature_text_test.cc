#include "spec/signature_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cntr::spec {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> sentences(const SignatureText& before, const SignatureText& after) {
  std::vector<std::string> out;
  for (const SignatureChange& change : compare_signature_texts(before.text(), after.text())) {
    out.push_back(change.sentence());
  }
  return out;
}

const std::string kOne = digest_of("one").text();
const std::string kTwo = digest_of("two").text();

TEST(SignatureText, OneLineAComponent) {
  SignatureText text;
  text.add("platform", "linux/amd64");
  text.add("argument", "0", "\"a\\nb\"");
  EXPECT_EQ(text.text(), "platform linux/amd64\nargument \"0\" \"a\\nb\"\n");
  EXPECT_EQ(text.digest(), digest_of(text.text()));
}

TEST(SignatureText, ParsesWhatItWrites) {
  SignatureText text;
  text.add("network", "none");
  text.add("input", "/src/a \"b\"\n.csv", "file " + kOne);
  EXPECT_THAT(parse_signature_text(text.text()),
              ElementsAre(SignatureComponent{"network", "none"},
                          SignatureComponent{"input \"/src/a \\\"b\\\"\\n.csv\"", "file " + kOne}));
}

TEST(SignatureText, StrangeTextStillDiffers) {
  EXPECT_THAT(compare_signature_texts("", ""), IsEmpty());
  EXPECT_EQ(compare_signature_texts("", "\"\n\nx \"unclosed").size(), 3U);
}

TEST(SignatureChange, NamesTheComponentInWords) {
  SignatureText before;
  before.add("image", kOne);
  before.add("argument", "3", "\"-v\"");
  before.add("variable", "SEED", kOne);
  before.add("input", "/src/data/weather.csv", "file " + kOne);
  before.add("input", "/build/tool", "file " + kOne);
  before.add("input", "/src/gone", "file " + kOne);
  before.add("network", "none");
  SignatureText after;
  after.add("image", kTwo);
  after.add("argument", "3", "\"-q\"");
  after.add("variable", "SEED", kTwo);
  after.add("input", "/src/data/weather.csv", "file " + kTwo);
  after.add("input", "/build/tool", "executable " + kOne);
  after.add("input", "/src/new", "file " + kOne);
  after.add("network", "host");
  EXPECT_THAT(sentences(before, after),
              ElementsAre("image: identity changed", "argument 3: was \"-v\", is \"-q\"",
                          "variable SEED: value changed", "input data/weather.csv: content changed",
                          "input tool: was file, is executable", "input new: added",
                          "network: was none, is host", "input gone: removed"));
}

TEST(SignatureChange, EqualTextsHaveNone) {
  SignatureText text;
  text.add("network", "none");
  EXPECT_THAT(sentences(text, text), IsEmpty());
}

}  // namespace
}  // namespace cntr::spec
