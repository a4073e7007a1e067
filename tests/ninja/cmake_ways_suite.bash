# What CMake asks of a ninja, and compilers under other names.

source "$here/projects.bash"

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
