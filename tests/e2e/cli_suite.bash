# What the commands say: explain, graph, doctor, cache, and the answers to misuse.

# --- the command line -------------------------------------------------------------------------

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
  expect_bad_spec '3i runner: lxc' 'cntr: error: bad.yaml:3:9: "runner" cannot be "lxc"' \
    '  Known values: auto, bubblewrap, podman, apptainer, singularity, docker, host.'
  expect_bad_spec '3i timeout: 5parsecs' 'cntr: error: bad.yaml:3:10: Bad duration "5parsecs"' \
    '  Write a positive whole number with a unit: 500ms, 90s, 10min, 2h, 1d.'
  expect_bad_spec '/^name/d' 'cntr: error: bad.yaml:1:1: Missing key "name"'
  expect_bad_spec 's/^version: 1/version: 2/' \
    'cntr: error: bad.yaml:2:10: Version 2 of this file is not known here' \
    '  This Cntr reads version 1; configure the project again with the same Cntr that runs it.'
  expect_bad_spec 's/^name: .*/name: [a/' \
    'cntr: error: bad.yaml:4:9: Not valid YAML: end of sequence flow not found'
  expect_bad_spec '1,$d' 'cntr: error: bad.yaml: Expected one YAML document, found none'
}

test_help_fits_a_screen() {
  local command
  for command in "" run explain shell graph check image "image prepare" "image list" "image push" "image gc" \
    lock env "env build" "env exec" "env shell" "env list" "env status" "env diff" "env verify" "env prereq" cache \
    "cache status" "cache clear" "cache verify" doctor; do
    expect_code 0 cntr $command --help
    expect_output "Usage: cntr${command:+ $command} "
    [ "$(wc -l <last.log)" -le 24 ] || fail "cntr $command --help has more than 24 lines"
    expect_equal "lines of more than 80 columns in cntr $command --help" "" "$(grep -E '.{81}' last.log || true)"
  done
  expect_code 0 cntr --version
  [[ $(cat last.log) =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]
}

# --- cntr explain -----------------------------------------------------------------------------

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

# --- cntr graph, doctor, cache ----------------------------------------------------------------

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
  expect_output "RUNNER auto takes bubblewrap for steps with an image, and bubblewrap for steps on the host."
  expect_code 0 cntr doctor --json
  expect_output "{\"component\":\"bubblewrap\",\"usable\":true,\"version\":\"$(bwrap --version | sed 's/.* //')\",\"reason\":\"\",\"fix\":\"\",\"auto_for\":[\"image\",\"host\"]}"
}

test_doctor_says_what_is_missing() {
  echo file >file
  expect_code 3 env PATH=/nowhere CNTR_CACHE_DIR="$work/file/cache" "$CNTR_E2E_PREFIX/bin/cntr" doctor
  expect_output "not ok  bubblewrap"
  expect_output "          the program bwrap is not on PATH"
  expect_output "          Install bubblewrap (on Debian: apt install bubblewrap)."
  expect_output "          the program apptainer is not on PATH"
  expect_output "          Install podman 4 or later (on Debian: apt install podman runc uidmap)."
  expect_output "RUNNER auto takes no runner for steps with an image, and host for steps on the host."
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
