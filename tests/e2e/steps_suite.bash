# Steps that cntr-ninja carries out in its own process: what a user sees must be what stock ninja
# shows, which starts `cntr run` for each.

use_cntr_ninja() {
  ninja=$CNTR_E2E_PREFIX/bin/cntr-ninja
  export CNTR_E2E_MAKE_PROGRAM=$ninja
}

# The step `probe` tells when it runs, and ends when it may.
watched_step() { # further keywords
  use_cntr_ninja
  box_project "$* OUTPUTS out.txt WRITABLE_ROOT COMMAND sh -c \"sleep 141.$$ & sleep 142.$$; echo >out.txt\""
}

# start <command...>: in a process group of its own, until the step runs. Sets `started`.
start() {
  set -m
  "$@" >last.log 2>&1 &
  started=$!
  set +m
  wait_until process_runs "^sleep.141.$$"
  wait_until process_runs "^sleep.142.$$"
}

expect_end() { # <exit code>
  local code=0
  wait "$started" 2>/dev/null || code=$?
  expect_equal "exit code" "$1" "$code"
}

# A `cntr run` of this build is a process of its own.
step_processes() { processes_with "cntr.run.--die-with-parent.$work"; }
expect_in_process() { expect_equal "processes of steps" "" "$(step_processes)"; }
expect_as_process() { [ -n "$(step_processes)" ] || fail "no process runs the step"; }

finish_step() {
  local process
  for process in $(processes_with "^sleep.14[12].$$"); do kill "$process" 2>/dev/null || true; done
}

# --- which edges ------------------------------------------------------------------------------

test_a_step_of_cmake_needs_no_process() {
  watched_step
  start "$ninja" -C build
  expect_in_process
  finish_step
  expect_end 0
  build_and_expect ""
}

test_a_step_of_workflow_ninja_needs_no_process() {
  watched_step
  quietly cntr-generate -C build
  start "$ninja" -C build -f cntr/workflow.ninja
  expect_in_process
  finish_step
  expect_end 0
}

test_a_step_with_another_cntr_is_a_process() {
  watched_step
  cp "$CNTR_E2E_PREFIX/bin/cntr" "$work/cntr"
  mkdir -p "$work/libexec"
  ln -s "$CNTR_E2E_PREFIX"/libexec/cntr/cntr-{mount,supervisor} "$work/"
  sed -i "s| $CNTR_E2E_PREFIX/bin/cntr run| $work/cntr run|" build/build.ninja
  start "$ninja" -C build
  expect_as_process
  finish_step
  expect_end 0
}

test_a_step_that_the_index_does_not_name_is_a_process() {
  watched_step
  sed -i 's/"probe"/"another"/' build/cntr/workflow.yaml
  sed -i '/COMMAND = .*cntr check/s/ && .*/ \&\& true/' build/build.ninja
  start "$ninja" -C build
  expect_as_process
  finish_step
  expect_end 0
}

# --- what a user sees -------------------------------------------------------------------------

# Without progress and the line that CMake's own ninja has not.
build_output() { # <ninja>
  local code=0
  "$1" -C build -k0 >"$work/last.log" 2>&1 || code=$?
  [ $code != 0 ] || echo succeeded  # ninja before 1.13 always fails with 1
  sed -e 's/^\[[0-9/]*\] //' -e 's/^FAILED: \[code=[0-9]*\] /FAILED: /' -e '/Entering directory/d' \
    -e 's/ cannot make progress due to previous errors/ subcommand failed/' "$work/last.log"
}

expect_same_output() {
  # Both begin with the same tree; only cntr-ninja's state is not there for the first.
  cp -a build built
  build_output ninja >of_ninja
  rm -rf build
  mv built build
  build_output "$ninja" >of_cntr_ninja
  diff -u of_ninja of_cntr_ninja
}

test_a_failure_looks_as_with_ninja() {
  use_cntr_ninja
  box_project 'OUTPUTS out.txt COMMAND -- sh -c [==[seq 30; echo problem >&2; exit 7]==]'
  expect_same_output
  grep -q "cntr: step probe failed: exit code 7" of_cntr_ninja
  grep -q "^FAILED: out.txt" of_cntr_ninja
  expect_equal "failed steps" probe "$(journal_mark=0 steps_with_result failed)"
}

test_a_broken_spec_is_one_error() {
  use_cntr_ninja
  box_project 'OUTPUTS out.txt COMMAND -- sh -c [==[echo >out.txt]==]'
  echo "nonsense: [" >>build/cntr/steps/probe.yaml
  expect_same_output
  expect_equal "errors" 1 "$(grep -c "^cntr: error: .*steps/probe.yaml:" of_cntr_ninja)"
  expect_code 2 "$ninja" -C build out.txt
}

