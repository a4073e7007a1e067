# Squashfs files, mounted once for all who use them: by the program mount_probe, as other programs of
# Cntr do it.

declare -A holders

begin_mounts() {
  need squashfs-tools mksquashfs -version
  export MOUNT_PROBE_PLACE=$work/place
  export CNTR_MOUNT_IDLE=0
  probe=$CNTR_E2E_PREFIX/libexec/cntr/mount_probe
  image=$work/image.squashfs
  mkfifo endless
  exec 9<>endless
  make_image "$image" hello
  need squashfs-mounts "$probe" run "$image" 0 trial true
  expect_clean
}

make_image() { # <file> <text>: a root file system with busybox and a file `text`
  if [ ! -d tree ]; then
    make_busybox_root tree
    mkdir -p tree/proc tree/dev tree/tmp
  fi
  echo "$2" >tree/text
  mksquashfs tree "$1.new" -quiet -no-progress -noappend -comp zstd -all-root >/dev/null
  mv "$1.new" "$1"
}

# The ways that work here for this user.
ways() { env -u CNTR_MOUNT_WITH "$probe" ways | sed -n 's/ ok$//p'; }
need_fuse() { need fuse grep -q squashfuse <(ways); }

# start_holder <number> <words of mount_probe>: it says how it went in holder.<number>.
start_holder() {
  rm -f "holder.$1"
  "$probe" "${@:2}" <&9 >"holder.$1" 2>&1 &
  holders[$1]=$!
}

started_holder() { # the same, when it has said so
  start_holder "$@"
  wait_until test -s "holder.$1"
}

# Signal 9 unless another is given.
kill_holder() { # <number> [<signal>]
  kill "-${2:-9}" "${holders[$1]}"
  wait "${holders[$1]}" 2>/dev/null || true
}

path_of() { sed 's/^[a-z]* //' "holder.$1"; }
expect_text() { expect_file "$(path_of "$1")/text" "$2"; } # <number> <text>
expect_holder() { expect_equal "holder $1" "$2" "$(cut -d ' ' -f 1 "holder.$1")"; }

mount_lines() { grep -F "/$(basename "$work")/" /proc/self/mountinfo || true; }
count_mounts() { mount_lines | wc -l; }
expect_mounts() { expect_equal "number of mounts" "$1" "$(count_mounts)"; }
nothing_mounted() { [ -z "$(mount_lines)" ]; }
guardian() { processes_with "cntr-mount.$work/place"; }
fuse_process() { processes_with "squashfuse.*$work/"; }
no_process() { [ -z "$(guardian)$(fuse_process)" ]; }

expect_clean() {
  wait_until nothing_mounted
  wait_until no_process
  expect_equal "left in the place" "" "$(find place -mindepth 1)"
  if losetup -a 2>/dev/null | grep -F "$work/"; then fail "a loop device is left"; fi
}

kill_guardian() {
  local pid
  for pid in $(guardian); do kill -9 "$pid"; done
  wait_until eval '[ -z "$(guardian)" ]'
}

kill_fuse_process() {
  local pid
  for pid in $(fuse_process); do kill -9 "$pid"; done
  wait_until eval '[ -z "$(fuse_process)" ]'
}

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

# FUSE's device is closed to ordinary users on this machine, and open on most others.
as_user() { # <test function>
  need root test "$(id -u)" = 0
  need fuse chmod 666 /dev/fuse
  as_ordinary_user "$1"
}

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

# --- sandboxes and users ----------------------------------------------------------------------

test_bubblewrap_shows_it() {
  begin_mounts
  need_bubblewrap
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    expect_equal "in the sandbox" hello "$("$probe" run "$image" 0 image \
      bwrap --ro-bind '{}' / --proc /proc --dev /dev --unshare-all /bin/cat /text)"
    expect_clean
  done
}

test_bubblewrap_shows_it_to_an_ordinary_user() { as_user test_bubblewrap_shows_it; }

# Root's sandboxes run steps as others.
test_another_user_sees_it_in_a_sandbox_of_root() {
  begin_mounts
  need_bubblewrap
  need root test "$(id -u)" = 0
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    expect_equal "in the sandbox" hello "$("$probe" run "$image" 0 image \
      bwrap --ro-bind '{}' / --unshare-user --uid 4711 --gid 4711 /bin/cat /text)"
    expect_clean
  done
}

test_docker_shows_it() {
  begin_mounts
  need_docker
  need root test "$(id -u)" = 0
  tar -C tree -c . | docker import - "cntr-mount-test-$$" >/dev/null
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    expect_equal "in the container" hello "$("$probe" run "$image" 0 image \
      docker run --rm --network none -v '{}:/mounted:ro' "cntr-mount-test-$$" cat /mounted/text)"
    expect_clean
  done
  docker rmi "cntr-mount-test-$$" >/dev/null
}

