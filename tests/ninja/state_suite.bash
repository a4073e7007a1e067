# What cntr-ninja remembers between builds: damaged, torn, newer, deleted, and never wrong.

state=.cntr_ninja

state_tree() {
  only_cntr
  manifest <<'MANIFEST'
rule compile
  command = echo $out >>../ran; cat $in a.h >$out; echo $out: a.h >$out.d
  depfile = $out.d
  deps = gcc
build one: compile in
build two: head one
build three: cat two
MANIFEST
  echo text >in
  echo a >a.h
  build_and_expect "one three two"
  expect_clean
}

# An edit that only content shows: whatever happened to the state, it must not be missed.
expect_edit_to_be_noticed() {
  keeping_times a.h sed -i 's/.*/b/' a.h
  ninja_
  expect_file one "text
b"
  expect_clean
  keeping_times a.h sed -i 's/.*/a/' a.h
  ninja_
  expect_file one "text
a"
}

state_files() { find $state -type f -size +0 | sort; }

test_the_state_is_in_one_place() {
  state_tree
  expect_exists $state
  expect_equal "files beside it" "$(printf '%s\n' .ninja_deps .ninja_log a.h build.ninja in one three two)" \
    "$(find . -type f -not -path "./$state/*" -printf '%P\n' | sort)"
}

test_without_the_state_everything_still_works() {
  state_tree
  rm -rf $state
  ninja_
  expect_edit_to_be_noticed
  rm -rf $state .ninja_log .ninja_deps
  build_and_expect "one three two"
  expect_edit_to_be_noticed
}

test_an_empty_state_file() {
  state_tree
  local file
  for file in $(state_files); do
    : >"$file"
    expect_edit_to_be_noticed
  done
}

test_a_torn_state_file() {
  state_tree
  local file bytes
  for file in $(state_files); do
    for bytes in 1 7 20 100 1000; do
      head -c -$bytes "$file" >"$work/torn"
      cp "$work/torn" "$file"
      expect_edit_to_be_noticed
    done
  done
}

test_flipped_bits_in_the_state() {
  state_tree
  need python3 python3 --version
  local i
  for ((i = 0; i < 60; ++i)); do
    put in "text
$i
"
    ninja_
    python3 - $i $(state_files) <<'PYTHON'
import random, sys
rng = random.Random(int(sys.argv[1]))
path = rng.choice(sys.argv[2:])
content = bytearray(open(path, "rb").read())
for _ in range(rng.choice([1, 1, 5])):
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
open(path, "r+b").write(content)
PYTHON
    expect_same_as_from_scratch
  done
}

expect_same_as_from_scratch() {
  keeping_times a.h sed -i 's/.*/&x/' a.h
  ninja_
  expect_file one "$(cat in)
$(cat a.h)"
  expect_file two "$(head -n 1 in)"
  expect_file three "$(head -n 1 in)"
}

test_garbage_as_state() {
  state_tree
  local file
  for file in $(state_files); do
    head -c 5000 /dev/urandom >"$file"
    expect_edit_to_be_noticed
    head -c 300 /dev/zero >"$file"
    expect_edit_to_be_noticed
  done
}

test_an_edit_before_the_damage_is_found_is_not_missed() {
  state_tree
  keeping_times a.h sed -i 's/.*/b/' a.h
  printf 'garbage' >$state/state
  ninja_
  expect_output "ninja: warning: "
  expect_file one "text
b"
}

test_a_damaged_state_is_a_warning() {
  state_tree
  printf garbage >$state/state
  ninja_
  expect_output "ninja: warning: "
  ninja_
  expect_no_output_of warning
}

test_a_newer_version_of_the_state() {
  state_tree
  need python3 python3 --version
  # The version follows the eight bytes that name the format.
  python3 - $state/state <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as file:
    content = file.read()
    file.seek(8)
    file.write(bytes([content[8] + 1]))
PYTHON
  ninja_
  expect_output "ninja: warning: "
  expect_edit_to_be_noticed
}

test_the_state_of_another_tree() {
  state_tree
  mkdir other
  (
    cd other
    printf 'rule c\n  command = cat $in $in >$out\nbuild one: c in\nbuild three: c in\nbuild x: c in\n' >build.ninja
    echo text >in
    "$NINJA" >/dev/null
  )
  rm -rf $state
  cp -r other/$state .
  ninja_
  expect_file one "text
a"
  expect_file three "text"
  expect_edit_to_be_noticed
}

test_a_copied_tree() {
  state_tree
  cp -a . ../copy
  cd ../copy
  expect_clean
  expect_edit_to_be_noticed
  cd ..
  cp -r tree fresh
  cd fresh
  expect_clean
  expect_edit_to_be_noticed
}

test_a_tree_that_was_moved() {
  state_tree
  mv ../tree ../moved
  cd ../moved
  expect_clean
  expect_edit_to_be_noticed
}

test_an_older_state_put_back() {
  state_tree
  cp -r $state ../older
  put in $'other\n'
  ninja_
  rm -rf $state
  cp -r ../older $state
  ninja_
  expect_file three other
}

test_a_state_that_cannot_be_written() {
  state_tree
  [ "$(id -u)" != 0 ] || skip "root may write everywhere"
  chmod -R a-w $state
  put in $'other\n'
  ninja_
  expect_file three other
  chmod -R u+w $state
}

test_a_full_disk() {
  state_tree
  # Files of more than half a kilobyte cannot be written.
  put in $'other\n'
  (
    ulimit -f 1
    trap '' XFSZ
    "$NINJA" >"$work/last.log" 2>&1 || true
  )
  ninja_
  expect_file three other
  expect_clean
}

test_the_state_does_not_grow_without_end() {
  state_tree
  local i size
  for ((i = 0; i < 20; ++i)); do
    put in "text $i"
    ninja_
  done
  size=$(du -sb $state | cut -f 1)
  for ((i = 0; i < 200; ++i)); do
    printf '%s' "text $i" >in
    ninja_
  done
  [ "$(du -sb $state | cut -f 1)" -lt $((size + 60000)) ] || fail "it grew from $size to $(du -sb $state | cut -f 1) bytes"
}

test_what_was_built_before_a_kill_is_not_built_again() {
  only_cntr
  cat >build.ninja <<MANIFEST
rule cat
  command = echo \$out >>../ran; cat \$in >\$out
rule slow
  command = echo slow >>../ran; echo half >\$out; sleep 900.$$; cat \$in >\$out
build one: cat in
build two: cat one
build three: slow two
MANIFEST
  local mark=900.$$
  echo text >in
  start_build
  wait_until grep -qs slow "$work/ran"
  kill -KILL "$build"
  wait "$build" || true
  end_processes "$mark"
  sed -i 's/sleep 900[.0-9]*; //' build.ninja
  build_and_expect slow
  expect_file three text
  expect_clean
}

test_a_build_waits_for_another_and_not_for_a_dead_one() {
  only_cntr
  printf 'rule r\n  command = echo x >>../ran; sleep 0.4; : >$out\nbuild a: r\n' >build.ninja
  start_build
  wait_until file_exists "$work/ran"
  "$NINJA" >"$work/second.log" 2>&1
  wait "$build"
  expect_equal "commands" 1 "$(wc -l <"$work/ran")"
  rm a
  start_build
  wait_until file_exists "$work/ran"
  kill -KILL "$build"
  wait "$build" || true
  ninja_
  expect_exists a
}
