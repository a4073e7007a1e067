# The same project with every runner: the same bytes, the same signatures, and nothing stays behind.

need_runner() { # <runner>
  case $1 in
    docker) need_docker ;;
    bubblewrap) need_bubblewrap ;;
  esac
}

# A project that is built with -DRUNNER=..., each time in a build tree of its own: build-<runner>.
configure_for() { # <runner>
  need_runner "$1"
  build_dir=$work/build-$1
  rm -rf "$build_dir"
  configure -DRUNNER="$1"
}

build_from_empty_cache() { # <runner>
  export CNTR_CACHE_DIR=$work/cache-$1
  configure_for "$1"
  mark
  build
}

signatures() { # <runner>
  sed 's/.*"step":"\([^"]*\)".*"signature":"\([^"]*\)".*/\1 \2/' "build-$1/cntr/journal.jsonl" | sort
}

runners_used() { # <runner>
  sed 's/.*"runner":"\([^"]*\)".*/\1/' "build-$1/cntr/journal.jsonl" | sort -u
}

expect_same_outputs() { # <runner> <runner> <output>...
  local one=$1 other=$2 output
  for output in "${@:3}"; do
    quietly diff -r --no-dereference "build-$one/$output" "build-$other/$output"
    expect_equal "mode of $output" "$(stat -c %a "build-$one/$output")" \
      "$(stat -c %a "build-$other/$output")"
  done
}

# What was made in the cache of one runner serves the other: <steps> are the step names, sorted.
expect_hits() { # <runner of the cache> <runner> <steps>
  export CNTR_CACHE_DIR=$work/cache-$1
  configure_for "$2"
  build_and_expect "" "$3"
}

expect_same_with() { # <runner> <runner> <steps> <output>...
  local one=$1 other=$2 steps=$3 runner
  for runner in "$one" "$other"; do
    build_from_empty_cache "$runner"
    expect_executed $steps
    expect_equal "runners used" "$runner" "$(runners_used "$runner")"
  done
  expect_same_outputs "$one" "$other" "${@:4}"
  expect_equal "signatures" "$(signatures "$one")" "$(signatures "$other")"
  expect_hits "$one" "$other" "$steps"
  expect_hits "$other" "$one" "$steps"
  expect_same_outputs "$one" "$other" "${@:4}"
}

# --- containers -------------------------------------------------------------------------------

# Prints all that a program can see of its surroundings and that the sandbox promises to be equal.
image_project() {
  begin_project <<'CMAKE'
set(RUNNER auto CACHE STRING "")
cntr_add_step(see IMAGE box RUNNER ${RUNNER}
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/see.sh "two words" "" "a;b" "$HOME" "\\" "--" "-x" "line
break"
  INPUTS see.sh a/input.txt STDIN a/stdin.txt STDOUT seen.txt STDERR errors.txt
  ENVIRONMENT GREETING=hello "SPACES= a  b " EMPTY= TOKEN_DIR=${CMAKE_CURRENT_BINARY_DIR}/x
  PASS_ENVIRONMENT SEED)
cntr_add_step(grow IMAGE box RUNNER ${RUNNER}
  COMMAND sh -c "umask 077; mkdir -p tree/sub tree/empty; cp ${CMAKE_CURRENT_BINARY_DIR}/seen.txt tree/sub/seen; ln -s sub/seen tree/link; echo : > tree/run; chmod 700 tree/run"
  INPUTS see OUTPUT_DIRECTORIES tree)
cntr_add_step(write IMAGE box RUNNER ${RUNNER}
  COMMAND sh -c "cat tree/link >program; chmod +x program"
  INPUT_DIRECTORIES grow OUTPUTS program OPTIONAL_OUTPUTS never.txt)
CMAKE
  cat >project/see.sh <<'SCRIPT'
pwd
for argument; do echo "<$argument>"; done
env | sort
find /src /build | sort
cat
cat /src/a/input.txt
busybox hostname
id -u
cat /proc/self/status | grep -E '^(CapEff|NoNewPrivs)'
echo "to standard error" >&2
SCRIPT
  mkdir project/a
  echo input >project/a/input.txt
  echo stdin >project/a/stdin.txt
  echo secret >project/a/undeclared.txt
  export SEED=42
}

