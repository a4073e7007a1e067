# A project of CMake with every kind of target, and what is built after each change of it.

source "$here/projects.bash"

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
