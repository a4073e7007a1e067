# cntr-generate: the container workflow as a Ninja graph that needs neither CMake nor a compiler.

# upper (in.txt) -> upper.txt -> grow -> tree/ -> pack -> packed.txt; other (other.txt) -> other-copy.txt
workflow_project() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(upper IMAGE box
  COMMAND tr a-z A-Z
  STDIN in.txt STDOUT upper.txt)
cntr_add_step(grow IMAGE box
  COMMAND sh -c "mkdir -p tree/sub && cp upper.txt tree/sub/copy && ln -s sub/copy tree/link"
  INPUTS upper OUTPUT_DIRECTORIES tree)
cntr_add_step(pack IMAGE box
  COMMAND sh -c "cat tree/link && wc -c <tree/link"
  INPUT_DIRECTORIES tree STDOUT packed.txt)
cntr_add_step(other IMAGE box
  COMMAND cp ${CMAKE_CURRENT_SOURCE_DIR}/other.txt other-copy.txt
  INPUTS other.txt OUTPUTS other-copy.txt)
add_custom_command(OUTPUT cpp.txt COMMAND ${CMAKE_COMMAND} -E touch cpp.txt)
add_custom_target(not_a_step ALL DEPENDS cpp.txt)
CMAKE
  echo hello >project/in.txt
  echo other >project/other.txt
  configure
}

# Builds with CMake and keeps the outputs in expected/.
reference_build() {
  build
  mkdir expected
  cp -a build/upper.txt build/tree build/packed.txt build/other-copy.txt expected
}

expect_reference_outputs() {
  local output
  for output in upper.txt tree packed.txt other-copy.txt; do
    quietly diff -r --no-dereference "expected/$output" "build/$output"
  done
}

