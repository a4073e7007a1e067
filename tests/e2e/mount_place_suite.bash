# Squashfs files mounted at a path that the user gives, and unmounted.

source "$here/mount_holders.bash"

# --- at a given path --------------------------------------------------------------------------

test_a_given_path() {
  begin_mounts
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    started_holder 1 hold-at "$image" 0 "$work/env/prefix"
    expect_message_of 1 "mounted $work/env/prefix"
    started_holder 2 hold-at "$image" 0 "$work/env/../env/prefix"
    expect_message_of 2 "joined $work/env/prefix"
    expect_mounts 1
    kill_guardian
    kill_holder 1
    started_holder 3 hold-at "$image" 0 "$work/env/prefix"
    expect_text 3 hello
    kill_holder 2
    kill_holder 3
    expect_clean
    expect_equal "what was made for it" "" "$(ls env)"
  done
}

expect_message_of() { expect_equal "holder $1" "$2" "$(cat "holder.$1")"; }

test_a_given_path_as_ordinary_user() { as_user test_a_given_path; }

test_a_given_directory_stays() {
  begin_mounts
  mkdir -p env/prefix
  started_holder 1 hold-at "$image" 0 "$work/env/prefix"
  expect_text 1 hello
  kill_holder 1
  expect_clean
  expect_equal "the directory" prefix "$(ls env)"
}

test_a_given_path_with_something_in_it_is_refused() {
  begin_mounts
  mkdir -p env/prefix/mine
  expect_code 1 "$probe" hold-at "$image" 0 "$work/env/prefix"
  expect_message "mount_probe: Cannot mount at $work/env/prefix: it is not an empty directory"
  rm -r env/prefix
  echo mine >env/prefix
  expect_code 1 "$probe" hold-at "$image" 0 "$work/env/prefix"
  expect_file env/prefix mine
  expect_clean
}

test_another_file_at_a_given_path() {
  begin_mounts
  make_image other.squashfs other
  export CNTR_MOUNT_IDLE=1h
  started_holder 1 hold-at "$image" 0 "$work/prefix"
  expect_code 1 "$probe" hold-at "$work/other.squashfs" 0 "$work/prefix"
  expect_message \
    "mount_probe: Cannot mount $work/other.squashfs at $work/prefix: another file is mounted there and in use" \
    "  Process ${holders[1]} (mount_probe) uses it."
  kill_holder 1
  # Unused, it gives way at once.
  started_holder 2 hold-at "$work/other.squashfs" 0 "$work/prefix"
  expect_text 2 other
  expect_mounts 1
  kill_holder 2
  "$probe" unmount "$work/prefix"
  local pid
  for pid in $(guardian); do kill -TERM "$pid"; done
  expect_clean
}

test_a_mount_of_others_at_a_given_path() {
  begin_mounts
  need_fuse
  mkdir prefix
  squashfuse_ll "$image" prefix
  (cd prefix && exec sleep 30) &
  local user=$!
  wait_until eval '[ "$(readlink /proc/'"$user"'/cwd)" = "$work/prefix" ]'
  expect_code 1 "$probe" hold-at "$image" 0 "$work/prefix"
  expect_output "mount_probe: Cannot unmount $work/prefix: "
  kill "$user"
  wait "$user" || true
  # A mount that nobody uses and that Cntr does not know is a leftover.
  started_holder 1 hold-at "$image" 0 "$work/prefix"
  expect_holder 1 mounted
  expect_text 1 hello
  kill_holder 1
  expect_clean
}

# --- unmounting -------------------------------------------------------------------------------

test_unmount() {
  begin_mounts
  export CNTR_MOUNT_IDLE=1h
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    started_holder 1 hold "$image" 0 image
    local path
    path=$(path_of 1)
    quietly "$probe" unmount "$path"
    expect_message "${holders[1]} mount_probe"
    expect_mounts 1
    kill_holder 1
    # Without a lock: one who has gone there.
    (cd "$path/bin" && exec sleep 30) &
    local user=$!
    wait_until eval '[ "$(readlink /proc/'"$user"'/cwd)" = "$path/bin" ]'
    quietly "$probe" unmount "$path"
    expect_message "$user sleep"
    expect_mounts 1
    kill "$user"
    wait "$user" || true
    quietly "$probe" unmount "$path"
    expect_message ""
    expect_mounts 0
    quietly "$probe" unmount "$path"
    expect_message ""
    kill -TERM "$(guardian)"
    expect_clean
  done
}

test_unmount_as_ordinary_user() { as_user test_unmount; }

test_unmounting_what_is_not_ours_is_refused() {
  begin_mounts
  need_fuse
  mkdir prefix
  squashfuse_ll "$image" prefix
  expect_code 1 "$probe" unmount "$work/prefix"
  expect_message "mount_probe: Cannot unmount $work/prefix: Cntr has not mounted it"
  fusermount3 -u prefix
  expect_code 0 "$probe" unmount "$work/prefix"
  expect_code 0 "$probe" unmount "$work/no/such/path"
}

test_a_mount_that_is_busy_without_a_lock_is_unmounted_later() {
  begin_mounts
  started_holder 1 hold "$image" 0 image
  (cd "$(path_of 1)" && exec sleep 30) &
  local user=$!
  sleep 0.2
  kill_holder 1
  sleep 0.3
  expect_mounts 1
  kill "$user"
  wait "$user" || true
  expect_clean
}
