# What the end-to-end suites share. A test is a function test_<name> in <suite>.bash; it runs in an
# empty directory $work with an empty cache, and fails at the first command that fails.
#
# Given by CTest: CNTR_E2E_PREFIX (an installed Cntr), CNTR_E2E_DIR (scratch), CNTR_E2E_GENERATOR.
# By hand, to run any test with cntr-ninja or another ninja: CNTR_E2E_MAKE_PROGRAM.

# Tests as root start programs as an ordinary user too, who may not reach a checkout below a closed
# directory: then a copy of the installed Cntr in /tmp is used, and scratch beside it.
use_reachable_places() {
  [ "$(id -u)" = 0 ] || return 0
  ! setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$CNTR_E2E_PREFIX/bin/cntr" || return 0
  local places
  places=/tmp/cntr-e2e-$(printf %s "$CNTR_E2E_PREFIX" | sha256sum | cut -c1-12)
  mkdir -p "$places"
  chmod 755 "$places"
  (
    flock 9
    cp -au "$CNTR_E2E_PREFIX" "$places/"
  ) 9>"$places/lock"
  CNTR_E2E_PREFIX=$places/$(basename "$CNTR_E2E_PREFIX")
  CNTR_E2E_DIR=$places/work
}

begin_test() {
  use_reachable_places
  mkdir -p "$CNTR_E2E_DIR"
  work=$(mktemp -d "$CNTR_E2E_DIR/$1.XXXXXX")
  export CNTR_CACHE_DIR=$work/cache
  export PATH=$CNTR_E2E_PREFIX/bin:$PATH
  export CMAKE_GENERATOR=${CNTR_E2E_GENERATOR:-Ninja}
  export LC_ALL=C
  export CNTR_MOUNT_IDLE=200ms # or each test that looks for leftovers would wait for seconds
  unset MAKEFLAGS NINJA_STATUS CMAKE_BUILD_PARALLEL_LEVEL
  cd "$work"
  trap 'report_failure $LINENO' ERR
  set -E
}

report_failure() {
  echo "FAILED: $BASH_COMMAND (line $1 of ${BASH_SOURCE[1]})"
  echo "The directory is kept: $work"
  [ ! -s "$work/last.log" ] || { echo "--- last output"; tail -n 40 "$work/last.log"; }
}

end_test() {
  trap - ERR
  cd /
  chmod -R u+rwX "$work" 2>/dev/null || true
  rm -rf "$work"
}

fail() { echo "FAILED: $*"; false; }

# need <part> <command...>: skips the test when the command fails, unless CNTR_TESTS_MUST_RUN names
# the part.
need() {
  local part=$1
  shift
  "$@" >/dev/null 2>&1 && return 0
  case ",${CNTR_TESTS_MUST_RUN:-}," in
    *",$part,"*) fail "$part is missing ($*), and CNTR_TESTS_MUST_RUN asks for it" ;;
  esac
  end_test
  echo "SKIPPED: $part is missing ($*)"
  exit 77
}

need_bubblewrap() { need bubblewrap bwrap --ro-bind / / true; }
need_docker() { need docker docker version; }
# need_runner <runner>: doctor tries all of them, so it is asked only when nothing else says it.
need_runner() {
  case $1 in
    bubblewrap | auto) need_bubblewrap ;;
    docker) need_docker ;;
    host) ;;
    *) need "$1" runner_works "$1" ;;
  esac
}
runner_works() {
  command -v "$1" || return
  [[ ,${CNTR_TESTS_MUST_RUN:-}, == *,$1,* ]] ||
    { cntr doctor --json || true; } | grep -qF "\"component\":\"$1\",\"usable\":true"
}
need_python_root() { need mmdebstrap test -s "${CNTR_TEST_PYTHON_ROOTFS:-}"; }

# Runs a command, keeps its output in last.log.
quietly() { "$@" >"$work/last.log" 2>&1; }

expect_failure() {
  if quietly "$@"; then
    fail "expected a failure of: $*"
  fi
}

expect_equal() { # <what> <expected> <actual>
  [ "$2" = "$3" ] || fail "$1: expected <$2>, got <$3>"
}

# expect_code <exit code> <command...>
expect_code() {
  local code=0
  quietly "${@:2}" || code=$?
  expect_equal "exit code of ${*:2}" "$1" "$code"
}

# expect_output <fixed text>: the text stands in the last output.
expect_output() {
  grep -qF -e "$1" "$work/last.log" || fail "this is not in the last output: $1"
}

# expect_message <line>...: the last output, to the letter.
expect_message() {
  expect_equal message "$(printf '%s\n' "$@")" "$(cat "$work/last.log")"
}

