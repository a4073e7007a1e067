# Steps in conda environments: cntr_add_env() and ENV.

conda_packages=$here/../data/conda/packages

source "$here/conda_channel.bash"

# A project with the environment `tools`, which has the program hello, and what standard input adds.
env_project() { # <keywords of cntr_add_env()>
  need_mounts
  export CNTR_MOUNT_IDLE=0
  [ -d channel ] || make_package hello 1
  begin_project < <(
    echo "cntr_add_env(tools LOCK tools.lock $*)"
    cat
  )
  [ -f project/tools.lock ] || make_lock project/tools.lock hello-1-0.tar.bz2
}

# The step `probe`: <words of cntr_add_step()>; what its script, standard input, prints is seen.txt.
env_script() {
  env_project <<<"cntr_add_step(probe ENV tools STDOUT seen.txt $* COMMAND -- sh -c [==[$(cat)]==])"
  configure
  build_and_expect probe
}

count_images() { find cache/v1 -path '*/envs/*.squashfs' | wc -l; }
expect_no_drafts() { expect_equal "drafts" "" "$(find cache/v1/tmp -mindepth 1)"; }

test_a_step_runs_in_an_environment() {
  need_bubblewrap
  env_script <<'SH'
hello
echo "$PATH" | cut -d : -f 1
echo "$CONDA_PREFIX $CONDA_DEFAULT_ENV $CONDA_SHLVL"
touch /opt/cntr/env/bin/new 2>/dev/null || echo read-only
ls /opt/cntr/env
SH
  expect_seen "hello 1 in /opt/cntr/env" /opt/cntr/env/bin "/opt/cntr/env /opt/cntr/env 1" read-only \
    bin conda-meta
  build_and_expect ""
}

test_a_program_of_the_environment_is_the_command() {
  need_bubblewrap
  env_project <<<'cntr_add_step(probe ENV tools HOST STDOUT seen.txt COMMAND hello)'
  configure
  build_and_expect probe
  expect_seen "hello 1 in /opt/cntr/env"
}

test_an_environment_inside_an_image() {
  need_bubblewrap
  env_script IMAGE box <<<'hello; cat /etc/passwd'
  expect_seen "hello 1 in /opt/cntr/env" "root:x:0:0:root:/:/bin/sh"
}

test_an_environment_with_docker() {
  need_docker
  env_script IMAGE box RUNNER docker <<<'hello; echo $CONDA_PREFIX; touch /opt/cntr/env/x || echo read-only'
  expect_seen "hello 1 in /opt/cntr/env" /opt/cntr/env read-only
}

test_runners_share_results_of_an_environment() {
  need_bubblewrap
  need_docker
  env_script IMAGE box RUNNER bubblewrap <<<'hello'
  sed -i 's/RUNNER bubblewrap/RUNNER docker/' project/CMakeLists.txt
  rm build/seen.txt
  configure
  build_and_expect "" probe
}

test_the_host_runner_mounts_at_the_prefix() {
  env_project "PREFIX $work/prefix" \
    <<<"cntr_add_step(probe ENV tools RUNNER host STDOUT seen.txt COMMAND hello)"
  configure
  build_and_expect probe
  expect_seen "hello 1 in $work/prefix"
  wait_until test ! -e prefix
}

test_the_host_runner_refuses_a_prefix_that_it_cannot_have() {
  touch file
  env_project "PREFIX $work/file/env" \
    <<<"cntr_add_step(probe ENV tools RUNNER host STDOUT seen.txt COMMAND hello)"
  configure
  expect_code 2 run_probe
  expect_output "Step probe: the environment tools cannot be mounted at $work/file/env: "
  expect_output "The host runner changes no paths"
}

test_packages_activate_themselves() {
  need_bubblewrap
  mkdir -p package/etc/conda/env_vars.d package/etc/conda/activate.d channel/noarch
  echo '{"GREETING": "hello you", "KEPT": "no"}' >package/etc/conda/env_vars.d/hello.json
  echo 'export FROM_SCRIPT="$GREETING in $CONDA_PREFIX"; args="$#"' >package/etc/conda/activate.d/b.sh
  echo 'set FROM_CSH never' >package/etc/conda/activate.d/b.csh
  make_package hello 1
  cp "$conda_packages/activate_deactivate_package-1.0-0.conda" channel/noarch/
  mkdir -p project
  make_lock project/tools.lock hello-1-0.tar.bz2 activate_deactivate_package-1.0-0.conda
  env_script ENVIRONMENT KEPT=yes <<'SH'
echo "$GREETING, $FROM_SCRIPT, $KEPT, $TEST, ${FROM_CSH:-none}"
echo "$PATH" | cut -d : -f 1,2
SH
  expect_seen "hello you, hello you in /opt/cntr/env, yes, teststringfromactivate, none" \
    "teststringfromactivate/bin/test:/opt/cntr/env/bin"
  env_project <<<'cntr_add_step(probe ENV tools COMMAND sh -c "exit 7")'
  configure
  expect_code 1 run_probe
  expect_output "step probe failed: exit code 7"
}

