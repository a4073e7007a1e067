# What a user sees when something goes wrong, and what the other commands say.

# box_project <words of the step after its name and image>: a project with the step `probe`.
box_project() {
  need_bubblewrap
  begin_project <<<"cntr_add_step(probe IMAGE box $*)"
  configure
}

run_probe() { cntr run build/cntr/steps/probe.yaml; }

# expect_code <exit code> <command...>
expect_code() {
  local code=0
  quietly "${@:2}" || code=$?
  expect_equal "exit code of ${*:2}" "$1" "$code"
}

# expect_message <line>...: the last output, to the letter.
expect_message() {
  expect_equal message "$(printf '%s\n' "$@")" "$(cat last.log)"
}

# expect_last_lines <line>...: the end of the last output.
expect_last_lines() {
  printf '%s\n' "$@" >expected
  expect_equal message "$(cat expected)" "$(tail -n "$(wc -l <expected)" last.log)"
}

expect_no_actions() {
  quietly cntr cache status --json
  expect_output '"actions":0,'
}

# --- failing steps --------------------------------------------------------------------------------

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

# --- interruptions -----------------------------------------------------------------------------------

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

# --- the command line ----------------------------------------------------------------------------------

test_misuse_of_the_command_line() {
  expect_code 2 cntr
  expect_message "cntr: error: A subcommand is required" "  cntr --help shows how it is used."
  expect_code 2 cntr nonsense
  expect_message "cntr: error: There is no command \"nonsense\"" "  cntr --help shows how it is used."
  expect_code 2 cntr cache nonsense
  expect_message "cntr: error: There is no command \"nonsense\"" "  cntr cache --help shows how it is used."
  expect_code 2 cntr run
  expect_message "cntr: error: spec is required" "  cntr run --help shows how it is used."
  expect_code 2 cntr graph --format picture
  expect_message "cntr: error: --format: picture not in {dot,mermaid}" "  cntr graph --help shows how it is used."
  expect_code 2 cntr explain --nonsense x
  expect_message "cntr: error: The following argument was not expected: --nonsense" \
    "  cntr explain --help shows how it is used."
}

test_misuse_of_a_project() {
  expect_code 2 cntr run /nowhere
  expect_message "cntr: error: There is no file /nowhere" \
    "  Configure the project first: cmake writes it into the build directory."
  expect_code 2 cntr explain nothing
  expect_message "cntr: error: There is no Cntr build tree at $work or above it" \
    "  Go into the build directory of a configured project, or name it with -C."
  box_project 'OUTPUTS out.txt COMMAND true'
  expect_code 2 cntr explain nothing -C build
  expect_message "cntr: error: No step is named \"nothing\" or makes a file of that name" "  Steps: probe."
  expect_code 2 cntr shell nothing -C build
  expect_message "cntr: error: No step is named \"nothing\" or makes a file of that name" "  Steps: probe."
  expect_code 2 cntr image prepare build/cntr/steps/probe.yaml
  expect_message "cntr: error: build/cntr/steps/probe.yaml:1:7: Expected a file of kind \"image\", this is \"step\""
}

expect_bad_spec() { # <sed script> <message line>...
  sed -e "$1" build/cntr/steps/probe.yaml >bad.yaml
  expect_code 2 cntr run bad.yaml
  expect_message "${@:2}"
}

test_a_bad_spec_is_answered_with_its_place() {
  box_project 'OUTPUTS out.txt COMMAND true'
  expect_bad_spec '3i nonsense: 1' 'cntr: error: bad.yaml:3:1: Unknown key "nonsense"'
  expect_bad_spec '3i runner: podman' 'cntr: error: bad.yaml:3:9: "runner" cannot be "podman"' \
    '  Known values: auto, bubblewrap, docker, host.'
  expect_bad_spec '3i timeout: 5parsecs' 'cntr: error: bad.yaml:3:10: Bad duration "5parsecs"' \
    '  Write a positive whole number with a unit: 500ms, 90s, 10min, 2h, 1d.'
  expect_bad_spec '/^name/d' 'cntr: error: bad.yaml:1:1: Missing key "name"'
  expect_bad_spec 's/^version: 1/version: 2/' \
    'cntr: error: bad.yaml:2:10: Version 2 of this file is not known here' \
    '  This Cntr reads version 1; configure the project again with the same Cntr that runs it.'
  expect_bad_spec 's/^name: .*/name: [a/' \
    'cntr: error: bad.yaml:4:9: Not valid YAML: end of sequence flow not found'
  expect_bad_spec '1,$d' 'cntr: error: bad.yaml: Expected one YAML document, found 0'
}

