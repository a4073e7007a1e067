# Projects as CMake, Meson and people write them, built through the whole tool chain. With stock ninja
# as NINJA the tests of what every ninja does pass as well; what only cntr-ninja promises begins with
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

test_cmake_builds_what_ninja_builds() {
  need_stock
  many_targets_built
  expect_summary 3 16
  expect_file build/table.size 3
  cmp build/app.copy build/app
  (cd build && ctest) >last.log 2>&1
  expect_output "100% tests passed, 0 tests failed out of 1"
  quietly cmake --install build --prefix "$work/installed"
  expect_equal "installed" "prepared hello from Many words 3 sum 16" \
    "$(echo $(LD_LIBRARY_PATH=installed/lib installed/bin/app))"

  mv build ours
  quietly cmake -S source -B build -G Ninja -DCMAKE_MAKE_PROGRAM="$stock"
  build
  diff -r --exclude=.cntr_ninja --exclude='.ninja_*' --exclude=CMakeCache.txt --exclude=CMakeConfigureLog.yaml \
    --exclude=CMakeOutput.log --exclude=CMakeSystem.cmake --exclude='*.bin' --exclude='*.out' --exclude='*.gch' \
    --exclude=rules.ninja --exclude=Testing --exclude=install_manifest.txt ours build >differences || true
  expect_file differences ""
}

test_cmake_null_build() {
  many_targets_built
  expect_nothing_built
  expect_nothing_built --target app
  expect_nothing_built --parallel 1
  expect_nothing_built -- -k 0
  configure
  expect_nothing_built
}

test_cmake_touching_everything_builds_nothing() {
  only_cntr
  many_targets_built
  tick
  find source build -type f ! -name CMakeLists.txt ! -name '*.in' ! -path '*/.cntr_ninja/*' -exec touch {} +
  expect_nothing_built
  tick
  touch source/CMakeLists.txt
  build
  expect_built "CMake..."
  expect_nothing_built
}

test_cmake_edited_headers_and_sources() {
  many_targets_built
  put source/step.h $'#define STEP 2\n'
  build
  expect_built "base.cc.o libbase.a part_one.cc.o app summary.txt checked.stamp"
  expect_summary 3 27
  put source/together_two.cc $'static int two() { return one() + 2; }\n'
  build
  expect_built "unity_0_cxx.cxx.o libtogether.a app summary.txt checked.stamp"
  expect_summary 3 28
  put source/words.txt "one two three four five"
  build
  expect_output table.inc
  expect_summary 5 28
  expect_file build/table.size 5
  put source/common.h $'#include <stdio.h>\n#define NOTE "ready\\n"\n'
  build
  expect_built "cmake_pch.hxx.gch prepared.cc.o libprepared.a app summary.txt checked.stamp"
  expect_equal "the note" ready "$(head -n 1 build/summary.txt)"
  expect_nothing_built
}

test_cmake_equal_objects_link_nothing() {
  only_cntr
  many_targets_built
  put source/part_two.cc $'int part_two() { return 2; }  // two\n'
  build
  expect_built part_two.cc.o
  put source/step.h $'#define STEP 1  // one\n'
  build
  expect_built "base.cc.o part_one.cc.o"
  put source/words.txt $'one two\nthree\n'
  build
  expect_built table.inc
  put source/words.txt $'un deux trois\n'
  build
  expect_output "CMakeFiles/table.dir/table.cc.o"
  expect_summary 3 16
  expect_output "Writing summary.txt"
  expect_no_output_of "Checking for checked.stamp"
  expect_nothing_built
}

test_cmake_a_program_of_the_build_is_an_input_of_what_it_makes() {
  only_cntr
  many_targets_built
  put source/make_table.cc "$(sed 's/count = 0/count = 0 + 0/' source/make_table.cc)"
  build
  expect_no_output_of "table.inc"
  put source/make_table.cc "$(sed 's/count = 0 + 0/count = -1/' source/make_table.cc)"
  build
  expect_output "table.inc"
  expect_no_output_of "CMakeFiles/table.dir"
  expect_file build/table.size 2
  expect_nothing_built
}