test_a_real_package_is_found_at_the_prefix() {
  need_bubblewrap
  mkdir -p channel/linux-64 project
  cp "$conda_packages/xtensor-io-0.10.3-hb585cf6_0.tar.bz2" channel/linux-64/
  make_lock project/tools.lock xtensor-io-0.10.3-hb585cf6_0.tar.bz2
  env_script <<<'cd $CONDA_PREFIX; grep ^prefix= lib/pkgconfig/xtensor-io.pc; ls conda-meta'
  expect_seen prefix=/opt/cntr/env frozen history xtensor-io-0.10.3-hb585cf6_0.json
}

two_envs_project() {
  need_bubblewrap
  make_package hello 1
  make_package bye 1
  make_package hello 2
  env_project <<'CMAKE'
cntr_add_env(others LOCK others.lock)
cntr_add_step(one ENV tools STDOUT one.txt COMMAND hello)
cntr_add_step(two ENV others STDOUT two.txt COMMAND bye)
cntr_add_step(three HOST STDOUT three.txt COMMAND echo three)
CMAKE
  make_lock project/tools.lock hello-1-0.tar.bz2 bye-1-0.tar.bz2
  make_lock project/others.lock bye-1-0.tar.bz2
  configure
  build_and_expect "one three two"
}

test_a_changed_package_runs_exactly_its_steps() {
  two_envs_project
  make_lock project/tools.lock hello-2-0.tar.bz2 bye-1-0.tar.bz2
  quietly cntr explain -C build one
  expect_output "env: identity changed"
  build_and_expect one
  expect_file build/one.txt "hello 2 in /opt/cntr/env"
  make_lock project/tools.lock hello-1-0.tar.bz2 bye-1-0.tar.bz2
  build_and_expect "" one
}

test_comments_and_order_of_a_lock_change_nothing() {
  two_envs_project
  make_lock project/tools.lock bye-1-0.tar.bz2 hello-1-0.tar.bz2
  sed -i '1i # made by hand' project/tools.lock
  build_and_expect ""
  sed -i 's/tools.lock/tools.lock COMPRESSION lz4/' project/CMakeLists.txt
  build_and_expect ""
  sed -i 's/COMPRESSION lz4/LINK_SCRIPTS IGNORE/' project/CMakeLists.txt
  build_and_expect one
}

