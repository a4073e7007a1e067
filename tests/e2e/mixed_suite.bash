# Steps and C++ targets in one project, with Ninja and with Makefiles.

need_compiler() { need compiler c++ --version; }

# number.txt -> header (step) -> answer.h -> tool (C++, static) -> say (step) -> said.txt
#                                                               -> wrapped.txt (custom command)
mixed_project() {
  need_bubblewrap
  need_compiler
  begin_project <<'CMAKE'
enable_language(CXX)
cntr_add_step(header IMAGE box
  COMMAND sh -c "echo \"constexpr int kAnswer = $(($(cat) % 100));\""
  STDIN number.txt STDOUT generated/answer.h)
add_executable(tool tool.cc)
target_include_directories(tool PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
target_link_options(tool PRIVATE -static)
add_dependencies(tool header)
cntr_add_step(say IMAGE box
  COMMAND $<TARGET_FILE:tool> ${CMAKE_CURRENT_SOURCE_DIR}/words.txt
  INPUTS words.txt STDOUT said.txt)
add_custom_command(OUTPUT wrapped.txt
  COMMAND ${CMAKE_COMMAND} -E copy said.txt wrapped.txt
  DEPENDS said.txt)
add_custom_target(wrap ALL DEPENDS wrapped.txt)
add_dependencies(wrap say)
CMAKE
  cat >project/tool.cc <<'CXX'
#include "answer.h"

#include <fstream>
#include <iostream>

int main(int, char** argv) {
  std::cout << std::ifstream(argv[1]).rdbuf() << kAnswer << "\n";
}
CXX
  echo 142 >project/number.txt
  echo "The answer is" >project/words.txt
  configure
}

expect_said() { # <number>
  expect_file build/said.txt "The answer is
$1"
  expect_file build/wrapped.txt "The answer is
$1"
}

compilations() { grep -c "Building CXX object" "$work/last.log" || true; }

mixed_project_is_rebuilt_as_far_as_needed() {
  mixed_project
  build_and_expect "header say"
  expect_said 42
  build_and_expect ""
  expect_equal "files compiled" 0 "$(compilations)"

  echo 143 >project/number.txt
  build_and_expect "header say"
  expect_equal "files compiled" 1 "$(compilations)"
  expect_said 43

  echo 243 >project/number.txt  # the header keeps its bytes
  build_and_expect "header"
  expect_equal "files compiled" 0 "$(compilations)"

  echo "Now it is" >project/words.txt
  build_and_expect "say"
  expect_file build/wrapped.txt "Now it is
43"
}

test_ninja_builds_steps_and_cxx() { mixed_project_is_rebuilt_as_far_as_needed; }

test_cntr_ninja_builds_steps_and_cxx() {
  export CNTR_E2E_MAKE_PROGRAM=$CNTR_E2E_PREFIX/bin/cntr-ninja
  mixed_project_is_rebuilt_as_far_as_needed
}

test_makefiles_build_steps_and_cxx() {
  export CMAKE_GENERATOR="Unix Makefiles"
  mixed_project_is_rebuilt_as_far_as_needed
}

# A comment changes the object file at most in what the linker drops: the program's bytes stay.
test_a_program_with_equal_bytes_runs_no_step() {
  mixed_project
  build
  echo "// a comment" >>project/tool.cc
  build_and_expect ""
  expect_equal "files compiled" 1 "$(compilations)"
}

test_the_program_of_another_build_tree_gives_a_hit() {
  mixed_project
  build
  rm -rf build
  configure
  build_and_expect "" "header say"
  expect_said 42
}

test_ninja_multi_config_builds_one_configuration() {
  export CMAKE_GENERATOR="Ninja Multi-Config"
  mixed_project
  build_dir=$work/build
  quietly cmake --build build --config Release
  expect_said 42
  quietly cmake --build build --config Release
  expect_equal "files compiled" 0 "$(compilations)"
}

# --- where the functions come from ------------------------------------------------------------

test_an_installed_tree_may_be_moved() {
  need_bubblewrap
  cp -a "$CNTR_E2E_PREFIX" "$work/pre fix"
  begin_project <<'CMAKE'
cntr_add_step(hello IMAGE box COMMAND echo hello STDOUT hello.txt)
get_target_property(program cntr::cntr IMPORTED_LOCATION)
message(STATUS "program <${program}>")
CMAKE
  quietly cmake -S project -B build -DCMAKE_PREFIX_PATH="$work/pre fix"
  expect_output "program <$work/pre fix/bin/cntr>"
  build_and_expect "hello"
  expect_file build/hello.txt hello
}

test_find_package_asks_for_a_version() {
  begin_project </dev/null
  sed -i 's/find_package(Cntr REQUIRED)/find_package(Cntr 99 REQUIRED)/' project/CMakeLists.txt
  expect_failure configure
  expect_output 'requested version "99"'
}

# Configured only: building Cntr is what the other tests begin with.
offers_the_functions_as_a_subdirectory() {
  need_compiler
  local repository
  repository=$(cd "$here/../.." && pwd)
  begin_project <<'CMAKE'
enable_language(CXX)
CMAKE
  sed -i "/cntr_add_image/d; s|find_package(Cntr REQUIRED)|enable_language(CXX)\nadd_subdirectory($repository cntr)|" \
    project/CMakeLists.txt
  cat >>project/CMakeLists.txt <<'CMAKE'
foreach(function IN ITEMS cntr_add_image cntr_add_step cntr_add_mount)
  if(NOT COMMAND ${function})
    message(SEND_ERROR "no ${function}()")
  endif()
endforeach()
foreach(target IN ITEMS cntr::cntr cntr::generate)
  if(NOT TARGET ${target})
    message(SEND_ERROR "no ${target}")
  endif()
endforeach()
get_property(tests DIRECTORY "${CMAKE_BINARY_DIR}/cntr" PROPERTY TESTS)
message(STATUS "tests of Cntr <${tests}>")
cntr_add_image(box ROOTFS root)
cntr_add_step(hello IMAGE box COMMAND echo hello STDOUT hello.txt)
CMAKE
  configure
  test -s build/cntr/steps/hello.yaml
}

test_ninja_takes_cntr_as_a_subdirectory() {
  offers_the_functions_as_a_subdirectory
  expect_output "tests of Cntr <>"
  # The programs are built before the step that they run.
  quietly ninja -C build -n hello.txt
  expect_output "bin/cntr"
  expect_output "cntr-supervisor"
  expect_output "Running step hello"
}

test_makefiles_take_cntr_as_a_subdirectory() {
  export CMAKE_GENERATOR="Unix Makefiles"
  offers_the_functions_as_a_subdirectory
  # A dry run of make ends at the first file of another target: a library of the program.
  expect_failure make -C build -n hello
  expect_output "needed by 'cntr/bin/cntr'"
}
