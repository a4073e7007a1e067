#include "engine/compilation.h"

#include <gtest/gtest.h>

namespace cntr::engine {
namespace {

TEST(Compilation, IsACompilerAndNothingElse) {
  for (const char* command :
       {"cc -c a.c -o a.o", "/usr/bin/x86_64-linux-gnu-g++-12 -c a.cc -o a.o",
        "ccache /usr/lib/llvm/clang++ '-DTEXT=\"two words\"' -c a.cc -o a.o",
        "cmake -E env LANG=C gcc -c a.c -o a.o", ": && /usr/bin/c++ a.o -o app  && :"}) {
    EXPECT_TRUE(is_compilation(command)) << command;
  }
  for (const char* command :
       {"", "sh gen.sh out", "cat a.c >a.o", "cc -c a.c -o a.o && strip a.o",
        "cc -c a.c -o a.o && echo $(date) >built", "cc -c a.c -o a.o 2>log",
        ": && c++ a.o -o app && cd bin && cmake -E copy app app2", "cmake -E copy a b",
        "rustc a.rs", "cmake -E __run_co_compile --tidy=tidy --source=a.cc -- g++ -c a.cc"}) {
    EXPECT_FALSE(is_compilation(command)) << command;
  }
}

TEST(Compilation, MayNotAskForFilesThatNobodyNames) {
  for (const char* option : {"--coverage", "-fprofile-arcs", "-fprofile-use=a", "-gsplit-dwarf",
                             "-save-temps=obj", "-ftime-trace", "-fmodules-ts"}) {
    EXPECT_FALSE(is_compilation("g++ " + std::string(option) + " -c a.cc -o a.o")) << option;
  }
}

TEST(Compilation, WithDebugInformationNamesTheDirectory) {
  for (const char* command : {"cc -g -c a.c", "cc -ggdb3 -c a.c", "cl /Zi a.c"}) {
    EXPECT_TRUE(writes_debug_information(command)) << command;
  }
  EXPECT_FALSE(writes_debug_information("cc -g0 -c a.c"));
  EXPECT_FALSE(writes_debug_information("cc -O2 -c big.c"));
}

}  // namespace
}  // namespace cntr::engine
