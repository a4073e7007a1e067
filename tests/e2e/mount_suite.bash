# Squashfs files that many processes share, accidents of those who mount, and what is mounted at all.

source "$here/mount_holders.bash"

# --- sharing ----------------------------------------------------------------------------------

test_twenty_processes_share_one_mount() {
  begin_mounts
  local i
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    # All at once: one of them mounts.
    for i in $(seq 20); do start_holder "$i" hold "$image" 0 shared; done
    for i in $(seq 20); do wait_until test -s "holder.$i"; done
    expect_equal "those who mounted" 1 "$(cat holder.* | grep -c ^mounted)"
    expect_equal "those who joined" 19 "$(cat holder.* | grep -c ^joined)"
    expect_mounts 1
    expect_equal "guardians" 1 "$(guardian | wc -l)"
    expect_text 7 hello
    for i in $(seq 19); do kill_holder "$i"; done
    sleep 0.2
    expect_mounts 1
    expect_text 20 hello
    kill_holder 20
    expect_clean
    rm holder.*
  done
}

test_twenty_processes_as_ordinary_user() { as_user test_twenty_processes_share_one_mount; }

test_it_is_read_only_without_devices_and_set_user_id() {
  begin_mounts
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    started_holder 1 hold "$image" 0 image
    expect_failure touch "$(path_of 1)/new"
    expect_output "Read-only file system"
    expect_equal "options" nosuid,nodev "$(mount_lines | cut -d ' ' -f 6 | grep -o nosuid,nodev)"
    kill_holder 1 TERM
    expect_clean
  done
}

test_two_files_are_two_mounts() {
  begin_mounts
  make_image other.squashfs other
  started_holder 1 hold "$image" 0 image
  started_holder 2 hold "$work/other.squashfs" 0 image
  expect_mounts 2
  expect_text 1 hello
  expect_text 2 other
  kill_holder 1
  wait_until eval '[ "$(count_mounts)" = 1 ]'
  expect_text 2 other
  kill_holder 2
  expect_clean
}

test_a_mount_outlives_its_last_user_for_a_while() {
  begin_mounts
  export CNTR_MOUNT_IDLE=1500ms
  started_holder 1 hold "$image" 0 image
  expect_holder 1 mounted
  kill_holder 1
  local i
  for i in 2 3 4 5; do # each time within the idle time, in all longer than it
    sleep 0.6
    started_holder "$i" hold "$image" 0 image
    expect_holder "$i" joined
    kill_holder "$i"
  done
  sleep 0.6
  expect_mounts 1
  expect_clean
}

test_a_guardian_that_is_asked_to_end_does_not_idle() {
  begin_mounts
  CNTR_MOUNT_IDLE=1h started_holder 1 hold "$image" 0 image
  kill -TERM "$(guardian)"
  sleep 0.2
  expect_text 1 hello
  kill_holder 1
  expect_clean
}

test_nobody_waits_for_the_guardian() {
  begin_mounts
  # The output of a build, read to its end.
  local start=$SECONDS
  expect_equal output hello "$(CNTR_MOUNT_IDLE=1h "$probe" run "$image" 0 image cat '{}/text' 2>&1)"
  [ $((SECONDS - start)) -lt 5 ] || fail "the pipe was held"
  expect_mounts 1
  local pid
  pid=$(guardian)
  expect_equal "its session" "" "$(ps -o tty= -p "$pid" | tr -d ' ?')"
  expect_equal "its directory" / "$(readlink "/proc/$pid/cwd")"
  expect_equal "its files outside of the place" "/dev/null /dev/null /dev/null" \
    "$(readlink /proc/"$pid"/fd/* | grep -v "^$work/place/" | tr '\n' ' ' | sed 's/ $//')"
  kill -TERM "$pid"
  expect_clean
}

test_who_gets_the_lock_keeps_the_mount() {
  begin_mounts
  "$probe" run "$image" 0 image sh -c 'sleep 0.3; cat {}/text' >out &
  sleep 0.1
  wait $!
  expect_file out hello
  expect_clean
}