# A program keeps its bytes when a shared library that it loads gets others.
test_cmake_libraries_that_a_program_loads() {
  need_project_tools
  mkdir source
  cat >source/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(Loads LANGUAGES CXX)
add_library(inner SHARED inner.cc)
add_library(outer SHARED outer.cc)
target_link_libraries(outer PRIVATE inner)
add_executable(say say.cc)
target_link_libraries(say outer)
add_custom_command(OUTPUT said.txt COMMAND say >said.txt DEPENDS say COMMENT "Saying")
add_custom_target(all_said ALL DEPENDS said.txt)
CMAKE
  echo 'int inner() { return 1; }' >source/inner.cc
  echo 'int inner(); int outer() { return inner() + 1; }' >source/outer.cc
  printf '#include <stdio.h>\nint outer();\nint main() { printf("%%d\\n", outer()); }\n' >source/say.cc
  configure
  build
  expect_file build/said.txt 2
  put source/inner.cc 'int inner() { return 5; }'
  build
  expect_file build/said.txt 6
  expect_nothing_built
}

test_cmake_headers_that_come_and_go() {
  many_targets_built
  put source/extra.h $'#define EXTRA 5\n'
  put source/part_two.cc $'#include "extra.h"\nint part_two() { return EXTRA; }\n'
  build
  expect_summary 3 19
  put source/extra.h $'#define EXTRA 6\n'
  build
  expect_summary 3 20
  rm source/extra.h
  put source/part_two.cc $'int part_two() { return 2; }\n'
  build
  expect_built "part_two.cc.o app summary.txt checked.stamp"
  expect_summary 3 16
  expect_nothing_built
}

test_cmake_a_build_with_mistakes() {
  many_targets_built
  put source/part_two.cc $'int part_two() { return two; }\n'
  expect_code 1 cmake --build build
  expect_output "FAILED: "
  expect_output "part_two.cc:1"
  expect_output "ninja: build stopped: subcommand failed."
  expect_code 1 cmake --build build
  put source/part_two.cc $'int part_two() { return 2; }\n'
  build
  expect_output part_two.cc.o
  expect_summary 3 16
  expect_nothing_built
}

# --- configurations -------------------------------------------------------------------------------

test_cmake_runs_again_and_builds_what_changed() {
  only_cntr
  many_targets_built
  sed -i 's/^add_library(parts/# The parts.\n&/' source/CMakeLists.txt
  build
  expect_built "CMake..."
  tick
  echo 'target_compile_definitions(base PRIVATE UNUSED)' >>source/CMakeLists.txt
  build
  expect_built "CMake... base.cc.o"
  tick
  echo 'target_compile_definitions(together PRIVATE one=another)' >>source/CMakeLists.txt
  build
  expect_built "CMake... unity_0_cxx.cxx.o libtogether.a app summary.txt"
  put source/greeting.h.in $'#define GREETING "good evening"\n'
  build
  expect_built "CMake... main.cc.o app summary.txt checked.stamp"
  expect_nothing_built
}

test_cmake_makes_new_targets_known() {
  many_targets_built
  tick
  echo 'add_executable(late part_two.cc late.cc)' >>source/CMakeLists.txt
  echo 'int main() {}' >source/late.cc
  build --target late
  expect_output late.cc.o
  sed -i '$d' source/CMakeLists.txt
  expect_code 1 cmake --build build --target late
  expect_output "ninja: error: unknown target 'late'"
}

test_cmake_mistakes_in_the_lists() {
  many_targets_built
  tick
  cp source/CMakeLists.txt kept
  echo 'add_library(' >>source/CMakeLists.txt
  expect_code 1 cmake --build build
  expect_output "CMakeLists.txt:"
  expect_output "ninja: error: rebuilding 'build.ninja': subcommand failed"
  tick
  cp kept source/CMakeLists.txt
  build
  expect_nothing_built
}

test_cmake_options_there_and_back() {
  only_cntr
  many_targets_built
  configure -DLOUD=ON
  build
  expect_built "base.cc.o libbase.a part_loud.cc.o app summary.txt checked.stamp"
  expect_summary 3 106
  configure -DLOUD=OFF
  build
  expect_built "base.cc.o libbase.a app summary.txt checked.stamp"
  expect_summary 3 16
  # The edge of part_loud.cc was not there in between; its object and its record were.
  configure -DLOUD=ON
  build
  expect_built "base.cc.o libbase.a app summary.txt checked.stamp"
  configure -DCMAKE_CXX_FLAGS=-DUNUSED
  build
  configure -DCMAKE_CXX_FLAGS=-DUNUSED
  expect_nothing_built
}

