// The bases of Containerfiles.
#include "image/containerfile.h"

#include <gtest/gtest.h>

#include "tree_listing.h"

namespace cntr::image {
namespace {

std::string replaced(const std::string& text, const std::vector<std::string>& arguments = {}) {
  return replace_bases(
      text, "/p/Containerfile", arguments, {"linux", "amd64", ""}, [](const BaseImage& base) {
        return "<" + base.name + (base.platform.empty() ? "" : " for " + base.platform) + ">";
      });
}

TEST(Containerfile, FromIsABaseUnlessItIsAStage) {
  EXPECT_EQ(replaced("FROM debian:12"), "FROM <debian:12>");
  EXPECT_EQ(replaced("from a AS One\nFROM one\nFROM scratch\nfrom two"),
            "from <a> AS One\nFROM one\nFROM scratch\nfrom <two>");
  EXPECT_EQ(replaced("  FROM \"a\"  # b\n"), "  FROM <a>  # b\n");
  EXPECT_EQ(replaced("FROM --platform=linux/arm64 a AS b"),
            "FROM --platform=linux/arm64 <a for linux/arm64> AS b");
  EXPECT_EQ(replaced("FROM --platform=$BUILDPLATFORM a"),
            "FROM --platform=$BUILDPLATFORM <a for linux/amd64>");
}

TEST(Containerfile, VariablesAreFilledIn) {
  EXPECT_EQ(replaced("ARG V=1\nFROM a:$V"), "ARG V=1\nFROM <a:1>");
  EXPECT_EQ(replaced("ARG V=1\nFROM a:${V}", {"V=2"}), "ARG V=1\nFROM <a:2>");
  EXPECT_EQ(replaced("ARG N=b V\nFROM ${N}:${V:-x}${V:+y}"), "ARG N=b V\nFROM <b:x>");
  EXPECT_EQ(replaced("ARG V\nFROM a${V:+:$V}", {"V=3"}), "ARG V\nFROM <a:3>");
  EXPECT_EQ(replaced("ARG A=x\nARG B=\"$A-y\"\nFROM $B"), "ARG A=x\nARG B=\"$A-y\"\nFROM <x-y>");
  EXPECT_EQ(replaced("FROM a-$TARGETARCH"), "FROM <a-amd64>");
  // Of a stage: it does not hold for FROM.
  EXPECT_EQ(replaced("ARG V=1\nFROM a\nARG V=2\nFROM b:$V"),
            "ARG V=1\nFROM <a>\nARG V=2\nFROM <b:1>");
  EXPECT_EQ(message_of([] { replaced("FROM a\nFROM $NONE"); }),
            "/p/Containerfile:2: FROM \"$NONE\" names no image: a variable has no value\n"
            "  Give it with BUILD_ARGS, or a default with ARG before the first FROM.");
  EXPECT_EQ(message_of([] { replaced("\n\nFROM"); }), "/p/Containerfile:3: FROM names no image");
}

TEST(Containerfile, OtherInstructionsTakeFromImages) {
  EXPECT_EQ(
      replaced("FROM a AS s\nCOPY --from=s x y\nCOPY --from=0 x y\nCOPY --chown=1 --from=b:1 x y"),
      "FROM <a> AS s\nCOPY --from=s x y\nCOPY --from=0 x y\nCOPY --chown=1 --from=<b:1> x y");
  EXPECT_EQ(replaced("FROM a\nRUN --mount=type=bind,from=b,target=/b ls --from=c"),
            "FROM <a>\nRUN --mount=type=bind,from=<b>,target=/b ls --from=c");
  EXPECT_EQ(replaced("FROM a\nRUN echo FROM b"), "FROM <a>\nRUN echo FROM b");
}

TEST(Containerfile, NamesOfImagesHaveNoBlanksAndQuotes) {
  EXPECT_EQ(message_of([] { replaced("FROM a\nCOPY --from=b\" <<END x\n"); }),
            "/p/Containerfile:2: \"b\\\" <<END x\" is no name of an image");
}

TEST(Containerfile, LinesGoOn) {
  EXPECT_EQ(replaced("FROM \\\n  a\nRUN x \\\nFROM b\n"), "FROM \\\n  <a>\nRUN x \\\nFROM b\n");
  EXPECT_EQ(replaced("RUN x \\\n# comment\n\nFROM b\nFROM c"),
            "RUN x \\\n# comment\n\nFROM b\nFROM <c>");
  EXPECT_EQ(replaced("# escape=`\nRUN x `\nFROM b\nRUN y \\\nFROM c"),
            "# escape=`\nRUN x `\nFROM b\nRUN y \\\nFROM <c>");
  EXPECT_EQ(replaced("#FROM x\n # FROM y\nFROM z"), "#FROM x\n # FROM y\nFROM <z>");
}

TEST(Containerfile, HereDocuments) {
  EXPECT_EQ(replaced("RUN <<EOF\nFROM a\nEOF\nFROM b"), "RUN <<EOF\nFROM a\nEOF\nFROM <b>");
  EXPECT_EQ(replaced("COPY <<-'X' <<Y /\nFROM a\n\tX\nFROM b\nY\nFROM c"),
            "COPY <<-'X' <<Y /\nFROM a\n\tX\nFROM b\nY\nFROM <c>");
  EXPECT_EQ(replaced("RUN <<EOF\nFROM a"), "RUN <<EOF\nFROM a");
}

}  // namespace
}  // namespace cntr::image