# --- accidents --------------------------------------------------------------------------------

test_a_killed_guardian_is_replaced() {
  begin_mounts
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    started_holder 1 hold "$image" 0 image
    kill_guardian
    expect_text 1 hello # who uses it does not notice
    started_holder 2 hold "$image" 0 image
    expect_holder 2 joined
    expect_equal "place" "$(path_of 1)" "$(path_of 2)"
    expect_mounts 1
    expect_equal "guardians" 1 "$(guardian | wc -l)"
    kill_holder 1
    kill_holder 2
    expect_clean
  done
}

test_a_killed_guardian_as_ordinary_user() { as_user test_a_killed_guardian_is_replaced; }

test_a_dead_mount_is_mounted_anew() {
  begin_mounts
  need_fuse
  for CNTR_MOUNT_WITH in squashfuse_ll squashfuse; do
    export CNTR_MOUNT_WITH
    started_holder 1 hold "$image" 0 image
    kill_fuse_process
    expect_failure cat "$(path_of 1)/text"
    started_holder 2 hold "$image" 0 image
    expect_holder 2 mounted
    expect_equal "place" "$(path_of 1)" "$(path_of 2)"
    expect_mounts 1
    expect_text 1 hello
    kill_holder 1
    expect_text 2 hello
    # Also when its guardian died with it.
    kill_fuse_process
    kill_guardian
    started_holder 3 hold "$image" 0 image
    expect_text 3 hello
    expect_mounts 1
    kill_holder 2
    kill_holder 3
    expect_clean
  done
}

test_a_dead_mount_as_ordinary_user() { as_user test_a_dead_mount_is_mounted_anew; }

test_what_all_left_behind_is_removed_by_the_next_mount() {
  begin_mounts
  make_image other.squashfs other
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    started_holder 1 hold "$image" 0 image
    kill_guardian
    kill_fuse_process
    kill_holder 1
    expect_mounts 1
    started_holder 2 hold "$work/other.squashfs" 0 other
    wait_until eval '[ "$(count_mounts)" = 1 ]'
    expect_text 2 other
    kill_holder 2
    expect_clean
  done
}

test_leftovers_as_ordinary_user() { as_user test_what_all_left_behind_is_removed_by_the_next_mount; }

test_what_rm_left_of_the_place_is_repaired() {
  begin_mounts
  started_holder 1 hold "$image" 0 image
  expect_failure rm -rf place # what is mounted stays
  expect_text 1 hello
  started_holder 2 hold "$image" 0 image
  expect_text 2 hello
  expect_mounts 1
  kill_holder 1
  kill_holder 2
  expect_clean
}

test_who_unmounts_by_hand_does_no_harm() {
  begin_mounts
  export CNTR_MOUNT_IDLE=300ms
  started_holder 1 hold "$image" 0 image
  umount "$(path_of 1)" 2>/dev/null || fusermount3 -u "$(path_of 1)"
  started_holder 2 hold "$image" 0 image
  expect_holder 2 mounted
  expect_text 1 hello
  kill_holder 1
  kill_holder 2
  expect_clean
}

test_a_mount_over_it_does_not_fool_the_guardian() {
  begin_mounts
  need root test "$(id -u)" = 0
  started_holder 1 hold "$image" 0 image
  mount -t tmpfs none "$(path_of 1)"
  kill_holder 1
  sleep 0.5
  expect_mounts 2
  umount "$(path_of 1)"
  expect_clean
}

