# The same project with every runner: the same bytes, the same signatures, and each other's hits. What one
# runner keeps of the sandbox's contract is in runner_suite.bash.

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

# Those that work here, of those that run images.
runners_for_images() {
  local runner
  for runner in bubblewrap podman apptainer singularity docker; do
    if works_here "$runner" >/dev/null 2>&1; then echo "$runner"; fi
  done
}
works_here() {
  case $1 in
    bubblewrap) bwrap --ro-bind / / true ;;
    docker) docker version ;;
    *) runner_works "$1" ;;
  esac
}

# What is made with one of them serves all others.
test_every_runner_makes_the_same_and_its_hits_serve_all() {
  local runners maker user
  mapfile -t runners < <(runners_for_images)
  [ ${#runners[@]} -gt 1 ] || need podman false
  image_project
  for maker in "${runners[@]}"; do
    build_from_empty_cache "$maker"
    expect_executed grow see write
    expect_equal "runners used" "$maker" "$(runners_used "$maker")"
    expect_same_outputs "${runners[0]}" "$maker" seen.txt errors.txt tree program
    expect_equal "signatures" "$(signatures "${runners[0]}")" "$(signatures "$maker")"
    for user in "${runners[@]}"; do
      [ "$user" != "$maker" ] || continue
      expect_hits "$maker" "$user" "grow see write"
      expect_same_outputs "$maker" "$user" seen.txt errors.txt tree program
    done
  done
  expect_file "build-${runners[0]}/errors.txt" "to standard error"
  grep -qxF '<line' "build-${runners[0]}/seen.txt"
  grep -qxF 'TOKEN_DIR=/build/x' "build-${runners[0]}/seen.txt"
}

test_ordinary_users_runners_make_the_same() {
  as_ordinary_user test_every_runner_makes_the_same_and_its_hits_serve_all
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

# --- as docker runs it ------------------------------------------------------------------------

# The four combinations of Entrypoint and Cmd, with and without arguments, beside a real `docker run`.
# The image's user is the caller, because docker's runner takes no other.
test_entrypoint_and_cmd_mean_what_docker_makes_of_them() {
  need root test "$(id -u)" = 0
  need_docker
  need skopeo skopeo --version
  make_image both --config.workingdir /app --config.entrypoint /entry --config.cmd cmd --config.cmd "two words"
  make_image entry --config.entrypoint /entry --config.entrypoint -x
  make_image cmd --config.workingdir /etc --config.cmd /entry --config.cmd of-cmd
  make_image neither --config.user root:root
  local image runner expected='' actual project='set(RUNNER "" CACHE STRING "")'
  for image in both entry cmd neither; do
    # docker's default directory is /, a step's the build directory.
    local words="IMAGE $image RUNNER \${RUNNER} CACHE OFF" overriding='COMMAND /entry "" "-n a"'
    [[ $image =~ both|cmd ]] || words+=" WORKING_DIRECTORY /"
    project+=$'\n'"cntr_add_image($image OCI_LAYOUT $work/layout:$image)"
    project+=$'\n'"cntr_add_step($image-2 $words STDOUT $image-2.txt $overriding)"
    expected+="$image: $(as_docker_runs $image /entry "" "-n a")"$'\n'
    if [ $image = neither ]; then  # which cannot be run without a command
      expect_equal "what docker says" 125 "$(as_docker_runs $image)"
      continue
    fi
    project+=$'\n'"cntr_add_step($image-1 $words STDOUT $image-1.txt)"
    expected+="$image: $(as_docker_runs $image)"$'\n'
  done
  begin_project <<<"$project"
  for runner in $(runners_for_images); do
    configure_for "$runner"
    build
    actual=
    for image in both entry cmd neither; do
      actual+="$image: $(cat "$build_dir/$image-2.txt" && echo 0)"$'\n'
      [ $image = neither ] || actual+="$image: $(cat "$build_dir/$image-1.txt" && echo 0)"$'\n'
    done
    expect_equal "what the steps print under $runner" "$expected" "$actual"
  done
  echo "cntr_add_step(none IMAGE neither)" >>project/CMakeLists.txt
  configure
  expect_failure cntr run "$build_dir/cntr/steps/none.yaml"
  expect_output "Step none: there is no command: the image has neither Entrypoint nor Cmd"
}

# --- which runner it is -----------------------------------------------------------------------

# A PATH on which bubblewrap is missing, so that the next one is asked.
path_without_bubblewrap() {
  local program
  mkdir -p bin
  for program in sh env tar gzip "$@"; do
    ln -sf "$(command -v "$program")" bin/
  done
  echo "$work/bin"
}

test_auto_takes_the_next_when_bubblewrap_is_missing() {
  need_runner podman
  image_project
  configure_for auto
  quietly env PATH="$(path_without_bubblewrap podman runc crun conmon newuidmap newgidmap docker rm)" \
    "$CNTR_E2E_PREFIX/bin/cntr" run build-auto/cntr/steps/see.yaml
  expect_equal "runner used" podman "$(runners_used auto)"
}

test_gpus_that_are_not_there_are_missed_before_anything_starts() {
  need_bubblewrap
  [ ! -e /dev/nvidia0 ] || { echo "this machine has GPUs"; return; }
  begin_project <<'CMAKE'
cntr_add_step(train IMAGE box GPUS 2 STDOUT out.txt COMMAND echo trained)
cntr_add_step(without IMAGE box STDOUT without.txt COMMAND echo trained)
CMAKE
  configure
  expect_code 3 cntr run build/cntr/steps/train.yaml
  expect_message "cntr: error: $work/project/CMakeLists.txt:5: Step train: it needs 2 GPUs, and this machine has none" \
    "  GPUs are those of NVIDIA's driver: /dev/nvidia0 and so on, as \`nvidia-smi\` makes them."
  cntr run build/cntr/steps/without.yaml
  expect_file build/without.txt trained
}

# --- a real image -----------------------------------------------------------------------------

test_python_from_a_real_debian_runs_with_every_runner() {
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
  for runner in $(runners_for_images); do  # with one cache, because the image is large
    configure_for "$runner"
    build_and_expect "means"
    expect_file "build-$runner/means.csv" "New York,1.5
Seattle,9.5"
    expect_equal "signatures" "$(signatures bubblewrap)" "$(signatures "$runner")"
  done
}
