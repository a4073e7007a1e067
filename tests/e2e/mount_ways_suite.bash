# Who sees a mount: sandboxes and other users; and the ways in which files are mounted.

source "$here/mount_holders.bash"

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

# A holder of the image that ${theirs[@]} starts, when it has said so.
their_holder() { # <number>
  "${theirs[@]}" "$probe" hold "$image" 0 image <&9 >"holder.$1" &
  holders[$1]=$!
  wait_until test -s "holder.$1"
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
  their_holder 2
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
  their_holder 4
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
