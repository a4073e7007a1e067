# Ninja Multi-Config: every configuration is a workflow of its own in one build tree.

journal_lines() { cat "$build_dir/cntr/$configuration/journal.jsonl" 2>/dev/null || true; }

# build_configuration <configuration> "<executed>" "<restored>"
build_configuration() {
  configuration=$1
  mark
  quietly cmake --build "$build_dir" --config "$configuration"
  expect_executed $2
  expect_restored ${3:-}
}

# A program, three steps with files of each configuration, and one that makes the same file in both.
configurations_project() {
  export CMAKE_GENERATOR="Ninja Multi-Config"
  need compiler cc --version
  need_bubblewrap
  begin_project <<'CMAKE'
enable_language(C)
add_executable(tool tool.c)
cntr_add_step(say HOST COMMAND $<TARGET_FILE:tool> STDOUT said-$<CONFIG>.txt)
cntr_add_step(grow IMAGE box INPUTS say OUTPUT_DIRECTORIES tree-$<CONFIG>
  COMMAND sh -c "mkdir tree-$1 && cp said-$1.txt tree-$1/copy" sh $<CONFIG>)
cntr_add_step(use IMAGE box INPUT_DIRECTORIES grow STDOUT used-$<CONFIG>.txt
  COMMAND sh -c "cat tree-$1/*" sh $<CONFIG>)
cntr_add_step(shared IMAGE box COMMAND echo $<CONFIG> STDOUT shared.txt)
CMAKE
  cat >project/tool.c <<'C'
#include <stdio.h>
int main(void) {
#ifdef NDEBUG
  puts("release");
#else
  puts("debug");
#endif
  return 0;
}
C
  configure -DCMAKE_CONFIGURATION_TYPES="Debug;Release"
}

test_configurations_are_built_beside_each_other() {
  configurations_project
  build_configuration Debug "grow say shared use"
  expect_file build/used-Debug.txt debug
  expect_file build/shared.txt Debug
  build_configuration Release "grow say shared use"
  expect_file build/used-Release.txt release
  expect_file build/shared.txt Release
  # Only the file that both make is put back.
  build_configuration Debug "" "shared"
  expect_file build/shared.txt Debug
  build_configuration Debug ""
}

test_a_configuration_notices_every_change() {
  configurations_project
  build_configuration Debug "grow say shared use"
  build_configuration Release "grow say shared use"
  echo edited >build/used-Release.txt
  touch -d 2001-01-01 build/used-Release.txt
  echo edited >build/tree-Release/copy
  touch -d 2001-01-01 build/tree-Release/copy
  build_configuration Release "" "grow use"
  expect_file build/used-Release.txt release
  sed -i 's/"release"/"changed"/' project/tool.c
  build_configuration Debug "" "shared"
  build_configuration Release "grow say use" "shared"
  expect_file build/used-Release.txt changed
}

test_commands_take_a_configuration() {
  configurations_project
  configuration=Debug
  expect_code 2 cntr explain say -C build
  expect_message "cntr: error: The build tree $work/build has several configurations: Debug, Release" \
    "  Name the one that is meant: -C $work/build/cntr/Debug."
  build_configuration Debug "grow say shared use"
  expect_code 0 cntr explain used-Debug.txt -C build/cntr/Debug
  expect_message "use (makes $work/build/used-Debug.txt) is up to date."
  expect_code 0 cntr explain say -C build/cntr/Release
  expect_message "say would run:" "  input Release/tool: not made yet"
  quietly cntr-generate -C build/cntr/Debug
  rm build/used-Debug.txt
  mark
  quietly ninja -f build/cntr/Debug/workflow.ninja
  expect_restored use
  sed -i 's/puts("debug")/return 3/' project/tool.c
  expect_failure cmake --build build --config Debug
  expect_output "cntr shell say -C $work/build/cntr/Debug"
  expect_code 0 cntr shell say -C build/cntr/Debug -- pwd
  expect_message /build
}