test_docker_and_bubblewrap_make_the_same_and_share_hits() {
  image_project
  expect_same_with bubblewrap docker "grow see write" seen.txt errors.txt tree program
  expect_file build-docker/errors.txt "to standard error"
  grep -qxF '<line' build-docker/seen.txt
  grep -qxF 'TOKEN_DIR=/build/x' build-docker/seen.txt
}

test_what_is_made_belongs_to_the_caller() {
  local runner
  image_project
  for runner in bubblewrap docker; do
    build_from_empty_cache "$runner"
    expect_equal "files of others" "" "$(find "build-$runner" ! -uid "$(id -u)")"
  done
}

# Only root can become somebody else who may use docker.
test_what_docker_makes_for_an_ordinary_user_is_theirs() {
  need_docker
  need root test "$(id -u)" = 0
  local socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
  local as_user=(setpriv --reuid=65534 --regid=65534 "--groups=$(stat -c %g "${socket#unix://}")"
    env HOME=/tmp CNTR_CACHE_DIR="$work/room/cache")
  image_project
  chmod 755 "$CNTR_E2E_DIR" "$work"
  mkdir room
  chown 65534:65534 room
  need ordinary-user "${as_user[@]}" test -x "$CNTR_E2E_PREFIX/bin/cntr"
  need ordinary-user "${as_user[@]}" docker version
  quietly "${as_user[@]}" cmake -S project -B room/build -DCMAKE_PREFIX_PATH="$CNTR_E2E_PREFIX" \
    -DRUNNER=docker
  quietly "${as_user[@]}" cmake --build room/build
  expect_equal "files of others" "" "$(find room/build ! -uid 65534)"
  grep -qx 65534 room/build/seen.txt
}

# --- the walls of the sandbox -----------------------------------------------------------------

test_no_runner_for_images_shows_what_was_not_declared() {
  local runner
  begin_project <<'CMAKE'
set(RUNNER auto CACHE STRING "")
cntr_add_step(look IMAGE box RUNNER ${RUNNER}
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/look.sh ${CMAKE_CURRENT_SOURCE_DIR}/undeclared.txt
  INPUTS look.sh STDOUT looked.txt)
CMAKE
  cat >project/look.sh <<SCRIPT
cat "\$1" 2>/dev/null || echo "no undeclared file"
cat "$work/project/undeclared.txt" 2>/dev/null || echo "no host path"
cat /etc/passwd
echo x 2>/dev/null >/src/new || echo "/src is read-only"
echo x 2>/dev/null >>/src/look.sh || echo "inputs are read-only"
echo x 2>/dev/null >/etc/new || echo "the root is read-only"
SCRIPT
  echo secret >project/undeclared.txt
  for runner in bubblewrap docker; do
    build_from_empty_cache "$runner"
    expect_file "build-$runner/looked.txt" "no undeclared file
no host path
root:x:0:0:root:/:/bin/sh
/src is read-only
inputs are read-only
the root is read-only"
  done
}

test_no_runner_for_images_gives_a_network_unasked() {
  local runner
  begin_project <<'CMAKE'
set(RUNNER auto CACHE STRING "")
set(print_network sh ${CMAKE_CURRENT_SOURCE_DIR}/network.sh)
cntr_add_step(without IMAGE box RUNNER ${RUNNER} COMMAND ${print_network}
  INPUTS network.sh STDOUT without.txt)
cntr_add_step(with IMAGE box RUNNER ${RUNNER} COMMAND ${print_network}
  INPUTS network.sh STDOUT with.txt NETWORK host)
CMAKE
  echo 'busybox readlink /proc/self/ns/net; sed 1d /proc/net/route' >project/network.sh
  for runner in bubblewrap docker; do
    build_from_empty_cache "$runner"
    expect_file "build-$runner/with.txt" "$(readlink /proc/self/ns/net && sed 1d /proc/net/route)"
    expect_equal "lines about the network" 1 "$(wc -l <"build-$runner/without.txt")"
    expect_failure cmp "build-$runner/with.txt" "build-$runner/without.txt"
  done
}

# --- nothing stays behind ---------------------------------------------------------------------

# Containers of this test, dead or alive.
containers() {
  docker ps --all --no-trunc --filter name=cntr- --format '{{.Names}} {{.Mounts}}' |
    grep -F "$(basename "$work")" || true
}

expect_no_container() {
  if docker version >/dev/null 2>&1; then
    expect_equal "containers left behind" "" "$(containers)"
  fi
}

# A step that never ends by itself, and that has children of which one has left its session.
endless_project() { # <runner> <timeout>
  local environment="IMAGE box"
  [ "$1" != host ] || environment=HOST
  begin_project <<CMAKE
cntr_add_step(endless $environment RUNNER $1 TIMEOUT $2
  COMMAND sh -c "setsid sleep 301 & sleep 302 & touch started; sleep 303" STDOUT out.txt)
CMAKE
  need_runner "$1"
  configure
  quietly cntr image prepare build/cntr/images/box.yaml
}

wait_until_started() {
  local tries
  for ((tries = 0; tries < 300; ++tries)); do
    [ ! -e build/cntr/work/endless/build/started ] || return 0
    sleep 0.1
  done
  fail "the step did not start"
}

expect_gone() {
  expect_nothing_left
  expect_no_container
  [ ! -e build/out.txt ] || fail "an output of a step that did not end"
}

ends_at_its_time_limit() { # <runner>
  endless_project "$1" 1500ms
  expect_failure cmake --build build
  expect_output "cntr: step endless failed: it ran longer than its TIMEOUT of 1.5 s"
  expect_gone
}

# As a terminal sends it: to the whole process group.
ends_at_control_c() { # <runner>
  endless_project "$1" 1h
  local status=0
  setsid env --default-signal=INT ninja -C build >last.log 2>&1 &
  local ninja=$!
  wait_until_started
  [ -n "$(leftovers)" ] || fail "the step's processes are not seen"
  [ "$1" != docker ] || [ -n "$(containers)" ] || fail "the step's container is not seen"
  kill -INT -- "-$ninja"
  wait "$ninja" || status=$?
  [ "$status" != 0 ] || fail "ninja says that the build succeeded"
  expect_gone
  expect_equal "steps that were interrupted" endless "$(journal_mark=0 steps_with_result interrupted)"
}

ends_when_cntr_is_killed() { # <runner>
  endless_project "$1" 1h
  cntr run build/cntr/steps/endless.yaml >last.log 2>&1 &
  local cntr=$!
  wait_until_started
  kill -KILL "$cntr"
  wait "$cntr" 2>/dev/null || true
  expect_gone
}

# Also while the container is being made; who comes next waits until the last one is gone.
ends_when_cntr_is_killed_early() { # <runner>
  local delay
  endless_project "$1" 1h
  for delay in 0.05 0.1 0.15 0.2 0.25 0.3 0.4 0.5; do
    cntr run build/cntr/steps/endless.yaml >last.log 2>&1 &
    local cntr=$!
    sleep "$delay"
    kill -KILL "$cntr"
    wait "$cntr" 2>/dev/null || true
  done
  expect_gone
}

leaves_no_child_behind() { # <runner>
  endless_project "$1" 1min
  sed -i 's/sleep 303/echo done/' project/CMakeLists.txt
  build
  expect_file build/out.txt done
  expect_nothing_left
  expect_no_container
}

test_bubblewrap_ends_at_the_time_limit() { ends_at_its_time_limit bubblewrap; }
test_docker_ends_at_the_time_limit() { ends_at_its_time_limit docker; }
test_host_ends_at_the_time_limit() { ends_at_its_time_limit host; }
test_bubblewrap_ends_at_control_c() { ends_at_control_c bubblewrap; }
test_docker_ends_at_control_c() { ends_at_control_c docker; }
test_host_ends_at_control_c() { ends_at_control_c host; }
test_bubblewrap_ends_when_cntr_is_killed() { ends_when_cntr_is_killed bubblewrap; }
test_docker_ends_when_cntr_is_killed() { ends_when_cntr_is_killed docker; }
test_host_ends_when_cntr_is_killed() { ends_when_cntr_is_killed host; }
test_docker_ends_when_cntr_is_killed_early() { ends_when_cntr_is_killed_early docker; }
test_bubblewrap_leaves_no_child_behind() { leaves_no_child_behind bubblewrap; }
test_docker_leaves_no_child_behind() { leaves_no_child_behind docker; }
test_host_leaves_no_child_behind() { leaves_no_child_behind host; }

# --- a program that cannot be started ---------------------------------------------------------

cannot_start() { # <runner> <program> <exit code> <reason>
  local environment="IMAGE box"
  [ "$1" != host ] || environment=HOST
  begin_project <<CMAKE
cntr_add_step(probe $environment RUNNER $1 COMMAND "$2" x STDERR errors.txt)
CMAKE
  need_runner "$1"
  rm -rf build
  configure
  expect_failure cntr run build/cntr/steps/probe.yaml
  expect_equal message "cntr: step probe failed: exit code $3
  The program \"$2\" cannot be started: $4
  Whole log: $work/build/cntr/logs/probe.log" "$(sed "s,$work/build/cntr/work/probe,," last.log | head -n 3)"
}

names_a_missing_program() { # <runner>
  cannot_start "$1" /build/nowhere 127 \
    "No such file or directory. It, or the interpreter that it names, is not in the sandbox."
}

names_a_file_that_is_no_program() { # <runner>
  cannot_start "$1" /etc/passwd 126 "Permission denied."
}

test_bubblewrap_names_a_missing_program() { names_a_missing_program bubblewrap; }
test_docker_names_a_missing_program() { names_a_missing_program docker; }
test_host_names_a_missing_program() { names_a_missing_program host; }
test_bubblewrap_names_a_file_that_is_no_program() { names_a_file_that_is_no_program bubblewrap; }
test_docker_names_a_file_that_is_no_program() { names_a_file_that_is_no_program docker; }

# --- steps on the host ------------------------------------------------------------------------

test_host_and_bubblewrap_make_the_same_and_share_hits() {
  begin_project <<'CMAKE'
set(RUNNER auto CACHE STRING "")
cntr_add_step(upper HOST RUNNER ${RUNNER}
  COMMAND sh -c "tr a-z A-Z; cat ${CMAKE_CURRENT_SOURCE_DIR}/a/b.txt; echo $GREETING"
  INPUTS a/b.txt STDIN in.txt STDOUT upper.txt ENVIRONMENT GREETING=hello)
cntr_add_step(grow HOST RUNNER ${RUNNER}
  COMMAND sh -c "mkdir -p tree/empty; cp upper.txt tree/copy; ln -s copy tree/link; cp tree/copy program; chmod +x program"
  INPUTS upper OUTPUTS program OUTPUT_DIRECTORIES tree)
CMAKE
  mkdir project/a
  echo below >project/a/b.txt
  echo text >project/in.txt
  expect_same_with bubblewrap host "grow upper" upper.txt program tree
  expect_file build-host/tree/link "TEXT
below
hello"
}

# --- a real image -----------------------------------------------------------------------------

test_python_from_a_real_debian_runs_with_both() {
  need_python_root
  local runner
  begin_project <<'CMAKE'
set(RUNNER auto CACHE STRING "")
cntr_add_image(debian ROOTFS $ENV{CNTR_TEST_PYTHON_ROOTFS})
cntr_add_step(means IMAGE debian RUNNER ${RUNNER} CACHE OFF
  COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/means.py ${CMAKE_CURRENT_SOURCE_DIR}/days.csv means.csv
  INPUTS means.py days.csv OUTPUTS means.csv)
CMAKE
  printf 'Seattle,8\nNew York,-2\nSeattle,11\nNew York,5\n' >project/days.csv
  cat >project/means.py <<'SCRIPT'
import os, sys

cities = {}
for line in open(sys.argv[1]):
    city, degrees = line.rstrip().split(",")
    cities.setdefault(city, []).append(float(degrees))
with open(sys.argv[2], "w") as out:
    for city, degrees in sorted(cities.items()):
        print(city, sum(degrees) / len(degrees), sep=",", file=out)
assert set(os.listdir("/src")) == {"days.csv", "means.py"}
SCRIPT
  sed -i "/ROOTFS root)/d" project/CMakeLists.txt
  for runner in bubblewrap docker; do  # with one cache, because the image is large
    configure_for "$runner"
    build_and_expect "means"
    expect_file "build-$runner/means.csv" "New York,1.5
Seattle,9.5"
  done
  expect_equal "signatures" "$(signatures bubblewrap)" "$(signatures docker)"
}
