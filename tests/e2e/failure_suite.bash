# What a user sees when a step fails or is interrupted.

# --- failing steps ----------------------------------------------------------------------------

failing_step() {
  mkdir -p project
  echo good >project/in.txt
  box_project 'INPUTS in.txt OUTPUTS out.txt COMMAND -- sh -c [==[
cat /src/in.txt >out.txt
if grep -q good /src/in.txt; then exit; fi
echo partial >half
seq 30
echo problem >&2
exit 7]==]'
}

test_a_failed_step_is_reported() {
  failing_step
  echo bad >project/in.txt
  expect_code 1 run_probe
  expect_last_lines "cntr: step probe failed: exit code 7" \
    "$(seq 12 30 | sed 's/^/  | /')" "  | problem" \
    "  Whole log: $work/build/cntr/logs/probe.log" \
    "  To look inside: cntr shell probe -C $work/build"
  expect_file build/cntr/logs/probe.log "$(seq 30)
problem"
  expect_failure build
  expect_output "cntr: step probe failed: exit code 7"
}

test_a_failed_step_keeps_what_it_left() {
  failing_step
  echo bad >project/in.txt
  expect_code 1 run_probe
  expect_code 0 cntr shell probe -C build -- cat /build/half
  expect_message partial
  expect_code 0 cntr shell build/out.txt -C build -- sh -c 'cat /src/in.txt; pwd'
  expect_message bad /build
  expect_code 5 cntr shell probe -C build -- sh -c 'exit 5'
  expect_code 0 cntr shell -C build probe <<<'cat half'
  expect_message partial
}

test_a_failed_step_leaves_the_old_outputs() {
  failing_step
  build_and_expect probe
  echo bad >project/in.txt
  mark
  expect_failure build
  expect_executed
  expect_equal "failed steps" probe "$(steps_with_result failed)"
  expect_file build/out.txt good
  mark
  expect_failure build
  expect_equal "failed steps" probe "$(steps_with_result failed)"
  quietly cntr cache status --json
  expect_output '"actions":1,'
  echo good >project/in.txt
  build_and_expect ""
  expect_file build/out.txt good
}

test_a_missing_output_is_named() {
  box_project 'OUTPUTS a.txt sub/b.txt COMMAND sh -c "echo >a.txt; echo >sub/c.txt; echo >d.txt"'
  expect_code 1 run_probe
  expect_message "cntr: step probe failed" \
    "  The output /build/sub/b.txt was not made." \
    "  It made: a.txt d.txt sub/c.txt." \
    "  Whole log: $work/build/cntr/logs/probe.log" \
    "  To look inside: cntr shell probe -C $work/build"
  [ ! -e build/a.txt ]
  expect_no_actions
}

test_a_missing_output_directory_is_named() {
  box_project 'OUTPUT_DIRECTORIES sub/tree COMMAND sh -c "echo >sub/other.txt"'
  expect_code 1 run_probe
  expect_message "cntr: step probe failed" \
    "  The output /build/sub/tree was not made." \
    "  It made: sub/other.txt." \
    "  Whole log: $work/build/cntr/logs/probe.log" \
    "  To look inside: cntr shell probe -C $work/build"
  [ ! -e build/sub/tree ]
  expect_no_actions
}

test_a_fifo_in_an_output_directory_is_named() {
  box_project 'OUTPUT_DIRECTORIES tree COMMAND sh -c "mkdir -p tree/sub; busybox mkfifo tree/sub/pipe"'
  expect_code 1 run_probe
  expect_message "cntr: step probe failed" \
    "  The output directory /build/tree holds /build/tree/sub/pipe, a socket, a fifo or a device; only files, directories and symbolic links can be kept." \
    "  Whole log: $work/build/cntr/logs/probe.log" \
    "  To look inside: cntr shell probe -C $work/build"
  [ ! -e build/tree ]
  expect_no_actions
}

