# Packed images: packed once, mounted once for all who use them, and gone with the last of them.

need_mounts() { need squashfs-mounts test -e /dev/fuse -o -w /dev/loop-control; }

# packed_project: 8 steps in one image, which wait for the file `go` in their work directories; standard
# input is added.
packed_project() {
  need_bubblewrap
  need_mounts
  export CNTR_MOUNT_IDLE=0
  make_busybox_root project/root
  basename "$work" >project/root/unique
  begin_project < <(cat <<'CMAKE'
foreach(i RANGE 1 8)
  cntr_add_step(step${i} IMAGE box RUNNER bubblewrap TIMEOUT 2min STDOUT seen${i}.txt OUTPUTS made${i} COMMAND
    sh -c "touch started; while ! test -e go; do sleep 0.05; done; ls /; touch made${i}")
endforeach()
CMAKE
    cat)
  configure
  quietly cmake --build build --target box
  packed=image-$(image_identity box | cut -c1-12)
}

image_identity() { sed -n "s,^identity: sha256:,,p" "build/cntr/images/$1.identity"; }

# The ways that work here for this user.
ways() {
  local ways="squashfuse_ll squashfuse"
  [ "$(id -u)" != 0 ] || ways="kernel $ways"
  echo "$ways"
}

places() { find /run/cntr/mounts "/tmp/cntr-$(id -u)/mounts" -name "$packed-*" 2>/dev/null || true; }
mount_lines() { grep -F "/$packed-" /proc/self/mountinfo || true; }
guardian() { processes_with "cntr-mount.*/$packed-"; }
fuse_process() { processes_with "squashfuse.*/$packed-"; }
expect_mounts() { expect_equal "number of mounts" "$1" "$(mount_lines | wc -l)"; }
is_gone() { [ -z "$(places)$(mount_lines)$(guardian)$(fuse_process)" ]; }

count() { find "$CNTR_CACHE_DIR/v1/images" -name "$1" | wc -l; }
expect_packed() {
  expect_equal "packed images" 1 "$(count image.sqfs)"
  expect_equal trees 0 "$(count rootfs)"
}

all_started() { [ "$(ls build/cntr/work/step*/build/started 2>/dev/null | wc -l)" = 8 ]; }
let_go() {
  local directory
  for directory in build/cntr/work/step*/build; do touch "$directory/go"; done
}

start_steps() {
  cmake --build build -- -j8 >steps.log 2>&1 &
  builder=$!
  wait_until all_started
}

end_steps() {
  let_go
  wait "$builder" || { cat steps.log && fail "the build failed"; }
}

forget_results() {
  quietly cntr cache clear
  rm -rf build/cntr/state build/cntr/work build/seen* build/made*
}

# --- sharing ----------------------------------------------------------------------------------

test_eight_steps_at_once_share_one_mount() {
  packed_project
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    start_steps
    expect_mounts 1
    expect_equal guardians 1 "$(guardian | wc -l)"
    expect_packed
    end_steps
    wait_until is_gone
    for place in build dev proc src tmp; do grep -qx "$place" build/seen1.txt; done
    expect_packed
    forget_results
  done
}

test_ordinary_user_shares_one_mount() { as_ordinary_user test_eight_steps_at_once_share_one_mount; }

test_an_image_is_the_same_bytes_again() {
  packed_project
  local file
  file=$CNTR_CACHE_DIR/v1/images/$(image_identity box)/image.sqfs
  start_steps
  end_steps
  sha256sum "$file" >first.sum
  forget_results
  test ! -e "$file"
  start_steps
  end_steps
  quietly sha256sum -c first.sum
}

# --- accidents --------------------------------------------------------------------------------

# kill_all <process...>: none of them has time to react.
kill_all() {
  kill -STOP "$@"
  kill -KILL "$@"
}

# What has the build to do with; but for those who mount.
builders() { echo "$builder" $(processes_with "cntr.run.*$work") $(processes_with "cntr-supervisor.*$work"); }

test_a_mount_goes_when_all_its_users_are_killed() {
  packed_project
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    start_steps
    expect_mounts 1
    kill_all $(builders)
    wait "$builder" 2>/dev/null || true
    wait_until is_gone
    forget_results
  done
}

