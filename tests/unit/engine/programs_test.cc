#include "engine/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file_system.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ProgramWords, TheFirstWord) {
  EXPECT_THAT(program_words("cc -c a.c -o a.o"), ElementsAre("cc"));
  EXPECT_THAT(program_words("  /usr/bin/cc\t-c"), ElementsAre("/usr/bin/cc"));
  EXPECT_THAT(program_words("./tool"), ElementsAre("./tool"));
  EXPECT_THAT(program_words(""), IsEmpty());
  EXPECT_THAT(program_words("   "), IsEmpty());
}

TEST(ProgramWords, EachPartOfACommand) {
  EXPECT_THAT(program_words("a x && b y || c z; d | e & f\ng"),
              ElementsAre("a", "b", "c", "d", "e", "f", "g"));
  EXPECT_THAT(program_words("a&&b"), ElementsAre("a", "b"));
  EXPECT_THAT(program_words("&& a"), ElementsAre("a"));
}

TEST(ProgramWords, WhatTheShellDoesItself) {
  EXPECT_THAT(program_words("cd /tmp && cc -c a.c"), ElementsAre("cc"));
  EXPECT_THAT(program_words(": && ar qc lib.a a.o && :"), ElementsAre("ar"));
  EXPECT_THAT(program_words("echo cc && true"), IsEmpty());
  EXPECT_THAT(program_words("if test -f a; then cc a; fi"), IsEmpty());
}

TEST(ProgramWords, BehindAChangeOfDirectory) {
  EXPECT_THAT(program_words("cd /src && ./tool && cc a.c"), ElementsAre("/src/./tool", "cc"));
  EXPECT_THAT(program_words("cd sub && cd deeper && bin/tool"), ElementsAre("sub/deeper/bin/tool"));
  EXPECT_THAT(program_words("cd sub && /usr/bin/cc a.c"), ElementsAre("/usr/bin/cc"));
  EXPECT_THAT(program_words("cd -P sub && ./tool"), IsEmpty());
}

TEST(ProgramWords, PastAssignments) {
  EXPECT_THAT(program_words("LANG=C CFLAGS='-O2 -g' cc a.c"), ElementsAre("cc"));
  EXPECT_THAT(program_words("A_1= cc"), ElementsAre("cc"));
  EXPECT_THAT(program_words("A=1"), IsEmpty());
  EXPECT_THAT(program_words("-DX=1/a=b"), IsEmpty());
  EXPECT_THAT(program_words("./a=b c"), ElementsAre("./a=b"));
}

TEST(ProgramWords, BehindProgramsThatStartAnother) {
  EXPECT_THAT(program_words("ccache g++ -c a.cc"), ElementsAre("ccache", "g++"));
  EXPECT_THAT(program_words("/usr/bin/env LANG=C ccache /opt/cc a.c"),
              ElementsAre("/usr/bin/env", "ccache", "/opt/cc"));
  EXPECT_THAT(program_words("nice -n5 cc"), ElementsAre("nice", "cc"));
  EXPECT_THAT(program_words("distcc cc && sccache cc2"),
              ElementsAre("distcc", "cc", "sccache", "cc2"));
}

TEST(ProgramWords, BehindCMakesEnv) {
  EXPECT_THAT(program_words("/usr/bin/cmake -E env A=1 --unset=B cc a.c"),
              ElementsAre("/usr/bin/cmake", "cc"));
  EXPECT_THAT(program_words("cmake -E copy a b"), ElementsAre("cmake"));
  EXPECT_THAT(program_words("cmake -P env.cmake"), ElementsAre("cmake"));
}

TEST(ProgramWords, Quotes) {
  EXPECT_THAT(program_words("'/opt/my tools/cc' -c"), ElementsAre("/opt/my tools/cc"));
  EXPECT_THAT(program_words("\"/opt/my tools\"/cc -c"), ElementsAre("/opt/my tools/cc"));
  EXPECT_THAT(program_words("/opt/my\\ tools/cc"), ElementsAre("/opt/my tools/cc"));
  EXPECT_THAT(program_words("cc 'a && b'"), ElementsAre("cc"));
  EXPECT_THAT(program_words("cc \"a; b\" && d"), ElementsAre("cc", "d"));
}

TEST(ProgramWords, StopsWhereSyntaxIsHard) {
  EXPECT_THAT(program_words("$CC -c a.c"), IsEmpty());
  EXPECT_THAT(program_words("`which cc` a.c"), IsEmpty());
  EXPECT_THAT(program_words("(cc a.c)"), IsEmpty());
  EXPECT_THAT(program_words("{ cc a.c; }"), IsEmpty());
  EXPECT_THAT(program_words("\"$CC\" a.c"), IsEmpty());
  EXPECT_THAT(program_words("'unended"), IsEmpty());
  EXPECT_THAT(program_words("a \\"), ElementsAre("a"));
  EXPECT_THAT(program_words("a && b $(c) && d"), ElementsAre("a", "b"));
}

TEST(ProgramWords, RedirectionsAreNoPrograms) {
  EXPECT_THAT(program_words("cc a.c > log 2>&1"), ElementsAre("cc"));
  EXPECT_THAT(program_words("> out cc"), IsEmpty());
  EXPECT_THAT(program_words("cc a.c 2>&1 | tee log"), ElementsAre("cc", "tee"));
}

class ProgramsTest : public testing::Test {
 protected:
  std::string program(const std::string& path) {
    const std::string full = directory_.path() + "/" + path;
    make_directories(parent_path(full));
    write_file_atomically(full, "#!/bin/sh\n", 0755);
    return full;
  }

  TemporaryDirectory directory_{"/tmp", "cntr-programs-"};
};

TEST_F(ProgramsTest, AreFoundThroughThePath) {
  const std::string cc = program("b/cc");
  program("c/cc");
  Programs programs(directory_.path() + "/a:" + directory_.path() + "/b:" + directory_.path() +
                    "/c");
  const std::vector<Program> found = programs.of("cc -c a && nowhere && cc b && other/tool");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].path, cc);
  EXPECT_TRUE(found[0].by_search);
  EXPECT_EQ(found[1].path, "other/tool");
  EXPECT_FALSE(found[1].by_search);
  EXPECT_EQ(programs.find("cc"), cc);
  EXPECT_EQ(programs.find("nowhere"), std::nullopt);
}

TEST_F(ProgramsTest, AreNamedAsTheGraphNamesThem) {
  Programs programs("");
  const std::string here = current_directory();
  const std::vector<Program> found =
      programs.of("./tool && " + here + "/tool && " + here + "/x/../y/tool && /a//b/./tool");
  std::vector<std::string> paths;
  for (const Program& one : found) paths.push_back(one.path);
  EXPECT_THAT(paths, ElementsAre("tool", "y/tool", "/a/b/tool"));
}

}  // namespace
}  // namespace cntr::engine