# What a machine gets that has neither CMake nor a compiler: the graph, the specs and two programs.
# The runner is the third.
without_cmake() {
  quietly cntr-generate -C build
  mv build configured
  mkdir -p build/cntr bin
  cp -a configured/cntr/workflow.ninja configured/cntr/workflow.yaml configured/cntr/steps \
    configured/cntr/images build/cntr
  rm -f build/cntr/images/*.identity
  ln -s "$(command -v ninja)" "$(command -v bwrap)" "$CNTR_E2E_PREFIX/bin/cntr" bin
}

run_ninja() { # <argument>...
  quietly env -i PATH="$work/bin" CNTR_CACHE_DIR="$CNTR_CACHE_DIR" ninja -C "$work/build" \
    -f cntr/workflow.ninja "$@"
}

# run_ninja_and_expect "<executed>" "<restored>"
run_ninja_and_expect() {
  mark
  run_ninja
  expect_executed $1
  expect_restored ${2:-}
}

test_stock_ninja_finds_all_that_cmake_has_made() {
  workflow_project
  reference_build
  without_cmake
  run_ninja_and_expect "" "grow other pack upper"
  expect_reference_outputs
}

test_stock_ninja_makes_the_same_from_an_empty_cache() {
  workflow_project
  reference_build
  without_cmake
  rm -rf cache
  run_ninja_and_expect "grow other pack upper"
  expect_reference_outputs
  rm -rf build
  mv configured build
  rm -rf build/upper.txt build/tree build/packed.txt build/other-copy.txt
  build_and_expect "" "grow other pack upper"
}

test_the_second_run_executes_nothing() {
  workflow_project
  without_cmake
  run_ninja
  run_ninja_and_expect ""
  touch project/in.txt project/other.txt
  find project/root -exec touch -h {} +
  run_ninja_and_expect ""
}

test_an_edit_runs_exactly_what_is_affected() {
  workflow_project
  without_cmake
  run_ninja
  echo world, >project/in.txt
  run_ninja_and_expect "grow pack upper"
  expect_file build/packed.txt "WORLD,
7"
  echo changed >project/other.txt
  run_ninja_and_expect "other"
  echo WORLD, >project/in.txt
  run_ninja_and_expect "upper"
  echo hello >project/in.txt
  run_ninja_and_expect "" "grow pack upper"
}

test_deleted_and_edited_outputs_are_restored() {
  workflow_project
  without_cmake
  run_ninja
  rm build/upper.txt
  run_ninja_and_expect "" "upper"
  echo edited >build/tree/sub/copy
  touch -d 2001-01-01 build/tree/sub/copy
  run_ninja_and_expect "" "grow"
  expect_file build/tree/link HELLO
}

test_a_changed_image_runs_its_users() {
  workflow_project
  without_cmake
  run_ninja
  echo new >project/root/etc/motd
  run_ninja_and_expect "grow other pack upper"
}

test_a_file_in_an_input_directory_is_noticed() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(list IMAGE box
  COMMAND ls ${CMAKE_CURRENT_SOURCE_DIR}/data
  INPUT_DIRECTORIES data STDOUT list.txt)
CMAKE
  mkdir -p project/data
  echo one >project/data/one
  configure
  without_cmake
  run_ninja_and_expect "list"
  run_ninja_and_expect ""
  echo two >project/data/two
  run_ninja_and_expect "list"
  mv project/data/two project/data/zwei
  run_ninja_and_expect "list"
  echo 2 >project/data/zwei
  touch -d 2001-01-01 project/data/zwei
  run_ninja_and_expect "list"
  expect_file build/list.txt "one
zwei"
}

test_a_step_is_a_target() {
  workflow_project
  without_cmake
  run_ninja upper
  mark
  journal_mark=0
  expect_executed upper
  run_ninja "$work/build/other-copy.txt"
  expect_executed other upper
}

test_only_steps_are_in_the_graph() {
  workflow_project
  without_cmake
  run_ninja -t rules
  expect_file last.log "check
image
phony
step"
  run_ninja -t targets depth 1
  if grep -E 'not_a_step|cpp.txt|CMake' last.log; then fail "more than steps"; fi
  run_ninja
  [ ! -e build/cpp.txt ]
}

# The graph goes where it is asked for, with the program that is asked for.
test_output_and_program_can_be_chosen() {
  workflow_project
  quietly cntr-generate -C build --output "$work/graph.ninja" --cntr "$CNTR_E2E_PREFIX/bin/cntr"
  [ ! -e build/cntr/workflow.ninja ]
  quietly ninja -f graph.ninja
  expect_file build/packed.txt "HELLO
6"
}

# --- names that Ninja and the shell would read differently ------------------------------------

test_odd_names_are_escaped() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(odd IMAGE box
  COMMAND cp "${CMAKE_CURRENT_SOURCE_DIR}/in put$x:y'z.txt" "out put$x:y'z.txt"
  INPUTS "in put$x:y'z.txt" OUTPUTS "out put$x:y'z.txt"
  COMMENT "costs $5: don't \"worry\"")
cntr_add_step(next IMAGE box
  COMMAND sh -c "cat 'tr ee/a $b'"
  INPUT_DIRECTORIES "${CMAKE_CURRENT_BINARY_DIR}/tr ee" STDOUT "next $$.txt")
cntr_add_step(grow IMAGE box
  COMMAND sh -c "mkdir -p 'tr ee' && cp \"$0\" 'tr ee/a $b'" "out put$x:y'z.txt"
  INPUTS "${CMAKE_CURRENT_BINARY_DIR}/out put$x:y'z.txt" OUTPUT_DIRECTORIES "tr ee")
CMAKE
  echo odd >"project/in put\$x:y'z.txt"
  mv project "pro ject \$HOME"
  source_dir="$work/pro ject \$HOME"
  mkdir "bui ld \$HOME"
  ln -s "bui ld \$HOME" build
  build_dir="$work/bui ld \$HOME"
  configure
  quietly cntr-generate -C "$build_dir"
  mark
  quietly ninja -f "$build_dir/cntr/workflow.ninja"
  expect_output "costs \$5: don't \"worry\""
  expect_executed grow next odd
  expect_file "$build_dir/next \$\$.txt" odd
  mark
  quietly ninja -f "$build_dir/cntr/workflow.ninja"
  expect_executed
  expect_restored
}

test_excluded_steps_run_when_they_are_asked_for() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(wanted HOST COMMAND echo wanted STDOUT wanted.txt)
cntr_add_step(apart HOST COMMAND echo apart STDOUT apart.txt EXCLUDE_FROM_ALL)
add_subdirectory(part EXCLUDE_FROM_ALL)
CMAKE
  mkdir project/part
  echo 'cntr_add_step(below HOST COMMAND echo below STDOUT below.txt)' >project/part/CMakeLists.txt
  configure
  quietly cntr-generate -C build
  mark
  quietly ninja -f build/cntr/workflow.ninja
  expect_executed wanted
  build_and_expect ""
  mark
  quietly ninja -f build/cntr/workflow.ninja apart below
  expect_executed apart below
}

# --- workflows that cannot be built -----------------------------------------------------------

# A build tree as CMake records it, without CMake: fake_step and write_index in tree/.
fake_step() { # <name> <line of YAML>...
  mkdir -p tree/cntr/steps source
  {
    printf 'cntr: step\nversion: 1\nname: %s\nlocation: CMakeLists.txt:%s\n' "$1" "${#1}"
    printf 'source_dir: %s\nbinary_dir: %s\n' "$work/source" "$work/tree"
    printf 'environment: {host: true}\ndefault_directory: %s\ncommand: ["true"]\n' "$work/tree"
    printf '%s\n' "${@:2}"
  } >"tree/cntr/steps/$1.yaml"
}

write_index() {
  local names
  names=$(cd tree/cntr/steps && printf '%s\n' *.yaml | sed 's/\.yaml$//' | sort | paste -sd ,)
  printf 'cntr: workflow\nversion: 1\nsource_dir: %s\nbinary_dir: %s\nsteps: [%s]\nimages: []\n' \
    "$work/source" "$work/tree" "$names" >tree/cntr/workflow.yaml
}

expect_refused() { # <exact message>
  local code=0
  write_index
  quietly cntr-generate -C tree || code=$?
  expect_equal "exit code" 2 "$code"
  expect_file last.log "$1"
  [ ! -e tree/cntr/workflow.ninja ] || fail "a graph was written"
}

test_all_problems_come_in_one_message() {
  local t=$work/tree
  fake_step a "inputs: [$t/c.txt]" "outputs: [$t/a.txt]"
  fake_step bb "inputs: [$t/a.txt]" "outputs: [$t/b.txt]"
  fake_step ccc "inputs: [$t/b.txt]" "outputs: [$t/c.txt]"
  fake_step self "inputs: [$t/self.txt]" "outputs: [$t/self.txt]"
  fake_step twice "outputs: [$t/b.txt]" "stdout: $t/more.txt"
  fake_step lacking "inputs: [$work/source/none.txt]" "stdin: $work/source/nor-this.txt"
  expect_refused "cntr-generate: error: The workflow cannot be built
  Two steps make $t/b.txt: bb (CMakeLists.txt:2) and twice (CMakeLists.txt:5).
  A cycle: a needs $t/c.txt of ccc, which needs $t/b.txt of bb, which needs $t/a.txt of a.
  A cycle: self needs $t/self.txt of self.
  Nothing makes $work/source/none.txt, which step lacking (CMakeLists.txt:7) needs, and it is not there.
  Nothing makes $work/source/nor-this.txt, which step lacking (CMakeLists.txt:7) needs, and it is not there."
}

test_a_sound_graph_follows_when_the_problems_are_gone() {
  fake_step lacking "inputs: [$work/source/none.txt]"
  expect_refused "cntr-generate: error: The workflow cannot be built
  Nothing makes $work/source/none.txt, which step lacking (CMakeLists.txt:7) needs, and it is not there."
  echo >source/none.txt
  quietly cntr-generate -C tree
  expect_file last.log ""
  test -s tree/cntr/workflow.ninja
}

test_a_file_inside_an_output_directory_closes_a_cycle() {
  local t=$work/tree
  fake_step a "inputs: [$t/b/deep/file]" "outputs: [$t/a.txt]"
  fake_step bb "inputs: [$t/a.txt]" "output_directories: [$t/b]"
  expect_refused "cntr-generate: error: The workflow cannot be built
  A cycle: a needs $t/b/deep/file of bb, which needs $t/a.txt of a."
}

test_a_damaged_spec_is_named() {
  fake_step a "inputs: 7"
  write_index
  expect_failure cntr-generate -C tree
  expect_output "cntr-generate: error: $work/tree/cntr/steps/a.yaml:10:"
}

test_a_directory_without_a_workflow_is_refused() {
  local code=0
  mkdir empty
  quietly cntr-generate -C empty || code=$?
  expect_equal "exit code" 2 "$code"
  expect_output "There is no Cntr build tree at $work/empty or above it"
}