# The guardian too, and the FUSE process: the next who mounts finds it.
test_a_mount_that_all_left_is_repaired() {
  packed_project
  for CNTR_MOUNT_WITH in $(ways); do
    export CNTR_MOUNT_WITH
    start_steps
    kill_all $(builders) $(guardian) $(fuse_process)
    wait "$builder" 2>/dev/null || true
    expect_nothing_left
    expect_mounts 1
    rm -r build/cntr/work
    start_steps
    expect_mounts 1
    expect_equal guardians 1 "$(guardian | wc -l)"
    end_steps
    wait_until is_gone
    forget_results
  done
}

test_ordinary_user_has_mounts_that_go() { as_ordinary_user test_a_mount_goes_when_all_its_users_are_killed; }
test_ordinary_user_has_mounts_repaired() { as_ordinary_user test_a_mount_that_all_left_is_repaired; }

test_a_mount_that_died_between_two_steps() {
  packed_project <<'CMAKE'
foreach(name IN ITEMS first second)
  cntr_add_step(${name} IMAGE box EXCLUDE_FROM_ALL STDOUT ${name}.txt COMMAND cat /unique)
endforeach()
CMAKE
  export CNTR_MOUNT_IDLE=1h CNTR_MOUNT_WITH=squashfuse_ll
  quietly cmake --build build --target first
  expect_mounts 1
  kill -KILL $(fuse_process)
  wait_until eval '[ -z "$(fuse_process)" ]'
  quietly cmake --build build --target second
  expect_file build/second.txt "$(basename "$work")"
  kill -TERM $(guardian)
  wait_until is_gone
}

# --- where it cannot be mounted ---------------------------------------------------------------

test_an_image_is_unpacked_where_nothing_mounts_and_says_so_once() {
  packed_project
  export CNTR_MOUNT_WITH=none
  start_steps
  end_steps
  expect_equal warnings 1 "$(grep -c 'cntr: warning: image box was unpacked, because squashfs files cannot be mounted here (CNTR_MOUNT_WITH is none)' steps.log)"
  expect_equal "packed images" 0 "$(count image.sqfs)"
  expect_equal trees 1 "$(count rootfs)"
  for place in build dev proc src tmp; do grep -qx "$place" build/seen1.txt; done
}

# --- what is written --------------------------------------------------------------------------

test_a_writable_root_lies_over_the_mount() {
  packed_project <<'CMAKE'
cntr_add_step(change IMAGE box RUNNER bubblewrap CACHE OFF WRITABLE_ROOT EXCLUDE_FROM_ALL STDOUT changed.txt
  COMMAND sh -c "set -e; cat /unique; echo new >/unique; cat /unique; rm /bin/dd; mkdir -p /etc/a/b; ls /etc")
CMAKE
  local way
  for way in $(ways); do
    CNTR_MOUNT_WITH=$way quietly cmake --build build --target change
    expect_file build/changed.txt "$(basename "$work")"$'\nnew\na\npasswd'
    rm build/changed.txt
    wait_until is_gone
  done
  # An ordinary user cannot write over files of others, as those in a mount are.
  [ "$(id -u)" = 0 ] || return 0
  expect_packed
}

test_ordinary_user_has_a_writable_root() { as_ordinary_user test_a_writable_root_lies_over_the_mount; }

# --- damage -----------------------------------------------------------------------------------

test_a_layout_with_a_corrupt_blob_leaves_nothing() {
  need_bubblewrap
  make_image app
  begin_project <<CMAKE
cntr_add_image(app OCI_LAYOUT $work/layout:app)
cntr_add_step(probe IMAGE app STDOUT seen.txt COMMAND echo fine)
CMAKE
  configure
  local layer size
  layer=$(find layout/blobs -type f -size +100k)
  size=$(stat -c %s "$layer")
  cp "$layer" whole
  printf 'X' | dd of="$layer" bs=1 seek=$((size / 2)) conv=notrunc status=none
  expect_code 2 cntr run build/cntr/steps/probe.yaml
  expect_output "Image app: "
  expect_equal images "" "$(ls "$CNTR_CACHE_DIR/v1/images" | grep -vE '\.lock$|^pulled$' || true)"
  expect_equal scratch "" "$(ls "$CNTR_CACHE_DIR/v1/tmp")"
  cp whole "$layer"
  build
  expect_seen fine
}