test_cmake_switching_branches() {
  only_cntr
  need git git --version
  many_targets
  local git=(git -C source -c user.name=name -c user.email=mail -c commit.gpgsign=false)
  quietly "${git[@]}" init -b first
  quietly "${git[@]}" add .
  quietly "${git[@]}" commit -m first
  configure
  build
  quietly "${git[@]}" switch -c second
  sed -i 's/STEP 1/STEP 3/' source/step.h
  echo 'target_compile_definitions(together PRIVATE SECOND)' >>source/CMakeLists.txt
  printf 'one\ntwo\n' >source/words.txt
  quietly "${git[@]}" commit -am second
  build
  expect_summary 2 38
  local i
  for i in 1 2; do
    tick
    quietly "${git[@]}" switch first
    build
    expect_summary 3 16
    tick
    quietly "${git[@]}" switch second
    build
    expect_summary 2 38
  done
  expect_nothing_built
  # Without a build in between nothing has happened but that the lists look new.
  tick
  quietly "${git[@]}" switch first
  quietly "${git[@]}" switch second
  build
  expect_built "CMake..."
}

# --- what CMake asks of a ninja -------------------------------------------------------------------

test_cmake_clean() {
  many_targets_built
  build --target clean
  expect_output "Cleaning all built files..."
  expect_missing build/app build/app.copy build/table.inc build/table.size build/summary.txt build/libbase.a
  expect_exists build/CMakeCache.txt build/build.ninja
  build
  expect_summary 3 16
  expect_equal "objects compiled" 9 "$(grep -c 'Building CXX object' last.log)"
  build --clean-first
  expect_equal "objects compiled" 9 "$(grep -c 'Building CXX object' last.log)"
  expect_nothing_built
}

test_cmake_removes_what_no_target_makes_any_more() {
  since 1.10
  many_targets
  configure -DLOUD=ON
  build
  expect_exists build/CMakeFiles/parts.dir/part_loud.cc.o
  configure -DLOUD=OFF
  (cd build && quietly "$NINJA" -t cleandead)
  expect_missing build/CMakeFiles/parts.dir/part_loud.cc.o
  build
  expect_summary 3 16
}

test_cmake_tools_of_ninja() {
  many_targets_built
  cd build
  quietly "$NINJA" -t recompact
  quietly "$NINJA" -t restat build.ninja
  expect_clean
  quietly "$NINJA" -t targets all
  expect_output "app: CXX_EXECUTABLE_LINKER__app_"
  quietly "$NINJA" -t query app
  expect_output "CMakeFiles/app.dir/main.cc.o"
  quietly "$NINJA" -t deps CMakeFiles/parts.dir/part_one.cc.o
  expect_output "$work/source/step.h"
  quietly "$NINJA" -t compdb
  expect_equal "objects" 8 "$(grep '"output": ".*\.o"' "$work/last.log" | sort -u | wc -l)"
  quietly "$NINJA" -t commands app
  expect_output "make_table"
  quietly "$NINJA" -t missingdeps
  expect_output "No missing dependencies on generated files found."
}

test_cmake_custom_targets_always_run() {
  many_targets_built
  build --target announce
  expect_output "words 3"
  build --target announce
  expect_output "words 3"
  expect_nothing_built
}

test_cmake_builds_within_the_build() {
  many_targets_built
  build --target inner
  expect_output "ninja: no work to do."
  put source/step.h $'#define STEP 2\n'
  build --target inner
  expect_output "base.cc.o"
  expect_output "libbase.a"
  build
  expect_summary 3 27
  expect_nothing_built
}

test_cmake_external_projects() {
  need_project_tools
  mkdir -p source/inner
  cat >source/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(Outer LANGUAGES CXX)
include(ExternalProject)
ExternalProject_Add(inner
  SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR}/inner
  CMAKE_ARGS -DCMAKE_MAKE_PROGRAM=${CMAKE_MAKE_PROGRAM}
  BUILD_ALWAYS ON
  INSTALL_COMMAND ""
  BUILD_BYPRODUCTS <BINARY_DIR>/libinner.a)