# expect_last_lines <line>...: the end of the last output.
expect_last_lines() {
  printf '%s\n' "$@" >expected
  expect_equal message "$(cat expected)" "$(tail -n "$(wc -l <expected)" "$work/last.log")"
}

expect_file() { # <path> <content>
  expect_equal "$1" "$2" "$(cat "$1")"
}

# processes_with <pattern>: the ids of the processes whose command line has it. A dot in the pattern
# stands for the NUL between two arguments as well.
processes_with() {
  { grep -laf <(echo "$1") /proc/[0-9]*/cmdline 2>/dev/null || true; } | cut -d / -f 3
}

expect_no_process() { # <pattern>
  expect_equal "processes with $1" "" "$(processes_with "$1")"
}

# wait_until <command...>: until it succeeds, ten seconds at most.
wait_until() {
  local end=$((SECONDS + 10))
  until "$@"; do
    [ $SECONDS -lt $end ] || fail "waited in vain for: $*"
    sleep 0.05
  done
}

process_runs() { [ -n "$(processes_with "$1")" ]; }

# --- projects ---------------------------------------------------------------------------------

# A root file system of busybox-static with its applets as links, as a directory.
make_busybox_root() { # <directory>
  need busybox test -x /bin/busybox
  mkdir -p "$1/bin" "$1/etc"
  cp /bin/busybox "$1/bin/busybox"
  local applet
  for applet in sh cat cp mv ls echo printf sleep true false env id touch mkdir rm tr sort wc head tail \
    sed awk grep test pwd find stat kill setsid nohup seq ip chmod ln dd sha256sum mount ps; do
    ln -s busybox "$1/bin/$applet"
  done
  echo 'root:x:0:0:root:/:/bin/sh' >"$1/etc/passwd"
}

# begin_project: project/CMakeLists.txt with an image `box`, to which standard input is added.
begin_project() {
  mkdir -p project
  [ -d project/root ] || make_busybox_root project/root
  {
    echo 'cmake_minimum_required(VERSION 3.25)'
    echo 'project(e2e LANGUAGES NONE)'
    echo 'find_package(Cntr REQUIRED)'
    echo 'cntr_add_image(box ROOTFS root)'
    cat
  } >project/CMakeLists.txt
  source_dir=$work/project
  build_dir=$work/build
}

configure() { # extra arguments for cmake
  local make_program=()
  [[ $CMAKE_GENERATOR != Ninja* || -z ${CNTR_E2E_MAKE_PROGRAM:-} ]] ||
    make_program=(-DCMAKE_MAKE_PROGRAM="$CNTR_E2E_MAKE_PROGRAM")
  quietly cmake -S "$source_dir" -B "$build_dir" -DCMAKE_PREFIX_PATH="$CNTR_E2E_PREFIX" "${make_program[@]}" "$@"
}

build() { quietly cmake --build "$build_dir" -- -j2 "$@"; }

# step_project <the call's words after the name>: a project with the step `probe`.
step_project() {
  need_bubblewrap
  begin_project <<<"cntr_add_step(probe $*)"
  configure
}

box_project() { step_project "IMAGE box $*"; }

# script_project <keywords>: a step `probe` that runs the shell script on standard input; what it
# prints is build/seen.txt.
script_project() {
  box_project "STDOUT seen.txt $* COMMAND -- sh -c [==[$(cat)]==]"
}

expect_seen() { # <line>...
  expect_file build/seen.txt "$(printf '%s\n' "$@")"
}

run_probe() { cntr run build/cntr/steps/probe.yaml; }

# as_ordinary_user <test function>: the same test as a user without rights, but for those of the group
# in ordinary_group.
as_ordinary_user() {
  local groups=--clear-groups
  [ -z "${ordinary_group:-}" ] || groups=--groups=$ordinary_group
  local ordinary=(setpriv --reuid=65534 --regid=65534 "$groups" env -u XDG_RUNTIME_DIR HOME=/tmp)
  need ordinary-user "${ordinary[@]}" test -x "$CNTR_E2E_PREFIX/bin/cntr"
  mkdir -m 1777 theirs
  chmod 1777 theirs
  chmod 755 "$work"
  "${ordinary[@]}" CNTR_E2E_DIR="$work/theirs" "$here/run" "$suite" "$1"
}