test_a_closed_directory_does_not_hide_the_report() {
  box_project 'OUTPUTS out.txt COMMAND sh -c "mkdir junk; chmod 000 junk"'
  expect_code 1 run_probe
  expect_output "The output /build/out.txt was not made."
  expect_output "  Whole log: $work/build/cntr/logs/probe.log"
}

test_an_output_of_the_wrong_kind_is_named() {
  box_project 'OUTPUTS file link OUTPUT_DIRECTORIES tree
    COMMAND sh -c "mkdir file; ln -s /etc/passwd link; echo >tree"'
  expect_code 1 run_probe
  expect_output "The output /build/file is not a regular file."
  expect_output "The output /build/link is a symbolic link; make it a file"
  expect_output "The output /build/tree is not a directory."
}

test_a_step_ends_at_its_timeout() {
  box_project "OUTPUTS out.txt TIMEOUT 500ms COMMAND sh -c \"echo begun; sleep 131.$$\""
  SECONDS=0
  expect_code 1 run_probe
  [ $SECONDS -lt 10 ]
  expect_output "cntr: step probe failed: it ran longer than its TIMEOUT of 500 ms"
  expect_output "  | begun"
  expect_no_process "sleep.131.$$"
  expect_no_actions
}

test_a_signal_is_an_exit_code() {
  box_project 'OUTPUTS out.txt COMMAND sh -c "kill -9 $$"'
  expect_code 1 run_probe
  expect_output "cntr: step probe failed: exit code 137"
}

test_a_missing_program_is_named() {
  box_project 'OUTPUTS out.txt COMMAND /nowhere/program x'
  expect_code 1 run_probe
  expect_message "cntr: step probe failed: exit code 127" \
    "  The program \"/nowhere/program\" cannot be started: No such file or directory. It, or the interpreter that it names, is not in the sandbox." \
    "  Whole log: $work/build/cntr/logs/probe.log" \
    "  To look inside: cntr shell probe -C $work/build"
}

test_a_missing_program_of_the_host_is_named() {
  need_bubblewrap
  begin_project <<<'cntr_add_step(probe HOST OUTPUTS out.txt COMMAND nowhere-program x)'
  configure
  expect_code 2 run_probe
  expect_message "cntr: error: $work/project/CMakeLists.txt:5: Step probe: the program \"nowhere-program\" is not found on this host" \
    "  Looked in /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin."
}

test_a_missing_working_directory_is_named() {
  box_project 'OUTPUTS out.txt WORKING_DIRECTORY /nowhere COMMAND true'
  expect_code 3 run_probe
  expect_output "cntr: error: $work/project/CMakeLists.txt:5: Step probe: bubblewrap could not start the step: bwrap: Can't chdir to /nowhere: No such file or directory"
}

test_a_missing_secret_is_named() {
  box_project 'OUTPUTS out.txt SECRETS CNTR_E2E_TOKEN COMMAND true'
  expect_code 2 run_probe
  expect_message "cntr: error: $work/project/CMakeLists.txt:5: Step probe: the secret CNTR_E2E_TOKEN is not set" \
    "  Set the environment variable CNTR_E2E_TOKEN and build again."
}

test_a_missing_input_is_named() {
  mkdir project
  echo x >project/in.txt
  box_project 'INPUTS in.txt STDOUT out.txt COMMAND cat /src/in.txt'
  rm project/in.txt
  expect_code 2 run_probe
  expect_message "cntr: error: $work/project/CMakeLists.txt:5: Step probe: the input $work/project/in.txt is not there" \
    "  Make it, or take it out of INPUTS."
}

test_a_runner_that_is_not_there_is_named() {
  box_project 'OUTPUTS out.txt RUNNER bubblewrap COMMAND true'
  expect_code 3 env PATH=/nowhere "$CNTR_E2E_PREFIX/bin/cntr" run build/cntr/steps/probe.yaml
  expect_message "cntr: error: $work/project/CMakeLists.txt:5: Step probe: the runner bubblewrap cannot be used here: the program bwrap is not on PATH" \
    "  Install bubblewrap (on Debian: apt install bubblewrap)."
}