ExternalProject_Get_Property(inner BINARY_DIR)
add_executable(outer outer.cc)
target_link_libraries(outer ${BINARY_DIR}/libinner.a)
add_dependencies(outer inner)
CMAKE
  cat >source/inner/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(Inner LANGUAGES CXX)
add_library(inner STATIC inner.cc)
CMAKE
  echo 'int inner() { return 1; }' >source/inner/inner.cc
  echo 'int inner(); int main() { return inner(); }' >source/outer.cc
  configure
  build
  expect_code 1 build/outer
  put source/inner/inner.cc 'int inner() { return 2; }'
  build
  expect_code 2 build/outer
  build
  expect_code 2 build/outer
  ! grep -q "Linking" last.log || fail "linked again: $(built)"
}

test_cmake_build_and_test() {
  many_targets
  quietly ctest --build-and-test source build --build-generator Ninja --build-makeprogram "$NINJA" \
    --test-command app
  expect_output "words 3"
  quietly ctest --build-and-test source build --build-generator Ninja --build-makeprogram "$NINJA" \
    --build-noclean --test-command app
  expect_output "ninja: no work to do."
}

test_cmake_multi_config() {
  need_project_tools
  mkdir source
  cat >source/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(Configurations LANGUAGES CXX)
add_library(part STATIC part.cc)
add_executable(app app.cc)
target_link_libraries(app part)
target_compile_definitions(app PRIVATE $<$<CONFIG:Debug>:MORE=100>$<$<CONFIG:Release>:MORE=0>)
CMAKE
  echo 'int part() { return 1; }' >source/part.cc
  echo 'int part(); int main() { return part() + MORE; }' >source/app.cc
  quietly cmake -S source -B build -G "Ninja Multi-Config" -DCMAKE_MAKE_PROGRAM="$NINJA" \
    -DCMAKE_CONFIGURATION_TYPES="Debug;Release"
  build --config Debug
  expect_code 101 build/Debug/app
  build --config Release
  expect_code 1 build/Release/app
  expect_nothing_built --config Release
  expect_nothing_built --config Debug
  put source/part.cc 'int part() { return 2; }'
  build --config Debug
  expect_code 102 build/Debug/app
  expect_code 1 build/Release/app
  build --config Release
  expect_code 2 build/Release/app
}

# --- compilers ------------------------------------------------------------------------------------

test_cmake_compiler_launcher() {
  need ccache ccache --version
  export CCACHE_DIR=$work/ccache
  unset CCACHE_BASEDIR CCACHE_NOHASHDIR CCACHE_DISABLE
  many_targets_built -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
  expect_nothing_built
  build --clean-first
  expect_summary 3 16
  [ "$(ccache --print-stats | awk '/^(direct|preprocessed)_cache_hit/ { n += $2 } END { print n }')" -ge 7 ] ||
    fail "ccache was not used"
  expect_nothing_built
}

wrapped_compiler() {
  printf '#!/bin/sh\n%s\nexec c++ "$@"\n' "$1" >compiler.new
  chmod +x compiler.new
  mv compiler.new compiler
}

test_cmake_a_changed_compiler_compiles_everything() {
  only_cntr
  need_project_tools
  wrapped_compiler "# one"
  many_targets_built -DCMAKE_CXX_COMPILER="$work/compiler"
  tick
  touch compiler
  expect_nothing_built
  wrapped_compiler "# two"
  build
  expect_equal "objects compiled" 9 "$(grep -c 'Building CXX object' last.log)"
  expect_nothing_built
  wrapped_compiler "# one"
  build
  expect_equal "objects compiled" 9 "$(grep -c 'Building CXX object' last.log)"
}

test_cmake_a_changed_compiler_behind_a_launcher() {
  only_cntr
  need_project_tools
  need env env true
  wrapped_compiler "# one"
  many_targets_built -DCMAKE_CXX_COMPILER="$work/compiler" -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v env)"
  expect_nothing_built
  wrapped_compiler "# two"
  build
  expect_equal "objects compiled" 9 "$(grep -c 'Building CXX object' last.log)"
}

