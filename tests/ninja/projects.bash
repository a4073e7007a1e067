# Projects that a generator makes manifests for, built through the whole tool chain. With stock ninja as
# NINJA the tests of what every ninja does pass as well; what only cntr-ninja promises begins with
# only_cntr.

need_project_tools() {
  need cmake cmake --version
  need compiler c++ --version
  unset CMAKE_GENERATOR CMAKE_BUILD_TYPE CMAKE_BUILD_PARALLEL_LEVEL CMAKE_EXPORT_COMPILE_COMMANDS
  unset CMAKE_CXX_COMPILER_LAUNCHER CMAKE_C_COMPILER_LAUNCHER CPPFLAGS CXXFLAGS CFLAGS FFLAGS LDFLAGS
  cd "$work"
}

configure() { # [<argument>...]: $source in $work/build
  quietly cmake -S "${source:-source}" -B build -G Ninja -DCMAKE_MAKE_PROGRAM="$NINJA" "$@"
}

build() { quietly cmake --build build "$@"; }

# What the last build did: of each line of progress the name of the file at its end, sorted.
built() {
  sed -nE 's/^\[[0-9]+\/[0-9]+\] (.*)$/\1/p' "$work/last.log" | awk '{ print $NF }' | sed 's|.*/||' | sort |
    tr '\n' ' ' | sed 's/ $//'
}

expect_built() { expect_equal "what was built" "$(printf '%s\n' $* | sort | tr '\n' ' ' | sed 's/ $//')" "$(built)"; }

expect_nothing_built() { # [<argument of cmake --build>...]
  build "$@"
  grep -qx "ninja: no work to do." "$work/last.log" || fail "this was built: $(built)"
}

# --- a project with every kind of target ----------------------------------------------------------

# words.txt -> table.inc (made by the program make_table) -> table (shared) --+
# base, prepared (precompiled header), together (unity): static --------------+-> app -> summary.txt
# parts (objects) -------------------------------------------------------------+
many_targets() {
  need_project_tools
  mkdir source
  cat >source/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(Many LANGUAGES CXX)
option(LOUD "Shout" OFF)
configure_file(greeting.h.in greeting.h)
include_directories(${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR})

add_executable(make_table make_table.cc)
add_custom_command(
  OUTPUT table.inc
  BYPRODUCTS table.size
  COMMAND make_table ${CMAKE_CURRENT_SOURCE_DIR}/words.txt table.inc table.size
  DEPENDS words.txt
  VERBATIM)
add_library(table SHARED table.cc table.inc)
set_target_properties(table PROPERTIES VERSION 1.2 SOVERSION 1)

add_library(base STATIC base.cc)
add_library(parts OBJECT part_one.cc part_two.cc)
add_library(together STATIC together_one.cc together_two.cc together_three.cc)
set_target_properties(together PROPERTIES UNITY_BUILD ON)
add_library(prepared STATIC prepared.cc)
target_precompile_headers(prepared PRIVATE common.h)
if(LOUD)
  target_compile_definitions(base PRIVATE LOUD)
  target_sources(parts PRIVATE part_loud.cc)
endif()

add_executable(app main.cc)
target_link_libraries(app PRIVATE base parts table together prepared)
add_custom_command(TARGET app POST_BUILD
  COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:app> app.copy
  BYPRODUCTS app.copy)

add_custom_command(OUTPUT summary.txt COMMAND app >summary.txt DEPENDS app COMMENT "Writing summary.txt")
add_custom_command(
  OUTPUT checked.stamp
  COMMAND ${CMAKE_COMMAND} -E compare_files summary.txt summary.txt
  COMMAND ${CMAKE_COMMAND} -E touch checked.stamp
  DEPENDS summary.txt
  COMMENT "Checking for checked.stamp")
add_custom_target(summary ALL DEPENDS checked.stamp)
add_custom_target(announce COMMAND ${CMAKE_COMMAND} -E cat summary.txt)
add_dependencies(announce summary)
add_custom_target(inner COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target base)

install(TARGETS app table RUNTIME DESTINATION bin LIBRARY DESTINATION lib)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/summary.txt DESTINATION share)
enable_testing()
add_test(NAME app COMMAND app)
set_tests_properties(app PROPERTIES PASS_REGULAR_EXPRESSION "words 3")
CMAKE
  (
    cd source
    echo '#define GREETING "hello from @PROJECT_NAME@"' >greeting.h.in
    cat >make_table.cc <<'CXX'
#include <stdio.h>
int main(int, char** argv) {
  FILE* in = fopen(argv[1], "r");
  FILE* table = fopen(argv[2], "w");
  FILE* size = fopen(argv[3], "w");
  char word[64];
  int count = 0;
  for (; fscanf(in, "%63s", word) == 1; ++count) fprintf(table, "\"%s\",\n", word);
  fprintf(size, "%d\n", count);
}
CXX
    printf 'one\ntwo\nthree\n' >words.txt
    echo 'int words(); int base(); int part_one(); int part_two(); int together(); int prepared();' >all.h
    echo '#define STEP 1' >step.h
    printf '#include <stdio.h>\n#define NOTE "prepared\\n"\n' >common.h
    echo 'static const char* table[] = {
#include "table.inc"
};
int words() { return sizeof(table) / sizeof(table[0]); }' >table.cc
    echo '#include "step.h"
#ifdef LOUD
int base() { return 100 * STEP; }
#else
int base() { return 10 * STEP; }
#endif' >base.cc
    echo '#include "step.h"
int part_one() { return STEP; }' >part_one.cc
    echo 'int part_two() { return 2; }' >part_two.cc
    echo 'int part_loud() { return 3; }' >part_loud.cc
    echo 'static int one() { return 1; }' >together_one.cc
    echo 'static int two() { return one() + 1; }' >together_two.cc
    echo 'int together() { return one() + two(); }' >together_three.cc
    echo 'int prepared() { return printf(NOTE); }' >prepared.cc
    echo '#include "all.h"
#include "greeting.h"
#include <stdio.h>
int main() {
  prepared();
  printf("%s\nwords %d\nsum %d\n", GREETING, words(), base() + part_one() + part_two() + together());
}' >main.cc
  )
}

many_targets_built() { # [<argument of cmake>...]
  many_targets
  configure "$@"
  build
}

expect_summary() { # <words> <sum>
  expect_file build/summary.txt "prepared
hello from Many
words $1
sum $2"
}