test_help_fits_a_screen() {
  local command
  for command in "" run explain shell graph check image "image prepare" cache "cache status" "cache clear" \
    "cache verify" doctor; do
    expect_code 0 cntr $command --help
    expect_output "Usage: cntr${command:+ $command} "
    [ "$(wc -l <last.log)" -le 24 ] || fail "cntr $command --help has more than 24 lines"
    expect_equal "lines of more than 80 columns in cntr $command --help" "" "$(grep -E '.{81}' last.log || true)"
  done
  expect_code 0 cntr --version
  [[ $(cat last.log) =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]
}

# --- cntr explain ----------------------------------------------------------------------------------------

explain_project() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(count IMAGE box COMMAND wc -l /src/data/weather.csv
  INPUTS data/weather.csv STDOUT count.txt ENVIRONMENT MODE=short)
cntr_add_step(use IMAGE box COMMAND cat /build/count.txt INPUTS count STDOUT use.txt)
CMAKE
  mkdir -p project/data
  printf '1\n2\n' >project/data/weather.csv
  configure
}

# expect_explained <name> <line>...
expect_explained() {
  expect_code 0 cntr explain "$1" -C build
  expect_message "${@:2}"
}

test_explain_before_and_after_a_build() {
  explain_project
  expect_explained count "count would run:" "  there is no earlier result in this build directory"
  expect_explained use "use would run:" \
    "  input count.txt: not made yet" \
    "  Steps before it are not up to date, so this may change: count."
  build
  expect_explained count "count is up to date."
  expect_explained use.txt "use (makes $work/build/use.txt) is up to date."
  expect_explained build/use.txt "use (makes $work/build/use.txt) is up to date."
}

test_explain_before_the_image_is_made() {
  begin_project <<'CMAKE'
add_custom_command(OUTPUT packed.tar COMMAND tar -C ${CMAKE_CURRENT_SOURCE_DIR}/root -cf packed.tar . VERBATIM)
cntr_add_image(packed ROOTFS packed.tar)
cntr_add_step(pack HOST COMMAND tar -C ${CMAKE_CURRENT_SOURCE_DIR}/root -cf by-step.tar . OUTPUTS by-step.tar
  INPUT_DIRECTORIES root)
cntr_add_image(by-step ROOTFS pack)
cntr_add_step(one IMAGE packed COMMAND echo one STDOUT one.txt)
cntr_add_step(two IMAGE by-step COMMAND echo two STDOUT two.txt)
CMAKE
  configure
  expect_explained one "one would run:" "  image packed: packed.tar is not made yet"
  expect_explained two "two would run:" "  image by-step: by-step.tar is not made yet" \
    "  Steps before it are not up to date, so this may change: pack."
  need_bubblewrap
  build
  expect_explained one "one is up to date."
  expect_explained two "two is up to date."
}

test_explain_names_what_changed() {
  explain_project
  build
  echo 3 >>project/data/weather.csv
  expect_explained count "count would run:" "  input data/weather.csv: content changed"
  expect_explained use "use is up to date." "  Steps before it are not up to date, so this may change: count."
  build
  sed -i 's/wc -l/wc -c/' project/CMakeLists.txt
  configure
  expect_explained count "count would run:" '  argument 1: was "-l", is "-c"'
  build
  sed -i 's/MODE=short/MODE=long OTHER=1/' project/CMakeLists.txt
  configure
  expect_explained count "count would run:" "  variable MODE: value changed" "  variable OTHER: added"
  build
  chmod +x project/data/weather.csv
  expect_explained count "count would run:" "  input data/weather.csv: was file, is executable"
}

test_explain_names_the_image() {
  explain_project
  build
  echo new >project/root/etc/motd
  expect_explained count "count would run:" "  image: identity changed"
}

test_explain_names_outputs() {
  explain_project
  build
  rm build/count.txt
  expect_explained count "count would be restored from the cache:" "  output count.txt: was file, is absent"
  echo edited >build/count.txt
  expect_explained count "count would be restored from the cache:" "  output count.txt: content changed"
}