# --- languages with modules -----------------------------------------------------------------------

test_fortran_modules() {
  need_project_tools
  need gfortran gfortran --version
  mkdir source
  cat >source/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(Modules LANGUAGES Fortran)
add_library(shapes STATIC shapes.f90 numbers.f90)
add_executable(app app.f90)
target_link_libraries(app shapes)
CMAKE
  cat >source/numbers.f90 <<'F90'
module numbers
  integer, parameter :: side = 3
contains
  integer function twice(n)
    integer, intent(in) :: n
    twice = 2 * n
  end function
end module
F90
  cat >source/shapes.f90 <<'F90'
module shapes
  use numbers
contains
  integer function area()
    area = side * twice(side)
  end function
end module
F90
  cat >source/app.f90 <<'F90'
program app
  use shapes
  print '(i0)', area()
end program
F90
  configure
  build
  expect_equal "area" 18 "$(build/app)"
  expect_nothing_built
  # What a function does is no part of its module's interface.
  put source/numbers.f90 "$(sed 's/2 \* n/4 * n/' source/numbers.f90)"
  build
  expect_equal "area" 36 "$(build/app)"
  expect_no_output_of "Building Fortran object CMakeFiles/app.dir"
  expect_nothing_built
  put source/numbers.f90 "$(sed 's/side = 3/side = 5/' source/numbers.f90)"
  build
  expect_equal "area" 100 "$(build/app)"
  # The other way round: numbers is made of a module that is new.
  put source/units.f90 $'module units\n  integer, parameter :: unit = 7\nend module\n'
  sed -i 's/numbers.f90)/numbers.f90 units.f90)/' source/CMakeLists.txt
  put source/numbers.f90 "$(sed 's/^module numbers/&\n  use units/; s/side = 5/side = unit/' source/numbers.f90)"
  build
  expect_equal "area" 196 "$(build/app)"
  expect_nothing_built
  put source/units.f90 $'module units\n  use shapes\n  integer, parameter :: unit = 7\nend module\n'
  expect_code 1 cmake --build build
  expect_output "cycle"
  put source/units.f90 $'module units\n  integer, parameter :: unit = 7\nend module\n'
  build
  expect_equal "area" 196 "$(build/app)"
  expect_nothing_built
}

# A compiler with modules that this CMake can use.
need_cxx_modules() {
  need_project_tools
  local version
  version=$(cmake --version | head -n 1 | cut -d ' ' -f 3)
  version_at_least 3.28 "$version" || skip "CMake $version has no modules of C++20, 3.28 has"
  local candidate
  for candidate in "${CXX:-c++}" g++-{20,19,18,17,16,15,14} clang++-{22,21,20,19,18,17,16}; do
    command -v "$candidate" >/dev/null || continue
    printf '%s\n' 'cmake_minimum_required(VERSION 3.28)' 'project(Probe LANGUAGES CXX)' \
      'add_library(probe)' 'target_compile_features(probe PUBLIC cxx_std_20)' \
      'target_sources(probe PUBLIC FILE_SET CXX_MODULES FILES probe.cc)' >probe.txt
    rm -rf probe
    mkdir probe
    mv probe.txt probe/CMakeLists.txt
    echo 'export module probe;' >probe/probe.cc
    cmake -S probe -B probe/build -G Ninja -DCMAKE_MAKE_PROGRAM="$NINJA" -DCMAKE_CXX_COMPILER="$candidate" \
      >last.log 2>&1 || continue
    cxx=$candidate
    return
  done
  skip "no compiler with modules of C++20 is here: g++ 14, clang 16 or later"
}

test_cxx_modules() {
  need_cxx_modules
  mkdir source
  cat >source/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.28)
project(Modules LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
add_library(shapes STATIC)
target_sources(shapes PUBLIC FILE_SET CXX_MODULES FILES shapes.cc numbers.cc)
add_executable(app main.cc)
target_link_libraries(app shapes)
CMAKE
  echo 'export module numbers; export constexpr int side = 3;' >source/numbers.cc
  echo 'export module shapes; import numbers; export int area() { return side * side; }' >source/shapes.cc
  echo 'import shapes; int main() { return area(); }' >source/main.cc
  configure -DCMAKE_CXX_COMPILER="$cxx"
  build
  expect_code 9 build/app
  expect_nothing_built
  put source/numbers.cc 'export module numbers; export constexpr int side = 4;'
  build
  expect_code 16 build/app
  expect_nothing_built
  put source/main.cc 'import shapes; import numbers; int main() { return area() + side; }'
  build
  expect_code 20 build/app
  expect_nothing_built
}

