# SIF files, and definitions.

need_sif_tools() {
  need squashfs-tools sh -c 'command -v mksquashfs && command -v unsquashfs'
  need python3 python3 --version
}

# make_sif <file> <text>: a SIF with busybox and /text, and the scripts in sif_env, if it is there.
make_sif() {
  rm -rf sif_root
  make_busybox_root sif_root
  mkdir -p sif_root/.singularity.d/env
  echo "$2" >sif_root/text
  [ ! -d sif_env ] || cp sif_env/* sif_root/.singularity.d/env/
  make_sif_of sif_root "$1"
}

# make_sif_of <directory> <file>, as the format says (pkg/sif of sylabs/sif).
make_sif_of() {
  rm -f sif.squashfs
  quietly mksquashfs "$1" sif.squashfs -quiet -no-progress -all-root
  python3 - "$2" sif.squashfs <<'PY'
import platform, struct, sys
code = {"x86_64": b"02\0", "aarch64": b"04\0", "i686": b"01\0"}.get(platform.machine(), b"00\0")
data = open(sys.argv[2], "rb").read()
offset, count = 40960, 48
header = (b"#!/usr/bin/env run-singularity\n\0" + b"SIF_MAGIC\0" + b"01\0" + code + bytes(16) +
          struct.pack("<8q", 0, 0, count - 1, count, 4096, 585 * count, offset, len(data)))
descriptor = struct.pack("<i?III7q", 0x4004, True, 1, 0xf0000001, 0, offset, len(data), len(data), 0, 0, 0, 0)
descriptor += bytes(128) + struct.pack("<ii", 1, 2) + code
descriptor += bytes(585 - len(descriptor))
with open(sys.argv[1], "wb") as out:
    out.write(header.ljust(4096, b"\0") + descriptor)
    out.seek(offset)
    out.write(data)
PY
}

test_a_sif_is_run() {
  need_bubblewrap
  need_sif_tools
  make_sif app.sif one
  begin_project <<<"cntr_add_image(app SIF $work/app.sif)
cntr_add_step(probe IMAGE app STDOUT seen.txt COMMAND cat /text)"
  configure
  build_and_expect probe
  expect_seen one
  build_and_expect ""
  # Moved, it is the same; overwritten in place, with its old time, it is not.
  mv app.sif other.sif
  sed -i "s|app.sif|other.sif|" project/CMakeLists.txt
  configure
  build_and_expect ""
  touch -r other.sif stamp
  make_sif new.sif two
  cat new.sif >other.sif
  touch -r stamp other.sif
  build_and_expect probe
  expect_seen two
}

# Which tells the results apart from those that were made before the scripts were read.
test_the_signature_tells_of_the_scripts_of_a_sif() {
  need_bubblewrap
  need_sif_tools
  make_sif app.sif one
  begin_project <<<"cntr_add_image(app SIF $work/app.sif)
cntr_add_image(tree ROOTFS $work/sif_root)
cntr_add_step(in_sif IMAGE app COMMAND true)
cntr_add_step(in_tree IMAGE tree COMMAND true)"
  configure
  build
  grep -xF "environment scripts" build/cntr/state/in_sif.signature
  ! grep environment build/cntr/state/in_tree.signature
}

# It has none of the sandbox's mount points, and needs no tool to be unpacked.
test_a_sif_is_mounted_where_it_lies() {
  need_bubblewrap
  need_sif_tools
  need squashfs-mounts test -e /dev/fuse -o -w /dev/loop-control
  make_sif app.sif one
  mkdir bin
  printf '#!/bin/sh\necho "$@" >>%s/unpacked\nexit 1\n' "$work" >bin/unsquashfs
  chmod +x bin/unsquashfs
  begin_project <<CMAKE
cntr_add_image(app SIF $work/app.sif)
cntr_add_step(probe IMAGE app RUNNER bubblewrap CACHE OFF STDOUT seen.txt COMMAND sh -c
  "cat /text; ls / | tr '\\n' ' '; echo x >/new || echo read-only")
CMAKE
  configure
  local way ways="squashfuse_ll squashfuse"
  [ "$(id -u)" != 0 ] || ways="kernel $ways"
  for way in $ways; do
    PATH=$work/bin:$PATH CNTR_MOUNT_WITH=$way build
    expect_seen one "bin build dev etc proc src text tmp read-only"
    rm build/seen.txt
  done
  expect_equal unpacked "" "$(cat unpacked 2>/dev/null || true)"
  expect_equal "images in the cache" "" "$(ls "$CNTR_CACHE_DIR/v1/images" | grep -vE '^pulled|lock$' || true)"
  CNTR_MOUNT_WITH=none build
  expect_seen one "bin build dev etc proc src text tmp read-only"
  expect_equal "images in the cache" 1 "$(find "$CNTR_CACHE_DIR/v1/images" -name rootfs | wc -l)"
}

test_ordinary_user_has_a_sif_mounted() { as_ordinary_user test_a_sif_is_mounted_where_it_lies; }

test_a_sif_with_a_writable_root() {
  need_bubblewrap
  need_sif_tools
  make_sif app.sif one
  begin_project <<CMAKE
cntr_add_image(app SIF $work/app.sif)
cntr_add_step(probe IMAGE app RUNNER bubblewrap WRITABLE_ROOT CACHE OFF STDOUT seen.txt COMMAND sh -c
  "cat /text; echo two >/text; cat /text; mkdir -p /opt/x")
CMAKE
  configure
  build
  expect_seen one two
  rm build/seen.txt
  build
  expect_seen one two
}

test_ordinary_user_has_a_sif_with_a_writable_root() { as_ordinary_user test_a_sif_with_a_writable_root; }

# The scripts that Apptainer writes, and what people write into %environment.
expect_scripts_to_set_variables() { # <runner>
  need_runner "$1"
  need_sif_tools
  mkdir sif_env
  cat >sif_env/10-docker2singularity.sh <<'SH'
#!/bin/sh
export PATH="/opt/tool:/bin"
export GREETING="${GREETING:-"hello \"you\""}"
export COLOUR="${COLOUR:-"red"}"
SH
  cat >sif_env/90-environment.sh <<'SH'
#!/bin/sh
# Custom environment shell code should follow
export DECLARED=script
export SECRET_WORD=script
set -- other words
LIST="$GREETING and $COLOUR"
export LIST
SH
  make_sif app.sif one
  begin_project <<'CMAKE'
cntr_add_image(app SIF ../app.sif)
foreach(root "" WRITABLE_ROOT)
  cntr_add_step(probe${root} IMAGE app RUNNER ${runner} ${root} STDOUT seen${root}.txt INPUTS probe.sh SECRETS SECRET_WORD
    ENVIRONMENT "DECLARED=a 'b' $" COLOUR=blue COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/probe.sh argument)
endforeach()
CMAKE
  cat >project/probe.sh <<'SH'
echo "$# $PATH $GREETING"
echo "$DECLARED; $LIST"
test "$SECRET_WORD" = hidden || echo "$SECRET_WORD"
set | grep -c __cntr || true
SH
  configure -Drunner="$1"
  export SECRET_WORD=hidden
  build
  cat >expected.txt <<'TEXT'
1 /opt/tool:/bin hello "you"
a 'b' $; hello "you" and blue
0
TEXT
  diff expected.txt build/seen.txt
  diff expected.txt build/seenWRITABLE_ROOT.txt
}

test_the_scripts_of_a_sif_set_variables() { expect_scripts_to_set_variables bubblewrap; }
test_podman_reads_the_scripts_of_a_sif() { expect_scripts_to_set_variables podman; }
test_ordinary_user_has_the_scripts_of_a_sif() { as_ordinary_user test_the_scripts_of_a_sif_set_variables; }

# As of images without a shell.
test_a_sif_without_a_shell_has_no_scripts() {
  need_bubblewrap
  need_sif_tools
  mkdir sif_env
  echo 'export GREETING=hello' >sif_env/90-environment.sh
  make_sif app.sif one
  rm sif_root/bin/sh
  make_sif_of sif_root app.sif
  begin_project <<<"cntr_add_image(app SIF $work/app.sif)
cntr_add_step(probe IMAGE app STDOUT seen.txt COMMAND env)"
  configure
  build
  ! grep GREETING build/seen.txt
}

test_sif_files_that_cannot_be_run() {
  need_sif_tools
  make_sif app.sif one
  begin_project <<<"cntr_add_image(app SIF $work/app.sif)"
  configure
  local prepare=(cntr image prepare build/cntr/images/app.yaml)
  "${prepare[@]}"
  head -c 50000 app.sif >cut.sif
  cat cut.sif >app.sif
  expect_code 2 "${prepare[@]}"
  expect_output "Image app: $work/app.sif: the SIF file is damaged: its root file system does not lie within the file"
  echo "no SIF" >app.sif
  expect_code 2 "${prepare[@]}"
  expect_output "Image app: $work/app.sif: it is not a SIF file"
  rm app.sif
  expect_code 2 "${prepare[@]}"
  expect_output "Image app: there is no file $work/app.sif"
}

test_a_definition_is_built_once() {
  need_bubblewrap
  need_sif_tools
  make_sif made.sif one
  # Apptainer is not everywhere: what it would make lies ready.
  mkdir bin
  printf '#!/bin/sh\necho "$@" >>%s/builds\ntest -e data.txt && cp %s/made.sif "$2"\n' "$work" "$work" >bin/apptainer
  chmod +x bin/apptainer
  PATH=$work/bin:$PATH
  begin_project <<<"cntr_add_image(app DEFINITION app.def)
cntr_add_step(probe IMAGE app STDOUT seen.txt COMMAND cat /text)"
  printf 'Bootstrap: docker\nFrom: debian:12\n%%files\n    data.txt /data\n%%post\n    true\n' >project/app.def
  echo data >project/data.txt
  configure
  build_and_expect probe
  expect_seen one
  rm -rf build
  configure
  build_and_expect "" probe
  expect_equal builds 1 "$(wc -l <builds)"
  echo more >>project/data.txt
  build_and_expect ""
  expect_equal builds 2 "$(wc -l <builds)"
  make_sif made.sif two
  build_and_expect ""
  (cd build && quietly cntr image build app)
  build_and_expect probe
  expect_seen two
  rm project/data.txt
  expect_code 2 cntr image prepare build/cntr/images/app.yaml
  expect_output "Image app: there is no $work/project/data.txt"
}