test_a_broken_index_is_one_error() {
  use_cntr_ninja
  box_project 'OUTPUTS out.txt COMMAND -- sh -c [==[echo >out.txt]==]'
  echo "nonsense: [" >>build/cntr/workflow.yaml
  expect_same_output
  expect_equal "errors" 1 "$(grep -c "^cntr: error: .*workflow.yaml" of_cntr_ninja)"
}

test_warnings_and_retries_look_as_with_ninja() {
  use_cntr_ninja
  box_project 'RETRIES 2 OUTPUTS out.txt COMMAND -- sh -c [==[echo try; exit 3]==]'
  expect_same_output
  expect_equal tries 3 "$(grep -c '^try$' of_cntr_ninja)"
}

test_a_time_limit_looks_as_with_ninja() {
  use_cntr_ninja
  box_project "TIMEOUT 1s OUTPUTS out.txt COMMAND sh -c \"sleep 143.$$\""
  expect_same_output
  grep -q "it ran longer than its TIMEOUT of 1.0 s" of_cntr_ninja
  expect_nothing_left
}

# --- counters ---------------------------------------------------------------------------------

many_steps() {
  use_cntr_ninja
  need_bubblewrap
  begin_project <<'CMAKE'
foreach(i RANGE 1 12)
  cntr_add_step(s${i} IMAGE box INPUTS in${i}.txt OUTPUTS out${i}.txt
    COMMAND cp ${CMAKE_CURRENT_SOURCE_DIR}/in${i}.txt out${i}.txt)
endforeach()
CMAKE
  for i in $(seq 12); do echo "$i" >"project/in$i.txt"; done
  configure
}

all_names() { for i in $(seq 12); do echo "s$i"; done | sort | tr '\n' ' ' | sed 's/ $//'; }

test_steps_are_executed_restored_and_left_alone() {
  many_steps
  mark
  quietly cmake --build build -- -j8
  expect_executed "$(all_names)"
  build_and_expect ""
  rm build/out*.txt
  build_and_expect "" "$(all_names)"
  for i in $(seq 12); do expect_file "build/out$i.txt" "$i"; done
  echo new >project/in7.txt
  build_and_expect "s7"
  quietly "$ninja" -C build -n
  expect_sound_cache
}

test_a_dry_run_runs_no_step() {
  many_steps
  mark
  quietly "$ninja" -C build -n
  expect_output "Running step s12"
  expect_equal "journal" 0 "$(journal_lines | wc -l)"
  [ ! -e build/out1.txt ]
}

# --- interruptions ----------------------------------------------------------------------------

interrupted_by() { # <signal>
  watched_step
  start "$ninja" -C build
  kill "-$1" -- "-$started"
  expect_end 130
  grep -qF "ninja: build stopped: interrupted by user." last.log
  expect_nothing_left
  [ ! -e build/cntr/work/probe ]
  [ ! -e build/out.txt ]
  expect_no_actions
  expect_equal "interrupted steps" probe "$(journal_mark=0 steps_with_result interrupted)"
  sed -i 's/sleep 14[12]/sleep 0/g' project/CMakeLists.txt
  build_and_expect probe
}

test_ctrl_c_ends_the_steps() { interrupted_by INT; }
test_sigterm_ends_the_steps() { interrupted_by TERM; }
test_a_hangup_ends_the_steps() { interrupted_by HUP; }

test_a_second_ctrl_c_does_not_wait() {
  use_cntr_ninja
  box_project "OUTPUTS out.txt COMMAND sh -c \"trap '' INT TERM; sleep 141.$$ & sleep 142.$$; sleep 144.$$\""
  start "$ninja" -C build
  kill -INT "$started"
  kill -INT "$started"
  expect_end 130
  expect_nothing_left
}

test_kill_9_leaves_nothing() {
  watched_step
  start "$ninja" -C build
  kill -KILL "$started"
  expect_end 137
  expect_nothing_left
  [ ! -e build/out.txt ]
  expect_no_actions
  sed -i 's/sleep 14[12]/sleep 0/g' project/CMakeLists.txt
  build_and_expect probe
}

# What waits for another process with the same step can be interrupted as well.
test_ctrl_c_ends_the_wait_for_a_step() {
  watched_step
  start cntr run build/cntr/steps/probe.yaml
  local other=$started
  set -m
  "$ninja" -C build >waiting.log 2>&1 &
  started=$!
  set +m
  wait_until grep -q "Looking for changes" waiting.log
  sleep 0.3
  kill -INT "$started"
  expect_end 130
  kill -TERM "$other"
  wait "$other" || true
  expect_nothing_left
}