# --- Meson ----------------------------------------------------------------------------------------

meson_project() {
  need_project_tools
  need meson meson --version
  export NINJA
  mkdir source
  cat >source/meson.build <<'MESON'
project('shop', 'cpp')
price = custom_target('price', input : 'price.txt', output : 'price.h', capture : true,
  command : ['sed', 's/.*/#define PRICE &/', '@INPUT@'])
bill = static_library('bill', 'bill.cc', price)
shop = executable('shop', 'shop.cc', link_with : bill)
test('shop', shop)
MESON
  echo 5 >source/price.txt
  echo 'int bill(int count);' >source/bill.h
  echo '#include "bill.h"
#include "price.h"
int bill(int count) { return count * PRICE; }' >source/bill.cc
  echo '#include "bill.h"
#include <stdio.h>
int main() { printf("%d\n", bill(3)); }' >source/shop.cc
  quietly meson setup build source
}

meson_build() { ninja_ -C build "$@"; }

test_meson() {
  meson_project
  meson_build
  expect_equal "bill" 15 "$(build/shop)"
  meson_build
  expect_output "ninja: no work to do."
  meson_build test
  expect_output "shop"
  meson_build
  expect_output "ninja: no work to do."
  put source/bill.h $'int bill(int count);  // in euros\nint discount();\n'
  meson_build
  expect_output "bill.cc.o"
  expect_output "shop.cc.o"
  put source/price.txt 7
  meson_build
  expect_equal "bill" 21 "$(build/shop)"
  quietly meson compile -C build
  expect_output "ninja: no work to do."
  meson_build clean
  expect_missing build/shop
  meson_build
  expect_equal "bill" 21 "$(build/shop)"
}

test_meson_reconfigures() {
  only_cntr
  meson_project
  meson_build
  quietly meson setup --reconfigure build source
  meson_build
  expect_output "ninja: no work to do."
  tick
  sed -i "s/'bill.cc', price)/'bill.cc', price, cpp_args : '-DUNUSED')/" source/meson.build
  meson_build
  expect_output "Regenerating build files."
  expect_output "bill.cc.o"
  expect_no_output_of "shop.cc.o"
  meson_build
  expect_output "ninja: no work to do."
}

# --- Cntr itself ----------------------------------------------------------------------------------

test_cntr_itself() {
  need_project_tools
  [ -e "$here/../../CMakeLists.txt" ] || skip "the sources of Cntr are not around these tests"
  local source launcher=()
  source=$(realpath "$here/../..")
  if command -v ccache >/dev/null; then
    export CCACHE_BASEDIR=$source CCACHE_NOHASHDIR=true
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  configure -DCMAKE_BUILD_TYPE=Debug -DCNTR_BUILD_TESTS=ON -DCNTR_WARNINGS_AS_ERRORS=ON "${launcher[@]}"
  build --target cntr_base cntr-supervisor
  expect_nothing_built --target cntr_base cntr-supervisor
  configure
  expect_nothing_built --target cntr_base cntr-supervisor
  expect_exists build/bin/cntr-supervisor
}

# --- trees of ninja -------------------------------------------------------------------------------

test_cmake_tree_of_ninja() {
  only_cntr
  need_stock
  many_targets
  quietly cmake -S source -B build -G Ninja -DCMAKE_MAKE_PROGRAM="$stock"
  build
  quietly "$stock" -C build
  expect_output "ninja: no work to do."
  configure
  expect_nothing_built
  expect_nothing_built
  put source/step.h $'#define STEP 2\n'
  build
  expect_built "base.cc.o libbase.a part_one.cc.o app summary.txt checked.stamp"
}

