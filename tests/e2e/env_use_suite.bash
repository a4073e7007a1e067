# cntr env on the host: environments of a directory with a lock, mounted at a prefix of their own.

source "$here/host_env.bash"
source "$here/services/registry.bash"

test_a_directory_with_a_lock_is_an_environment() {
  begin_env
  [[ $prefix =~ ^$work/base/[0-9a-f]{12}$ ]] || fail "prefix $prefix"
  quietly cntr env exec -d tools -- sh -c 'hello; echo $CONDA_PREFIX'
  expect_message "hello 1 in $prefix" "$prefix"
  cp -r tools copy
  cd copy
  quietly cntr env exec -- hello
  expect_message "hello 1 in $prefix"
  cd ..
  quietly cntr env exec -d tools/*.* -- hello
  expect_message "hello 1 in $prefix"
  wait_until not_mounted
  wait_until test ! -e "$prefix"
  expect_nothing_left
}

test_another_lock_is_another_prefix() {
  begin_env
  make_package hello 2
  local first=$prefix
  make_lock "$(echo tools/*.*)" hello-2-0.tar.bz2
  quietly cntr env exec -d tools -- hello
  [ "$(sed 's/hello 2 in //' last.log)" != "$first" ]
  sed -i 's/^@EXPLICIT/# a comment\n&/' tools/*.*
  quietly cntr env status -d tools
  expect_output "$(dirname "$first")"
  expect_equal images 1 "$(ls cache/v1/envs/*.squashfs | wc -l)"
}

test_what_is_no_environment_is_said() {
  begin_env
  mkdir empty
  expect_code 2 cntr env exec -d empty -- true
  expect_output "cntr: error: There is no lock of an environment in $work/empty"
  echo "name: x" >empty/environment.yml
  expect_code 2 cntr env exec -d empty -- true
  expect_output "cntr: error: There is no lock beside $work/empty/environment.yml"
  cp tools/*.* empty/environment.lock
  cp tools/*.* empty/explicit.txt
  expect_code 2 cntr env exec -d empty -- true
  expect_output "There are several locks in $work/empty: environment.lock, explicit.txt"
  expect_code 2 cntr env exec -d tools -n other -- true
  expect_message 'cntr: error: No environment is named "other"' "  Environments: tools."
  expect_code 2 cntr env exec -C build -d tools -- true
  expect_message "cntr: error: --build and --directory exclude each other"
  expect_code 2 cntr env build --lock tools/*.*
  expect_message "cntr: error: --lock and --output are given together, or neither"
  CNTR_ENV_BASE=relative expect_code 2 cntr env exec -d tools -- true
  expect_message 'cntr: error: CNTR_ENV_BASE is no absolute path: "relative"'
}

test_what_is_nowhere_is_said() {
  need_mounts
  mkdir empty
  cd empty
  expect_code 2 cntr env status
  expect_message "cntr: error: There is no Cntr build tree at $work/empty or above it, and no environment in it" \
    "  Name the build directory of a configured project with -C, or a directory with a lock with -d." \
    "  \`cntr env init\` begins a new environment."
  expect_code 2 cntr env exec -d nowhere -- true
  expect_message "cntr: error: There is no directory and no lock $work/empty/nowhere"
  expect_code 2 cntr env build --lock nowhere -o out
  expect_message "cntr: error: There is no lock $work/empty/nowhere"
  cd ..
  begin_env
  echo "name: mine" >tools/environment.yml
  quietly cntr env exec -d tools/environment.yml -- hello
  expect_message "hello 1 in $prefix"
}

test_exec_keeps_exit_code_and_signals() {
  begin_env
  expect_code 7 cntr env exec -d tools -- sh -c 'exit 7'
  expect_code 143 cntr env exec -d tools -- sh -c 'kill -TERM $$'
  expect_code 127 cntr env exec -d tools -- nothing-of-that-name
  expect_output 'cntr: error: The program "nothing-of-that-name" cannot be started'
}

test_any_number_of_commands_at_once() {
  begin_env
  cntr env build -q -d tools
  local i
  for i in 1 2 3 4 5 6 7 8; do cntr env exec -d tools -- hello >"out.$i" 2>&1 & done
  wait $(jobs -p)
  for i in 1 2 3 4 5 6 7 8; do expect_file "out.$i" "hello 1 in $prefix"; done
  wait_until not_mounted
}

test_mount_stays_until_umount() {
  begin_env
  quietly cntr env mount -d tools
  expect_message "$prefix"
  sleep 0.3
  is_mounted
  quietly "$prefix/bin/hello"
  quietly cntr env status -d tools
  expect_output "Mounted      yes, unused"
  (cd "$prefix" && exec sleep 1000) &
  local user=$!
  wait_until eval '[ "$(readlink /proc/'$user'/cwd)" = "$prefix" ]'
  expect_code 3 cntr env umount -d tools
  expect_message "cntr: error: The environment tools is in use at $prefix" "  Process $user (sleep) uses it."
  quietly cntr env status -d tools
  expect_output "Mounted      yes, used by $user (sleep)"
  is_mounted
  kill $user
  wait $user 2>/dev/null || true
  quietly cntr env umount -d tools
  expect_message ""
  not_mounted
  [ ! -e "$prefix" ]
  quietly cntr env umount "$prefix"
  expect_message "Nothing is mounted at $prefix."
  expect_nothing_left
}

test_a_mount_outlives_its_guardian() {
  begin_env
  quietly cntr env mount -d tools
  local guardian
  guardian=$(processes_with "cntr-mount.*$prefix")
  [ -n "$guardian" ]
  kill -9 $guardian
  make_package other 1
  make_lock other.lock other-1-0.tar.bz2
  quietly cntr env exec -d other.lock -- other
  sleep 0.3
  is_mounted
  quietly cntr env umount -d tools
  not_mounted
  expect_nothing_left
}

# activated_by <shell> [<option>...]: what a shell sees before, in and after an environment.
activated_by() {
  mkdir -p package/etc/conda/{env_vars.d,activate.d,deactivate.d}
  echo '{"GREETING": "hello you", "KEPT": "theirs"}' >package/etc/conda/env_vars.d/hello.json
  echo 'export FROM_SCRIPT="on in $CONDA_PREFIX"' >package/etc/conda/activate.d/a.sh
  echo 'unset FROM_SCRIPT; echo "off in $CONDA_PREFIX"' >package/etc/conda/deactivate.d/a.sh
  make_package hello 1
  begin_env
  cat >script <<'SH'
before=$PATH
eval "$(cntr env activate -d tools)"
hello
echo "$CONDA_PREFIX $CONDA_DEFAULT_ENV $GREETING $KEPT $FROM_SCRIPT"
PATH=$PATH:/added
eval "$(cntr env deactivate)"
[ "$PATH" = "$before:/added" ] || echo "PATH is $PATH and was $before"
echo "${CONDA_PREFIX-none} ${GREETING-none} $KEPT ${FROM_SCRIPT-none}"
command -v hello || echo gone
eval "$(cntr env deactivate)" || echo "not active: $?"
SH
  KEPT=mine quietly "$@" script
  expect_message "hello 1 in $prefix" "$prefix tools hello you theirs on in $prefix" "off in $prefix" \
    "none none mine none" gone "cntr: no environment is active in this shell" "not active: 1"
  wait_until not_mounted
  expect_nothing_left
}

test_bash_activates() { activated_by bash -eu; }

test_zsh_activates() {
  need zsh zsh --version
  activated_by zsh -feu
}

test_fish_activates() {
  need fish fish --version
  mkdir -p package/etc/conda/{env_vars.d,activate.d,deactivate.d}
  echo '{"GREETING": "it'"'"'s \\ you", "KEPT": "theirs"}' >package/etc/conda/env_vars.d/hello.json
  echo 'set -gx FROM_SCRIPT "on in $CONDA_PREFIX"' >package/etc/conda/activate.d/a.fish
  echo 'set -e FROM_SCRIPT; echo "off in $CONDA_PREFIX"' >package/etc/conda/deactivate.d/a.fish
  echo 'exit 1' >package/etc/conda/activate.d/a.sh
  make_package hello 1
  begin_env
  cat >script <<'FISH'
set before $PATH
cntr env activate --shell fish -d tools | source
hello
echo "$CONDA_PREFIX $CONDA_DEFAULT_ENV $GREETING $KEPT $FROM_SCRIPT"
set -gx PATH $PATH /added
cntr env deactivate --shell fish | source
test "$PATH" = (string join : $before /added); or echo "PATH is $PATH and was $before"
for name in CONDA_PREFIX GREETING FROM_SCRIPT; set -q $name; and echo "$name is set"; end
echo $KEPT
command -q hello; or echo gone
cntr env deactivate --shell fish | source; or echo "not active: $status"
FISH
  HOME=$work KEPT=mine quietly fish script
  expect_message "hello 1 in $prefix" "$prefix tools it's \\ you theirs on in $prefix" "off in $prefix" \
    mine gone "cntr: no environment is active in this shell" "not active: 1"
  wait_until not_mounted
  expect_nothing_left
}

test_the_end_of_fish_unmounts() {
  need fish fish --version
  begin_env
  mkfifo endless
  exec 9<>endless
  HOME=$work fish -c 'cntr env activate --shell fish -d tools | source; echo $fish_pid >shell; read line' <&9 9<&- &
  local shell=$!
  wait_until test -s shell
  sleep 0.3
  is_mounted
  expect_code 3 cntr env umount -d tools
  expect_output " (fish $shell) uses it."
  kill -9 "$shell"
  wait "$shell" 2>/dev/null || true
  wait_until not_mounted
  exec 9>&-
  expect_nothing_left
}

test_how_far_verify_is_is_shown_on_a_terminal() {
  need script script --version
  begin_env
  TERM=xterm script -qec "cntr env verify -d tools" /dev/null </dev/null >terminal.log
  grep -qF "[0/1] Verifying packages" terminal.log
  quietly cntr env verify -d tools
  expect_message "1 file of 1 package: all as the packages say."
}

test_the_last_shell_unmounts() {
  begin_env
  mkfifo endless
  exec 9<>endless
  local i shells=()
  for i in 1 2; do
    bash -c 'eval "$(cntr env activate -d tools)"; echo $$ >"shell.'$i'"; read -r line <&9' 9<&9 &
    shells+=($!)
    wait_until test -s "shell.$i"
  done
  expect_code 3 cntr env umount -d tools
  expect_output "Process ${shells[0]} (bash) uses it."
  expect_output "Process ${shells[1]} (bash) uses it."
  kill -9 "${shells[0]}"
  wait "${shells[0]}" 2>/dev/null || true
  sleep 0.3
  is_mounted
  kill -9 "${shells[1]}"
  wait "${shells[1]}" 2>/dev/null || true
  wait_until not_mounted
  exec 9>&-
  expect_nothing_left
}

test_a_shell_in_a_terminal() {
  begin_env
  need python3 python3 --version
  cat >terminal.py <<'PY'
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(SHELL="/bin/sh", ENV="", PS1="ready> ")
    os.execvp("cntr", ["cntr", "env", "shell", "-d", "tools"])
text = b""
os.write(terminal, b"hello; test -t 0 && echo a terminal; exit 5\n")
while True:
    try:
        piece = os.read(terminal, 1000)
    except OSError:
        break
    if not piece:
        break
    text += piece
print(text.decode().replace("\r", ""))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
  expect_code 5 python3 terminal.py
  expect_output "hello 1 in $prefix"
  grep -qx "a terminal" last.log
}

test_a_file_that_was_cut_off_is_built_anew() {
  begin_env
  cntr env build -q -d tools
  truncate -s 1000 cache/v1/envs/*.squashfs
  quietly cntr env exec -d tools -- hello
  expect_message "cntr: warning: the file of environment tools in the cache is damaged; it is built anew" \
    "hello 1 in $prefix"
  quietly cntr env exec -d tools -- hello
  expect_message "hello 1 in $prefix"
}

test_dry_run_writes_nothing() {
  begin_env
  rm -rf cache
  quietly cntr env build --dry-run -d tools
  expect_message "tools would be built at $prefix, of 1 package:" "  hello 1 0"
  quietly cntr env mount --dry-run -d tools
  expect_message "tools would be mounted at $prefix"
  quietly cntr env umount --dry-run -d tools
  expect_message "$prefix is not mounted"
  quietly cntr env init --dry-run -d new
  expect_message "$work/new/environment.yml would be written"
  [ ! -e cache ] && [ ! -e base ] && [ ! -e new ]
  quietly cntr env build -q -d tools
  expect_message ""
  quietly cntr env build --dry-run -d tools
  expect_message "tools is built at $prefix"
  quietly cntr cache status
  expect_output "Envs     1, 4.0 KiB"
  quietly cntr env warm -d tools
  expect_message "tools: 4.0 KiB read"
}

test_export_is_an_environment_again() {
  begin_env
  cntr env export -d tools >exported.txt
  quietly cntr env exec -d exported.txt -- hello
  expect_message "hello 1 in $prefix"
  quietly cntr env export -d tools --format environment.yml
  expect_message "name: tools" channels: "  - \"file://$work/channel\"" "  - nodefaults" dependencies: \
    "  - hello=1=0"
}

test_init_makes_a_skeleton() {
  quietly cntr env init -d new
  expect_message "$work/new/environment.yml"
  grep -qx "name: new" new/environment.yml
  expect_code 2 cntr env init -d new
  expect_message "cntr: error: There is an environment in $work/new already"
}

test_push_and_pull() {
  begin_env
  start_registry
  quietly cntr env push -d tools "$registry/envs/tools:1"
  local digest
  digest=$(skopeo inspect --raw --tls-verify=false "docker://$registry/envs/tools:1" | sha256sum | cut -d ' ' -f 1)
  expect_message "docker://$registry/envs/tools:1 sha256:$digest"
  sha256sum cache/v1/envs/*.squashfs >before
  rm -rf cache channel
  expect_code 2 cntr env exec -d tools -- hello
  quietly cntr env pull -d tools "$registry/envs/tools@sha256:$digest"
  expect_message "tools sha256:$digest"
  sha256sum --check --quiet before
  quietly cntr env exec -d tools -- hello
  expect_message "hello 1 in $prefix"
  CNTR_ENV_BASE=$work/other expect_code 2 cntr env pull -d tools "$registry/envs/tools:1"
  expect_output "cntr: error: docker://$registry/envs/tools:1 is not the environment tools of $work/tools/"
  expect_code 2 cntr env push -d tools "$registry/envs/tools@sha256:$digest"
  expect_code 2 cntr env pull -d tools "$registry/envs/nothing:1"
}

test_without_mounts_it_is_unpacked_once() {
  begin_env
  need squashfs-tools command -v unsquashfs
  export CNTR_MOUNT_WITH=none
  quietly cntr env exec -d tools -- hello
  expect_message "cntr: warning: the environment tools cannot be mounted: CNTR_MOUNT_WITH is none; it is unpacked instead" \
    "hello 1 in $prefix"
  quietly cntr env exec -d tools -- hello
  expect_message "hello 1 in $prefix"
  quietly bash -c 'eval "$(cntr env activate -d tools)"; hello'
  expect_message "hello 1 in $prefix"
  unset CNTR_MOUNT_WITH
  quietly cntr env umount -d tools
  quietly cntr env exec -d tools -- hello
  expect_message "hello 1 in $prefix"
  wait_until not_mounted
}

# Each sees their own mount at the one prefix.
test_two_users_of_one_prefix() { two_users ""; }
test_two_users_without_mounts() {
  need squashfs-tools command -v unsquashfs
  two_users none
}
two_users() { # <CNTR_MOUNT_WITH>
  need two-users test "$(id -u)" = 0
  begin_env
  chmod 755 "$work"
  mkdir -m 1777 base
  local user home
  [ -z "$1" ] || export CNTR_MOUNT_WITH=$1
  for user in 1 65534; do
    home=$work/home-$user
    mkdir -m 700 "$home"
    chown "$user" "$home"
    (
      export HOME=$home CNTR_CACHE_DIR=$home/cache
      unset XDG_RUNTIME_DIR
      exec setpriv --reuid=$user --regid=$user --clear-groups \
        cntr env exec -d tools -- sh -c 'hello; echo >"$HOME/there"; i=0; while [ ! -e go ] && [ $((i += 1)) -lt 400 ]; do sleep 0.05; done; hello'
    ) >"out.$user" 2>"err.$user" &
    wait_until test -e "$home/there"
  done
  touch go
  wait $(jobs -p)
  expect_file out.1 "$(printf 'hello 1 in %s\nhello 1 in %s' "$prefix" "$prefix")"
  expect_file out.65534 "$(cat out.1)"
  wait_until not_mounted
  expect_nothing_left
}

test_ordinary_user_has_an_environment() { as_ordinary_user test_a_directory_with_a_lock_is_an_environment; }
test_ordinary_user_mounts() { as_ordinary_user test_mount_stays_until_umount; }
test_ordinary_user_activates() { as_ordinary_user test_bash_activates; }
test_ordinary_user_has_fish() { as_ordinary_user test_fish_activates; }
test_ordinary_user_shells_unmount() { as_ordinary_user test_the_last_shell_unmounts; }
test_ordinary_user_without_mounts() { as_ordinary_user test_without_mounts_it_is_unpacked_once; }