# A hit needs no environment, so neither its packages nor anything that mounts.
test_a_hit_in_a_fresh_clone_needs_no_environment() {
  two_envs_project
  mkdir elsewhere
  mv project elsewhere/clone
  mv channel elsewhere/channel
  sed -i "s,$work/channel,$work/elsewhere/channel," elsewhere/clone/*.lock
  rm -rf build elsewhere/channel cache/v1/envs cache/v1/packs cache/v1/packages
  source_dir=$work/elsewhere/clone
  configure
  CNTR_MOUNT_WITH=none build_and_expect "" "one three two"
  expect_equal images 0 "$(count_images)"
}

test_a_lock_that_a_step_makes() {
  need_bubblewrap
  env_project <<CMAKE
cntr_add_step(solve HOST STDOUT made.lock INPUTS tools.lock
              COMMAND cat \${CMAKE_CURRENT_SOURCE_DIR}/tools.lock)
cntr_add_env(made LOCK solve)
cntr_add_step(probe ENV made STDOUT seen.txt COMMAND hello)
CMAKE
  configure
  build_and_expect "probe solve"
  expect_seen "hello 1 in /opt/cntr/env"
}

test_where_nothing_mounts_an_environment_is_unpacked() {
  need_bubblewrap
  env_project <<<'cntr_add_step(probe ENV tools STDOUT seen.txt COMMAND hello)'
  configure
  need squashfs-tools command -v unsquashfs
  CNTR_MOUNT_WITH=none build_and_expect probe
  expect_output "cntr: warning: the environment tools cannot be mounted: "
  expect_output "; it is unpacked instead"
  expect_seen "hello 1 in /opt/cntr/env"
  CNTR_MOUNT_WITH=none cntr env exec -C build -- hello >seen 2>/dev/null
  expect_file seen "hello 1 in /opt/cntr/env"
}

test_a_package_that_is_not_the_locked_one_is_refused() {
  need_bubblewrap
  env_project <<<'cntr_add_step(probe ENV tools STDOUT seen.txt COMMAND hello)'
  configure
  echo changed >>channel/noarch/hello-1-0.tar.bz2
  expect_code 2 run_probe
  expect_output "$source_dir/tools.lock:2: The package hello-1-0.tar.bz2 is not the one that was locked"
  expect_equal images 0 "$(count_images)"
  expect_no_drafts
}

test_two_builds_at_once_make_an_environment_once() {
  need_bubblewrap
  env_project <<<'cntr_add_step(probe ENV tools STDOUT seen.txt CACHE OFF COMMAND hello)'
  configure
  build_dir=build2 configure
  quietly cmake --build build --target tools
  mkdir -p cache/v1/envs
  local name
  name=$(sed -n 's/^identity: sha256://p' build/cntr/envs/tools.identity)-zstd-3
  exec 8>"cache/v1/envs/$name.squashfs.lock"
  flock 8
  cntr run build/cntr/steps/probe.yaml >one.log 2>&1 8>&- &
  local one=$!
  cntr run build2/cntr/steps/probe.yaml >two.log 2>&1 8>&- &
  local two=$!
  wait_until grep -q "environment tools is being built by another process; waiting for it" one.log
  wait_until grep -q "environment tools is being built by another process; waiting for it" two.log
  exec 8>&-
  wait $one
  wait $two
  expect_file build/seen.txt "hello 1 in /opt/cntr/env"
  expect_file build2/seen.txt "hello 1 in /opt/cntr/env"
  expect_equal images 1 "$(count_images)"
  expect_no_drafts
}

test_a_killed_build_of_an_environment_leaves_nothing() {
  need_bubblewrap
  mkdir -p package/share
  head -c 2000000 /dev/urandom >package/share/noise
  make_package hello 1
  env_project <<<'cntr_add_step(probe ENV tools STDOUT seen.txt COMMAND hello)'
  configure
  cntr run build/cntr/steps/probe.yaml >killed.log 2>&1 &
  local probe=$!
  local end=$((SECONDS + 10))
  until compgen -G 'cache/v1/tmp/env-*' >/dev/null; do  # starts nothing, to be in time
    [ $SECONDS -lt $end ] || fail "the environment is not being built"
  done
  kill -9 $probe
  wait $probe 2>/dev/null || true
  expect_equal images 0 "$(count_images)"
  quietly run_probe
  expect_seen "hello 1 in /opt/cntr/env"
  expect_equal images 1 "$(count_images)"
  expect_no_drafts
  expect_nothing_left
}

test_clearing_the_cache_removes_environments() {
  need_bubblewrap
  env_script <<<hello
  expect_equal images 1 "$(count_images)"
  quietly cntr cache clear
  expect_equal images 0 "$(count_images)"
}

test_ordinary_user_has_environments() { as_ordinary_user test_a_step_runs_in_an_environment; }
test_ordinary_user_has_environments_in_images() { as_ordinary_user test_an_environment_inside_an_image; }
test_ordinary_user_has_activation() { as_ordinary_user test_packages_activate_themselves; }
test_ordinary_user_has_environments_on_the_host() {
  as_ordinary_user test_the_host_runner_mounts_at_the_prefix
}

test_ordinary_user_unpacks_where_nothing_mounts() {
  as_ordinary_user test_where_nothing_mounts_an_environment_is_unpacked
}

# --- cntr env -----------------------------------------------------------------------------------

commands_project() {
  env_project <<<''
  configure
}

in_env() { cntr env exec -C build -- "$@"; }

test_exec_runs_a_command_in_the_environment() {
  mkdir -p package/etc/conda/activate.d
  echo 'export FROM_SCRIPT=script' >package/etc/conda/activate.d/b.sh
  make_package hello 1
  commands_project
  in_env sh -c 'hello; echo $CONDA_PREFIX $FROM_SCRIPT; echo "$1"; pwd' sh "two  words" >seen
  expect_file seen "$(printf '%s\n' "hello 1 in /opt/cntr/env" "/opt/cntr/env script" "two  words" "$work")"
  [ ! -e /opt/cntr/env ]
  expect_code 7 in_env sh -c 'exit 7'
  expect_code 143 in_env sh -c 'kill -TERM $$'
  expect_code 127 cntr env exec -C build -n tools -- no-such-program
  echo input | in_env cat >seen
  expect_file seen input
}

# Each sees its own at the one prefix; what runs keeps its environment.
test_exec_runs_several_environments_at_once() {
  make_package hello 1
  make_package hello 2
  mkdir -p project
  make_lock project/two.lock hello-2-0.tar.bz2
  env_project <<<'cntr_add_env(two LOCK two.lock)'
  configure
  mkfifo go
  cntr env exec -C build -n tools -- sh -c 'cat go >/dev/null; hello' >one &
  local one=$!
  wait_until process_runs "cat.go"
  cntr env exec -C build -n two -- hello >two
  echo >go
  wait $one
  expect_file one "hello 1 in /opt/cntr/env"
  expect_file two "hello 2 in /opt/cntr/env"
  expect_nothing_left
}

test_which_environment_is_meant() {
  make_package hello 1
  commands_project
  expect_code 2 cntr env exec -C build -n tool -- true
  expect_message 'cntr: error: No environment is named "tool"' '  Environments: tools.'
  env_project <<<'cntr_add_env(two LOCK tools.lock)'
  configure
  expect_code 2 cntr env exec -C build -- true
  expect_message 'cntr: error: The project has several environments: tools, two' \
    '  Name the one that is meant: --name tools.'
}

test_list_and_status_say_what_there_is() {
  make_package hello 1
  commands_project
  quietly cntr env list -C build
  expect_message "tools: 1 packages at /opt/cntr/env, not built"
  quietly cmake --build build --target tools
  quietly in_env true
  quietly cntr env status -C build
  expect_output "Identity     $(sed -n 's/^identity: //p' build/cntr/envs/tools.identity)"
  expect_output "File         $(echo cache/v1/envs/*.squashfs | sed "s,^,$work/,"), "
  echo nonsense >>project/tools.lock
  quietly cntr env list -C build
  expect_output "tools: $work/project/tools.lock:3: "
}

test_diff_names_the_packages_that_differ() {
  make_package hello 1
  make_package hello 2
  make_package bye 1
  mkdir -p project
  make_lock project/tools.lock hello-1-0.tar.bz2
  make_lock new.lock hello-2-0.tar.bz2 bye-1-0.tar.bz2
  commands_project
  quietly cntr env diff -C build tools ./new.lock
  expect_message "+ bye 1 0" "~ hello 1 0 -> 2 0"
  quietly cntr env diff -C build ./new.lock tools
  expect_message "- bye 1 0" "~ hello 2 0 -> 1 0"
  quietly cntr env diff -C build tools tools
  expect_equal "the same environment" "" "$(cat last.log)"
  make_lock new.lock hello-1-0.tar.bz2
  sed -i 's/sha256:.\{8\}/sha256:00000000/' new.lock
  quietly cntr env diff -C build tools ./new.lock
  expect_message "~ hello 1 0: another file"
}

test_verify_checks_every_file() {
  make_package hello 1
  commands_project
  quietly cntr env verify -C build
  expect_message "1 file of 1 package: all as the packages say."
  # An image with another file in it, in place of the right one.
  need squashfs-tools command -v mksquashfs
  local image
  image=$(echo cache/v1/envs/*.squashfs)
  unsquashfs -quiet -no-progress -dest tree "$image"
  echo '#!/bin/sh' >tree/bin/hello
  mksquashfs tree changed.squashfs -quiet -no-progress -noappend >/dev/null
  mv changed.squashfs "$image"
  expect_code 3 cntr env verify -C build
  expect_message '"bin/hello" is not the file of its package'
}

test_ordinary_user_runs_commands_in_environments() {
  as_ordinary_user test_exec_runs_a_command_in_the_environment
}
test_ordinary_user_has_several_environments_at_once() {
  as_ordinary_user test_exec_runs_several_environments_at_once
}
test_ordinary_user_has_environments_with_docker() {
  need_docker
  local socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
  ordinary_group=$(stat -c %g "${socket#unix://}") as_ordinary_user test_an_environment_with_docker
}