test_cmake_tree_goes_back_to_ninja() {
  only_cntr
  need_reader_of_v7
  many_targets_built
  put source/step.h $'#define STEP 2\n'
  build
  quietly "$stock" -C build
  expect_output "ninja: no work to do."
  quietly cmake -S source -B build -G Ninja -DCMAKE_MAKE_PROGRAM="$stock"
  expect_nothing_built
  put source/step.h $'#define STEP 3\n'
  build
  expect_summary 3 38
  configure
  build
  expect_summary 3 38
  expect_nothing_built
}

test_meson_tree_of_ninja() {
  only_cntr
  need_stock
  NINJA=$stock meson_project
  quietly "$stock" -C build
  meson_build
  expect_output "ninja: no work to do."
}

# --- by hand --------------------------------------------------------------------------------------

# As cmake does with configure_file(), whether or not the manifest comes out the same.
test_files_that_are_made_beside_the_manifest() {
  cat >build.ninja <<'MANIFEST'
rule generate
  command = cp config beside && touch build.ninja
  generator = 1
rule cat
  command = echo $out >>../ran && cat $in >$out
build build.ninja: generate config
build out: cat beside
MANIFEST
  echo one >config
  cp config beside
  tick
  touch build.ninja
  build_and_expect out
  put config two
  build_and_expect out
  expect_file out two
  expect_clean
}

# What a program loads is not in its own bytes.
test_shared_libraries_are_inputs_of_what_a_program_makes() {
  only_cntr
  manifest <<'MANIFEST'
build inner.so: cat inner
build outer.so.1.2: head outer | inner.so
build program: head source | outer.so.1.2
build made: head program
build other.so: head source | other.sources
build other.sources: cat inner
build unrelated: head outer | other.so.TOC
build other.so.TOC: head outer
MANIFEST
  echo inner >inner
  echo outer >outer
  echo source >source
  build_and_expect "inner.so made other.so other.so.TOC other.sources outer.so.1.2 program unrelated"
  put inner changed
  build_and_expect "inner.so made other.so other.sources outer.so.1.2 program"
  expect_clean
}

# The names in a directory do not tell what is in its files.
test_directories_that_a_command_makes() {
  only_cntr
  manifest <<'MANIFEST'
rule mkdir
  command = echo $out >>../ran && mkdir -p $out
rule split
  command = echo $out >>../ran && mkdir -p $out && head -n 1 $in >$out/first && tail -n 1 $in >$out/last
rule join
  command = echo $out >>../ran && cat $in/first $in/last >$out
build parts: split in
build joined: join parts
build place: mkdir
build place/copy: cat in || place
MANIFEST
  put in $'a\nb\n'
  build_and_expect "joined parts place place/copy"
  expect_clean
  put in $'a\nc\n'
  build_and_expect "joined parts place/copy"
  expect_file joined $'a\nc'
  expect_clean
}

test_programs_under_other_names() {
  only_cntr
  cat >build.ninja <<MANIFEST
rule install
  command = cp \$in \$out && chmod +x \$out
rule run
  command = \$program >$PWD/\$out
build tool: install tool.in
build $PWD/other: install other.in
build by_whole_path: run || tool
  program = $PWD/tool
build from_elsewhere: run || tool
  program = cd .. && tree/tool
build by_short_path: run || $PWD/other
  program = ./other
MANIFEST
  printf '#!/bin/sh\necho one\n' >tool.in
  cp tool.in other.in
  ninja_
  ninja_
  expect_message "ninja: no work to do."
  put tool.in $'#!/bin/sh\necho two\n'
  put other.in $'#!/bin/sh\necho three\n'
  ninja_
  expect_file by_whole_path two
  expect_file from_elsewhere two
  expect_file by_short_path three
  ninja_
  expect_message "ninja: no work to do."
}