test_roots_mount_is_used_by_others() {
  begin_mounts
  need root test "$(id -u)" = 0
  local theirs=(setpriv --reuid=65534 --regid=65534 --clear-groups
    env MOUNT_PROBE_PLACE="$work/theirs/place" MOUNT_PROBE_SHARED_PLACE="$work/place")
  need ordinary-user "${theirs[@]}" test -x "$probe"
  need fuse chmod 666 /dev/fuse
  chmod 755 "$work"
  mkdir -m 700 theirs
  chown 65534:65534 theirs
  chmod 644 "$image"
  started_holder 1 hold "$image" 0 image
  "${theirs[@]}" "$probe" hold "$image" 0 image <&9 >holder.2 &
  holders[2]=$!
  wait_until test -s holder.2
  expect_holder 2 joined
  expect_equal "place" "$(path_of 1)" "$(path_of 2)"
  # Their lock counts.
  kill_holder 1
  sleep 0.3
  expect_mounts 1
  kill -9 "${holders[2]}"
  expect_clean
  # Root's own files are not shown to others by a mount.
  chown 65534:65534 "$image"
  chmod 600 "$image"
  started_holder 3 hold "$image" 0 image
  "${theirs[@]}" "$probe" hold "$image" 0 image <&9 >holder.4 &
  holders[4]=$!
  wait_until test -s holder.4
  expect_holder 4 mounted
  expect_failure "${theirs[@]}" ls "$(path_of 3)"
  kill_holder 3
  kill -9 "${holders[4]}"
  expect_clean
  wait_until eval '[ -z "$(find theirs -mindepth 2)" ]'
}

test_a_place_that_others_may_write_is_not_used() {
  begin_mounts
  mkdir -p bad/place
  chmod 777 bad/place
  expect_equal "in an open place" "not possible: $work/bad/place may be written by others" \
    "$(MOUNT_PROBE_PLACE=$work/bad/place "$probe" hold "$image" 0 image)" || true
  need root test "$(id -u)" = 0
  mkdir -p -m 755 alien/place
  chown 65534 alien/place
  expect_equal "in another's place" "not possible: $work/alien/place belongs to another user" \
    "$(MOUNT_PROBE_PLACE=$work/alien/place "$probe" hold "$image" 0 image)" || true
}

# --- what works here --------------------------------------------------------------------------

test_without_a_way_it_says_why() {
  begin_mounts
  CNTR_MOUNT_WITH=none expect_code 4 "$probe" hold "$image" 0 image
  expect_message "not possible: CNTR_MOUNT_WITH is none"
  mkdir empty
  CNTR_MOUNT_WITH=squashfuse_ll,squashfuse PATH=$work/empty expect_code 4 "$probe" hold "$image" 0 image
  expect_message "not possible: squashfuse_ll is not on PATH; squashfuse is not on PATH"
  expect_clean
  CNTR_MOUNT_WITH=fuse expect_code 1 "$probe" hold "$image" 0 image
  expect_message 'mount_probe: CNTR_MOUNT_WITH: "fuse" is no way to mount' \
    "  It is kernel, squashfuse_ll, squashfuse, several of these with commas between them, or none."
  CNTR_MOUNT_IDLE=soon expect_code 1 "$probe" hold "$image" 0 image
  expect_output "mount_probe: CNTR_MOUNT_IDLE: "
}

test_the_kernel_is_for_root_as_ordinary_user() { as_user without_root; }
without_root() {
  begin_mounts
  need ordinary-user test "$(id -u)" != 0
  CNTR_MOUNT_WITH=kernel expect_code 4 "$probe" hold "$image" 0 image
  expect_message "not possible: the kernel mounts squashfs files only for root"
}

test_every_way_can_be_tried() {
  begin_mounts
  quietly "$probe" ways
  expect_equal "ways" "kernel squashfuse_ll squashfuse " "$(cut -d ' ' -f 1 last.log | tr '\n' ' ')"
  [ "$(id -u)" != 0 ] || need squashfs-by-kernel grep -x "kernel ok" last.log
  need fuse grep -x "squashfuse_ll ok" last.log
  need fuse grep -x "squashfuse ok" last.log
}

test_doctor_says_how_files_are_mounted() {
  begin_mounts
  need_bubblewrap
  expect_code 0 cntr doctor
  expect_output "ok      squashfs    $(ways | head -n 1) "
  expect_code 3 env PATH=/nowhere CNTR_MOUNT_WITH=squashfuse "$CNTR_E2E_PREFIX/bin/cntr" doctor
  expect_output "not ok  squashfs"
  expect_output "          Mounting squashfs files: squashfuse is not on PATH"
  expect_output "          Install squashfuse and fuse3 (Debian: apt install squashfuse fuse3)."
  CNTR_MOUNT_WITH=none expect_code 0 cntr doctor
  expect_output "          Squashfs files are not mounted."
}

# On a busy machine the processes of others take their time.
test_joining_takes_less_than_a_millisecond() {
  begin_mounts
  local time try
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    for try in 1 2 3 4 5; do
      time=$("$probe" times "$image" 0 image 300)
      echo "$CNTR_MOUNT_WITH: $time microseconds"
      [ "$time" -ge 1000 ] || break
    done
    [ "$time" -lt 1000 ] || fail "joining took $time microseconds"
    expect_clean
  done
}