# layout:<name>, a busybox with a user and an entry, and this configuration.
make_image() { # <name> <umoci config options>
  need umoci umoci --version
  if [ ! -d layout ]; then
    local rootless=()
    [ "$(id -u)" = 0 ] || rootless=(--rootless)
    quietly umoci init --layout layout
    quietly umoci new --image layout:base
    quietly umoci unpack "${rootless[@]}" --image layout:base bundle
    make_busybox_root bundle/rootfs
    mkdir bundle/rootfs/app
    echo 'app:x:1234:1235::/app:/bin/sh' >>bundle/rootfs/etc/passwd
    printf 'root:x:0:\nstaff:x:50:\n' >bundle/rootfs/etc/group
    printf '#!/bin/sh\nprintf "entry <%%s>" "$@"; echo; pwd; id -u; id -g; echo "$GREETING"\n' >bundle/rootfs/entry
    chmod 755 bundle/rootfs/entry
    quietly umoci repack --image layout:base bundle
    rm -rf bundle
  fi
  quietly umoci tag --image layout:base "$1"
  quietly umoci config --image "layout:$1" --config.env PATH=/bin --config.env GREETING=hello "${@:2}"
}

# as_docker_runs <name> [<argument>...]: what `docker run` of the image prints, with its exit code.
as_docker_runs() {
  local code=0
  quietly skopeo copy "oci:layout:$1" "docker-archive:$1.tar:cntr-e2e/$1:latest"
  quietly docker load --input "$1.tar"
  rm "$1.tar"
  docker run --rm --network none "cntr-e2e/$1:latest" "${@:2}" 2>/dev/null || code=$?
  echo "$code"
}

# --- counters ---------------------------------------------------------------------------------

journal_lines() { cat "$build_dir/cntr/journal.jsonl" 2>/dev/null || true; }

# Forgets what happened so far.
mark() { journal_mark=$(journal_lines | wc -l); }

# Names of the steps that ended with a result since the mark, sorted.
steps_with_result() { # <result>
  journal_lines | tail -n +"$((journal_mark + 1))" | grep -F "\"result\":\"$1\"" |
    sed 's/^{"step":"\([^"]*\)".*/\1/' | sort | tr '\n' ' ' | sed 's/ $//' || true
}

expect_executed() { expect_equal "executed steps" "$*" "$(steps_with_result executed)"; }
expect_restored() { expect_equal "restored steps" "$*" "$(steps_with_result restored)"; }

# build_and_expect "<executed>" "<restored>"
build_and_expect() {
  mark
  build
  expect_executed $1
  expect_restored ${2:-}
}

# --- what is left behind ----------------------------------------------------------------------

# Processes and mounts that have to do with this test: its directory has a unique name, which is in
# the environment of what it starts, or on its command line, and in the mounts of every sandbox.
# And podman's own directories, which name it too.
leftovers() {
  local name mark process words variables mounts
  name=$(basename "$work")
  grep -rlsF "$name" /tmp/cntr-[0-9a-f]*[0-9a-f]/step 2>/dev/null || true
  for process in /proc/[0-9]*; do
    [ "${process#/proc/}" != "$BASHPID" ] || continue
    {
      mapfile -d '' -t words <"$process/cmdline" && mapfile -d '' -t variables <"$process/environ" &&
        mapfile -t mounts <"$process/mountinfo"
    } 2>/dev/null || continue
    for mark in "${words[@]}" "${variables[@]}" "${mounts[@]}"; do
      [[ $mark == *"$name"* ]] || continue
      echo "process ${process#/proc/}: ${words[*]}"
      break
    done
  done
}

# What was killed needs a moment to go.
expect_nothing_left() {
  local tries found
  for ((tries = 0; tries < 100; ++tries)); do
    found=$(leftovers)
    [ -n "$found" ] || return 0
    sleep 0.1
  done
  fail "left behind: $found"
}

# Containers of this test in the Docker engine, dead or alive.
containers() {
  docker ps --all --no-trunc --filter name=cntr- --format '{{.Names}} {{.Mounts}}' |
    grep -F "$(basename "$work")" || true
}

gone_or_in_use() {
  local cgroup
  for cgroup in "$@"; do
    [ ! -e "$cgroup" ] || [ -n "$(cat "$cgroup/cgroup.procs" 2>/dev/null)" ] || return
  done
}

expect_no_container() {
  # podman's cgroups, where it makes them itself; those of other tests may be there for a moment.
  local state
  while read -r state; do
    expect_equal "what its runtime left" "" \
      "$(ls -d /run/{runc,crun}/"$state" /tmp/podman-run-*/{runc,crun}/"$state" 2>/dev/null || true)"
  done < <(find "$work" -name container-id -exec sed '$a\' {} +)
  wait_until gone_or_in_use /sys/fs/cgroup/{,memory/}libpod_parent/libpod-*
  if docker version >/dev/null 2>&1; then
    expect_equal "containers left behind" "" "$(containers)"
  fi
}

expect_sound_cache() {
  quietly cntr cache verify
  expect_output "The cache is sound."
}

expect_no_actions() {
  quietly cntr cache status --json
  expect_output '"actions":0,'
}