# As GN writes them: a file of rules for each toolchain, thin archives, response files, stamps for
# groups, and inputs that stand in depfiles.
gn_like_tree() {
  need compiler c++ --version
  need ar ar --version
  mkdir -p out/obj src
  cat >build.ninja <<'MANIFEST'
ninja_required_version = 1.7.2
builddir = out
pool link_pool
  depth = 1
rule gn
  command = cp gn.in build.ninja
  generator = 1
include toolchain.ninja
subninja obj/net.ninja
subninja obj/app.ninja
build all: phony out/all.stamp
build out/all.stamp: stamp out/app out/net.stamp
default all
MANIFEST
  mkdir obj
  cat >toolchain.ninja <<'MANIFEST'
rule cxx
  command = c++ -MMD -MF $out.d $defines -c $in -o $out
  depfile = $out.d
  deps = gcc
  description = CXX $out
rule alink
  command = rm -f $out && ar -rcsDT $out @$out.rsp
  rspfile = $out.rsp
  rspfile_content = $in_newline
  description = AR $out
rule link
  command = c++ -o $out -Wl,--start-group @$out.rsp -Wl,--end-group
  rspfile = $out.rsp
  rspfile_content = $in $libs
  pool = link_pool
  description = LINK $out
rule stamp
  command = touch $out
  description = STAMP $out
rule split
  command = sh src/split.sh $in $out
  restat = 1
  description = ACTION $in
MANIFEST
  cat >obj/net.ninja <<'MANIFEST'
defines = -DNAME=\"net\"
build out/obj/net.o: cxx src/net.cc || out/headers.stamp
build out/obj/wire.o: cxx src/wire.cc || out/headers.stamp
  defines = -DNAME=\"wire\"
build out/obj/libnet.a: alink out/obj/net.o out/obj/wire.o
build out/a.h out/b.h out/c.h | out/split.log: split src/headers.txt | src/split.sh
build out/headers.stamp: stamp out/a.h out/b.h out/c.h
build out/net.stamp: stamp out/obj/libnet.a out/headers.stamp
MANIFEST
  cat >obj/app.ninja <<'MANIFEST'
build out/obj/app.o: cxx src/app.cc || out/headers.stamp
build out/app: link out/obj/app.o out/obj/libnet.a
MANIFEST
  cat >src/split.sh <<'SCRIPT'
input=$1
shift
for name; do
  line=$(grep "^$(basename "$name") " "$input") || continue
  echo "#define ${line#* }" >new
  cmp -s new "$name" || cp new "$name"
done
rm -f new
date >out/split.log
SCRIPT
  printf 'a.h A 1\nb.h B 2\nc.h C 3\n' >src/headers.txt
  printf '#include "../out/a.h"\nconst char* net() { return NAME; }\nint a() { return A; }\n' >src/net.cc
  printf '#include "../out/b.h"\nconst char* wire() { return NAME; }\nint b() { return B; }\n' >src/wire.cc
  cat >src/app.cc <<'CXX'
#include <stdio.h>
const char* net();
const char* wire();
int a();
int b();
int main() { printf("%s %s %d %d\n", net(), wire(), a(), b()); }
CXX
}

test_a_tree_as_gn_writes_it() {
  gn_like_tree
  ninja_
  expect_equal "app" "net wire 1 2" "$(out/app)"
  ninja_
  expect_message "ninja: no work to do."
  put src/headers.txt $'a.h A 1\nb.h B 5\nc.h C 3\n'
  ninja_
  expect_equal "app" "net wire 1 5" "$(out/app)"
  expect_output "CXX out/obj/wire.o"
  expect_no_output_of "CXX out/obj/net.o"
  put src/net.cc $'#include "../out/c.h"\nconst char* net() { return NAME "!"; }\nint a() { return C; }\n'
  ninja_
  expect_equal "app" "net! wire 3 5" "$(out/app)"
  ninja_
  expect_message "ninja: no work to do."
  sed -i 's/wire\\"/wave\\"/' obj/net.ninja
  ninja_
  expect_equal "app" "net! wave 3 5" "$(out/app)"
  expect_missing out/app.rsp out/obj/libnet.a.rsp
  ninja_ -t clean
  expect_missing out/app out/a.h out/obj/net.o
  ninja_
  expect_equal "app" "net! wave 3 5" "$(out/app)"
}

# A thin archive has equal bytes when what it names has changed.
test_thin_archives_change_with_their_members() {
  gn_like_tree
  ninja_
  keeping_times src/wire.cc sed -i 's/NAME;/"WIRE";/' src/wire.cc
  is_cntr || touch src/wire.cc
  ninja_
  expect_equal "app" "net WIRE 1 2" "$(out/app)"
  is_cntr || return 0
  put src/wire.cc "$(cat src/wire.cc) // the same"
  ninja_
  expect_no_output_of "LINK"
  expect_no_output_of "AR"
}
