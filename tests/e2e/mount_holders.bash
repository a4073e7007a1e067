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

# FUSE's device is closed to ordinary users on this machine, and open on most others.
as_user() { # <test function>
  need root test "$(id -u)" = 0
  need fuse chmod 666 /dev/fuse
  as_ordinary_user "$1"
}