test_no_runner_at_all() {
  box_project 'OUTPUTS out.txt COMMAND true'
  expect_code 3 env PATH=/nowhere "$CNTR_E2E_PREFIX/bin/cntr" run build/cntr/steps/probe.yaml
  expect_message "cntr: error: $work/project/CMakeLists.txt:5: Step probe: no runner for images can be used here" \
    "  bubblewrap: the program bwrap is not on PATH. Install bubblewrap (on Debian: apt install bubblewrap)." \
    "  podman: the program podman is not on PATH. Install podman 4 or later (on Debian: apt install podman runc uidmap)." \
    "  apptainer: the program apptainer is not on PATH. Install Apptainer (https://apptainer.org)." \
    "  singularity: the program singularity is not on PATH. Install SingularityCE or Apptainer (https://apptainer.org)." \
    "  docker: the program docker is not on PATH. Install Docker (on Debian: apt install docker.io)."
}

test_a_cache_that_cannot_be_used_is_a_warning() {
  need_bubblewrap
  echo file >file
  begin_project <<<'cntr_add_step(probe HOST STDOUT out.txt COMMAND echo hello)'
  configure
  CNTR_CACHE_DIR=$work/file/cache build_and_expect probe
  expect_output "cntr: warning: Cannot use the cache at $work/file/cache, so every step runs: "
  expect_file build/out.txt hello
}

# --- interruptions ----------------------------------------------------------------------------

# long_step: the step `probe` takes long, with a child in a session of its own and a mount.
long_step() {
  box_project "OUTPUTS out.txt WRITABLE_ROOT COMMAND sh -c \"setsid sleep 141.$$ & sleep 142.$$; echo >out.txt\""
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

# expect_clean_end: nothing is left, and the step runs when it is asked for again.
expect_clean_end() {
  expect_nothing_left
  [ ! -e build/out.txt ]
  expect_no_actions
  sed -i 's/sleep 14[12]/sleep 0/g' project/CMakeLists.txt
  build_and_expect probe
}

# expect_end <exit code>: of what was started.
expect_end() {
  local code=0
  wait "$started" 2>/dev/null || code=$?
  expect_equal "exit code" "$1" "$code"
}

test_ctrl_c_ends_a_step() {
  long_step
  start cntr run build/cntr/steps/probe.yaml
  kill -INT -- "-$started"
  expect_end 130
  [ ! -e build/cntr/work/probe ]
  expect_clean_end
}

test_sigterm_ends_a_step() {
  long_step
  start cntr run build/cntr/steps/probe.yaml
  kill -TERM "$started"
  expect_end 130
  expect_clean_end
}

interrupted_build() {
  long_step
  start cmake --build build
  kill -INT -- "-$started"
  expect_end 130
  [ ! -e build/cntr/work/probe ]
  expect_clean_end
}

test_ctrl_c_ends_a_build() { interrupted_build; }

test_ctrl_c_ends_a_build_of_make() {
  export CMAKE_GENERATOR="Unix Makefiles"
  interrupted_build
}

test_kill_9_of_cntr_leaves_nothing() {
  long_step
  start cntr run build/cntr/steps/probe.yaml
  kill -KILL "$started"
  expect_end 137
  expect_clean_end
}

killed_build() { # <build tool>
  long_step
  start "$1" -C build
  kill -KILL "$started"
  expect_end 137
  expect_clean_end
}

test_kill_9_of_ninja_ends_the_step() { killed_build ninja; }

# The make that is killed has started others.
test_kill_9_of_make_ends_the_step() {
  export CMAKE_GENERATOR="Unix Makefiles"
  killed_build make
}

test_a_step_outlives_the_shell_that_started_it() {
  box_project 'OUTPUTS out.txt COMMAND sh -c "sleep 1; echo >out.txt"'
  sh -c 'cntr run build/cntr/steps/probe.yaml >log 2>&1 & sleep 0.3'
  [ ! -e build/out.txt ]
  wait_until test -e build/out.txt
}