test_explain_changes_nothing() {
  explain_project
  build
  echo 3 >>project/data/weather.csv
  echo new >project/root/etc/motd
  find build -type f -printf '%p %T@\n' | sort >before
  expect_explained count "count would run:" "  image: identity changed" \
    "  input data/weather.csv: content changed"
  find build -type f -printf '%p %T@\n' | sort >after
  quietly diff before after
}

test_explain_for_programs() {
  explain_project
  build
  expect_code 0 cntr explain count -C build --json
  expect_message '{"step":"count","verdict":"nothing","reasons":[],"waiting":[]}'
  echo 3 >>project/data/weather.csv
  expect_code 0 cntr explain count -C build --json
  expect_message '{"step":"count","verdict":"execute","reasons":["input data/weather.csv: content changed"],"waiting":[]}'
  expect_code 0 cntr explain use -C build --json
  expect_message '{"step":"use","verdict":"nothing","reasons":[],"waiting":["count"]}'
}

# --- cntr graph, doctor, cache -----------------------------------------------------------------------------

test_graph_as_dot_and_mermaid() {
  explain_project
  expect_code 0 cntr graph -C build
  expect_message 'digraph workflow {' '  rankdir=LR;' '  node [fontname="sans-serif"];' \
    '  n1 [shape=cylinder, label="box"];' \
    '  n2 [shape=plaintext, label="root"];' \
    '  n3 [shape=box, label="count"];' \
    '  n4 [shape=plaintext, label="data/weather.csv"];' \
    '  n5 [shape=box, label="use"];' \
    '  n1 -> n3;' '  n1 -> n5;' '  n2 -> n1;' '  n3 -> n5 [label="count.txt"];' '  n4 -> n3;' '}'
  expect_code 0 cntr graph -C build --format mermaid
  expect_message 'flowchart LR' '  n1[("box")]' '  n2(["root"])' '  n3["count"]' \
    '  n4(["data/weather.csv"])' '  n5["use"]' \
    '  n1 --> n3' '  n1 --> n5' '  n2 --> n1' '  n3 -->|"count.txt"| n5' '  n4 --> n3'
}

test_doctor_says_what_is_there() {
  need_bubblewrap
  expect_code 0 cntr doctor
  expect_output "ok      bubblewrap  $(bwrap --version | sed 's/.* //')"
  expect_output "ok      host        Linux"
  expect_output "ok      cache       $CNTR_CACHE_DIR"
  expect_code 0 cntr doctor --json
  expect_output "{\"component\":\"bubblewrap\",\"usable\":true,\"version\":\"$(bwrap --version | sed 's/.* //')\",\"reason\":\"\",\"fix\":\"\"}"
}

test_doctor_says_what_is_missing() {
  echo file >file
  expect_code 3 env PATH=/nowhere CNTR_CACHE_DIR="$work/file/cache" "$CNTR_E2E_PREFIX/bin/cntr" doctor
  expect_output "not ok  bubblewrap"
  expect_output "          the program bwrap is not on PATH"
  expect_output "          Install bubblewrap (on Debian: apt install bubblewrap)."
  expect_output "          Install Docker (on Debian: apt install docker.io)."
  expect_output "not ok  cache       $work/file/cache"
  expect_output "          Set CNTR_CACHE_DIR to a directory that you may write."
  expect_output "cntr: no runner for images works here"
}

test_cache_status_and_clear() {
  explain_project
  build
  expect_code 0 cntr cache status
  expect_output "Cache    $CNTR_CACHE_DIR"
  expect_output "Actions  2"
  expect_output "Images   1, "
  expect_code 0 cntr cache status --json
  expect_output "{\"root\":\"$CNTR_CACHE_DIR\",\"actions\":2,"
  expect_code 0 cntr cache clear
  expect_code 0 cntr cache status
  expect_output "Actions  0"
  expect_output "Blobs    0, 0 B"
  expect_output "Images   0, 0 B"
  rm build/use.txt
  build_and_expect use
}

test_cache_verify() {
  explain_project
  build
  expect_code 0 cntr cache verify
  expect_message "The cache is sound."
  local blob
  blob=$(find cache/v1/blobs -type f | sort | head -n 1)
  chmod u+w "$blob"
  echo damage >"$blob"
  expect_code 3 cntr cache verify
  [ -s last.log ]
}