# Anything may be killed at any moment; those who are not see the right content.
test_random_kills() {
  begin_mounts
  export CNTR_MOUNT_IDLE=5ms
  local round
  many_users() {
    local i
    for i in $(seq 15); do
      expect_equal content hello "$("$probe" run "$image" 0 image cat '{}/text')"
    done
  }
  for round in 1 2 3; do
    many_users &
    local first=$!
    many_users &
    local second=$!
    while kill -0 "$first" 2>/dev/null || kill -0 "$second" 2>/dev/null; do
      # A guardian; and a process that mounts, which is nobody's user but its own.
      case $((RANDOM % 2)) in
        0) kill -9 $(guardian | shuf -n 1) 2>/dev/null || true ;;
        1) timeout -s KILL "0.0$((RANDOM % 30 + 10))" "$probe" hold "$image" 0 image <&9 >/dev/null 2>&1 || true ;;
      esac
    done
    wait "$first"
    wait "$second"
  done
  "$probe" run "$image" 0 another true # removes what was left behind
  expect_clean
}

test_random_kills_as_ordinary_user() { as_user test_random_kills; }

# --- files ------------------------------------------------------------------------------------

test_a_replaced_file_is_mounted_beside_the_old_one() {
  begin_mounts
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    make_image "$image" hello
    started_holder 1 hold "$image" 0 image
    make_image "$image" world
    started_holder 2 hold "$image" 0 image
    expect_holder 2 mounted
    expect_text 1 hello
    expect_text 2 world
    expect_mounts 2
    kill_holder 1
    kill_holder 2
    expect_clean
  done
}

test_a_file_at_an_offset() {
  begin_mounts
  local offset
  for offset in 4096 40960 1000; do
    { head -c "$offset" /dev/urandom; cat "$image"; head -c 12345 /dev/urandom; } >long
    for CNTR_MOUNT_WITH in $(ways); do
      export CNTR_MOUNT_WITH
      started_holder 1 hold "$work/long" "$offset" image
      expect_text 1 hello
      cmp "$(path_of 1)/bin/busybox" tree/bin/busybox
      kill_holder 1
      expect_clean
    done
  done
}

test_offsets_as_ordinary_user() { as_user test_a_file_at_an_offset; }

test_a_file_without_padding_is_mounted() {
  begin_mounts
  mksquashfs tree bare.squashfs -quiet -no-progress -noappend -nopad >/dev/null
  started_holder 1 hold "$work/bare.squashfs" 0 bare
  expect_text 1 hello
  kill_holder 1
  expect_clean
}

test_names_with_everything_in_them() {
  begin_mounts
  local name=$'a, b\\c\n"d" \xff -o x'
  mkdir "$name"
  cp "$image" "$name/-o,image"
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    started_holder 1 hold "$work/$name/-o,image" 0 image
    expect_text 1 hello
    kill_holder 1
    expect_clean
    MOUNT_PROBE_PLACE=$work/$name/place started_holder 2 hold "$image" 0 image
    expect_equal content hello "$(cat "$name"/place/*/*/root/text)"
    kill_holder 2
    wait_until nothing_mounted
  done
}

test_what_is_no_squashfs_is_refused() {
  begin_mounts
  expect_code 1 "$probe" hold "$work/missing" 0 image
  expect_message "mount_probe: The squashfs file $work/missing does not exist"
  expect_code 1 "$probe" hold "$work/tree" 0 image
  expect_message "mount_probe: $work/tree is not a file"
  expect_code 1 "$probe" hold "$work/endless" 0 image
  expect_message "mount_probe: $work/endless is not a file"
  expect_code 1 "$probe" hold "$work/tree/bin/busybox" 0 image
  expect_message "mount_probe: $work/tree/bin/busybox is not a squashfs 4.0 file"
  expect_code 1 "$probe" hold "$image" 99999999999 image
  expect_message "mount_probe: $image at offset 99999999999 is not a squashfs 4.0 file"
  head -c 5000 "$image" >short
  expect_code 1 "$probe" hold "$work/short" 0 image
  expect_message "mount_probe: The squashfs file $work/short is truncated: it has 5000 of $(bytes_used) bytes"
  expect_clean
}

bytes_used() { od -An -t u8 -j 40 -N 8 "$image" | tr -d ' '; }
