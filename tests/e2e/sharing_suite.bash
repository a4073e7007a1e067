# One cache for many, and a cache in trouble: the build is right, and says what is wrong.

# slow (in.txt) -> slow.txt; grow (slow.txt) -> tree/; other (other.txt) -> other.txt
sharing_project() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(slow IMAGE box
  COMMAND sh -c "sleep 0.2; cat"
  STDIN in.txt STDOUT slow.txt)
cntr_add_step(grow IMAGE box
  COMMAND sh -c "mkdir -p tree/sub; cp slow.txt tree/sub/copy; ln -s sub/copy tree/link"
  INPUTS slow OUTPUT_DIRECTORIES tree)
cntr_add_step(other IMAGE box
  COMMAND cp ${CMAKE_CURRENT_SOURCE_DIR}/other.txt other.txt
  INPUTS other.txt OUTPUTS other.txt)
CMAKE
  echo slow >project/in.txt
  echo other >project/other.txt
}

built_project() {
  sharing_project
  configure
  build
}

expect_right_outputs() { # [<build directory>]
  expect_file "${1:-build}/slow.txt" "$(cat project/in.txt)"
  expect_file "${1:-build}/tree/link" "$(cat project/in.txt)"
  expect_file "${1:-build}/other.txt" "$(cat project/other.txt)"
}

remove_outputs() { rm -rf build/slow.txt build/tree build/other.txt; }

expect_no_output() { # <fixed text>
  if grep -qF -e "$1" "$work/last.log"; then
    fail "this is in the last output: $1"
  fi
}

# The build works as before, with the cache and without a warning.
expect_working_cache() {
  remove_outputs
  build_and_expect "" "grow other slow"
  expect_no_output "warning"
  expect_right_outputs
  expect_sound_cache
}

# --- several builds at once -------------------------------------------------------------------

make_checkouts() { # <name>...
  for source_dir in "$@"; do
    rm -rf "${work:?}/$source_dir"
    cp -a project "$source_dir"
    build_dir=$work/$source_dir/build
    source_dir=$work/$source_dir
    configure
  done
}

# Also the image is unpacked by both.
build_at_once() { # <name>...
  local name
  local -A builds=()
  for name in "$@"; do
    cmake --build "$name/build" -- -j2 >"$name.log" 2>&1 &
    builds[$name]=$!
  done
  for name in "$@"; do
    wait "${builds[$name]}" || { cat "$name.log" && fail "the build of $name"; }
  done
}

results_in() { # <result> <name>...: how many steps ended so
  local result=$1
  shift
  cat "${@/%//build/cntr/journal.jsonl}" | grep -cF "\"result\":\"$result\"" || true
}

test_two_checkouts_at_once_on_an_empty_cache() {
  sharing_project
  local round name
  for round in 1 2 3 4 5; do
    echo "round $round" >project/in.txt
    rm -rf cache
    make_checkouts ada bob
    build_at_once ada bob
    for name in ada bob; do expect_right_outputs "$name/build"; done
    expect_equal "steps of round $round" 6 \
      $(($(results_in executed ada bob) + $(results_in restored ada bob)))
    expect_equal "warnings" "" "$(grep -h warning ada.log bob.log || true)"
    expect_sound_cache
  done
  make_checkouts carol
  build_at_once carol
  expect_equal "steps restored in a third checkout" 3 "$(results_in restored carol)"
}

test_the_second_run_of_a_step_waits() {
  sharing_project
  sed -i 's/sleep 0.2/sleep 1.5/' project/CMakeLists.txt
  configure
  mark
  cntr image prepare build/cntr/images/box.yaml
  cntr run build/cntr/steps/slow.yaml >first.log 2>&1 &
  local first=$!
  while ! [ -d build/cntr/work/slow ]; do sleep 0.01; done
  quietly cntr run build/cntr/steps/slow.yaml
  expect_output "cntr: warning: step slow is being run by another process; waiting for it"
  wait "$first"
  expect_file first.log ""
  expect_file build/slow.txt slow
  expect_executed slow
  expect_equal "steps found current" slow "$(steps_with_result current)"
}

# --- a full disk ------------------------------------------------------------------------------

# The cache on a small file system of its own, which goes with this shell.
small_cache() { # <size>
  need mounts unshare -m mount -t tmpfs none /mnt
  export CNTR_CACHE_DIR=$work.cache
  mkdir "$CNTR_CACHE_DIR"
  mount -t tmpfs -o "size=$1,mode=0755" cntr-e2e "$CNTR_CACHE_DIR"
  trap 'umount -l "$CNTR_CACHE_DIR"; rmdir "$CNTR_CACHE_DIR"' EXIT
}

fill_disk() { dd if=/dev/zero of="$CNTR_CACHE_DIR/filler" bs=4k status=none 2>/dev/null || true; }
make_room() { rm "$CNTR_CACHE_DIR/filler"; }

test_a_full_disk_is_warned_of_and_the_build_is_right() {
  sharing_project
  small_cache 16m
  configure
  build
  fill_disk
  seq 1 20000 >project/in.txt
  echo changed >project/other.txt
  build_and_expect "grow other slow"
  expect_output "cntr: warning: Cannot add to the cache at $CNTR_CACHE_DIR, so steps will run again: "
  expect_output "No space left on device"
  expect_right_outputs

  make_room
  echo again >project/in.txt
  build_and_expect "grow slow"
  expect_no_output "warning"
  expect_right_outputs
  remove_outputs
  build
  expect_right_outputs
  expect_working_cache
}

test_a_disk_that_was_full_from_the_beginning() {
  sharing_project
  sed -i 's/IMAGE box/HOST/' project/CMakeLists.txt
  small_cache 1m
  fill_disk
  configure
  build_and_expect "grow other slow"
  expect_output "cntr: warning: Cannot use the cache at $CNTR_CACHE_DIR, so every step runs: "
  expect_right_outputs
  build_and_expect ""
  make_room
  remove_outputs
  build_and_expect "grow other slow"
  expect_no_output "warning"
  expect_working_cache
}

# Some of a result still fits in, or the blobs but not the row.
test_a_disk_that_fills_up_in_the_middle() {
  sharing_project
  small_cache 16m
  configure
  build
  local kilobytes
  for kilobytes in 4 12 28 64 128 160 256; do
    fill_disk
    truncate -s "-${kilobytes}K" "$CNTR_CACHE_DIR/filler"
    seq 1 "200$kilobytes" >project/in.txt
    echo "$kilobytes kB are free" >project/other.txt
    build_and_expect "grow other slow"
    expect_right_outputs
    make_room
    expect_sound_cache
  done
  remove_outputs
  build
  expect_right_outputs
  expect_working_cache
}

# An image lies in the cache: there the message must say what is full.
test_an_image_that_finds_no_room() {
  sharing_project
  small_cache 1m
  configure
  expect_failure cmake --build build
  expect_output "cntr: error: "
  expect_output "Image box: "
  expect_output "No space left on device"
  mount -o remount,size=32m "$CNTR_CACHE_DIR"
  build_and_expect "grow other slow"
  expect_working_cache
}

# --- a cache that cannot be used --------------------------------------------------------------

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp "$@"; }

build_as_nobody() { quietly as_nobody cmake --build build -- -j2; }

# As root, what an ordinary user builds must lie where that user may write.
configure_as_nobody() {
  need ordinary-user as_nobody test -x "$CNTR_E2E_PREFIX/bin/cntr"
  chmod 755 "$CNTR_E2E_DIR" "$work"
  mkdir build
  chown 65534:65534 build
  quietly as_nobody cmake -S "$source_dir" -B build -DCMAKE_PREFIX_PATH="$CNTR_E2E_PREFIX"
}

test_a_cache_that_may_only_be_read() {
  sharing_project
  sed -i 's/IMAGE box/HOST/' project/CMakeLists.txt
  mkdir -m 555 cache
  configure_as_nobody
  mark
  build_as_nobody
  expect_output "cntr: warning: Cannot use the cache at $CNTR_CACHE_DIR, so every step runs: "
  expect_output "Permission denied"
  expect_executed grow other slow
  expect_right_outputs
}

# Somebody else has filled it: its results and images serve, and nothing can be added.
test_a_cache_of_another_user_that_may_only_be_read() {
  umask 022
  built_project
  find cache -type d -exec chmod 755 {} + -o -type f -exec chmod a+r {} +
  rm -rf build
  configure_as_nobody
  mark
  build_as_nobody
  expect_restored grow other slow
  expect_right_outputs
  echo changed >project/other.txt
  mark
  build_as_nobody
  expect_output "cntr: warning: Cannot add to the cache at $CNTR_CACHE_DIR, so steps will run again: "
  expect_executed other
  expect_right_outputs
}

expect_refused_cache() { # <value> <message>
  CNTR_CACHE_DIR=$1 expect_failure cntr run build/cntr/steps/other.yaml
  expect_output "cntr: error: $2"
  local code=0
  CNTR_CACHE_DIR=$1 quietly cntr cache status || code=$?
  expect_equal "exit code of cntr cache status" 2 "$code"
  expect_output "cntr: error: $2"
}

test_a_cache_directory_must_be_an_absolute_path() {
  built_project
  rm -rf build/other.txt
  expect_refused_cache "some/cache" 'CNTR_CACHE_DIR is "some/cache", which is not an absolute path'
  expect_refused_cache "" 'CNTR_CACHE_DIR is empty'
  [ ! -e some ] && [ ! -e build/other.txt ]
}

# --- damage -----------------------------------------------------------------------------------

# As a copy that was torn off: what SQLite keeps beside the database is gone.
without_log() { rm -f cache/v1/cache.db-wal cache/v1/cache.db-shm; }

expect_database_set_aside() {
  expect_output "cntr: warning: The cache database $CNTR_CACHE_DIR/v1/cache.db is damaged; it was set aside as cache.db.damaged-"
  ls cache/v1/cache.db.damaged-* >/dev/null
}

test_a_damaged_database_is_set_aside() {
  built_project
  without_log
  dd if=/dev/urandom of=cache/v1/cache.db bs=1k count=64 status=none
  remove_outputs
  build_and_expect "grow other slow"
  expect_database_set_aside
  expect_right_outputs
  expect_working_cache
}

# The first page is whole, so the damage is met later: when a row is looked up.
test_a_database_that_is_damaged_inside() {
  built_project
  local tries
  for ((tries = 0; tries < 20; ++tries)); do
    [ -e cache/v1/cache.db-wal ] || break
    quietly cntr cache clear  # in the end SQLite moves its log into the database
  done
  [ ! -e cache/v1/cache.db-wal ]
  dd if=/dev/urandom of=cache/v1/cache.db bs=4k seek=1 count=6 conv=notrunc status=none
  remove_outputs
  build_and_expect "grow other slow"
  expect_database_set_aside
  expect_right_outputs
  expect_working_cache
}

test_an_empty_database_starts_anew() {
  built_project
  without_log
  : >cache/v1/cache.db
  remove_outputs
  build_and_expect "grow other slow"
  expect_right_outputs
  expect_working_cache
}

blob_of() { # <file>
  local digest
  digest=$(sha256sum <"$1")
  echo "cache/v1/blobs/${digest:0:2}/${digest:2:62}"
}

damage_blob() { # <file whose content it has>
  blob=$(blob_of "$1")
  test -f "$blob"
  chmod u+w "$blob"
  printf X | dd of="$blob" conv=notrunc status=none
  chmod u-w "$blob"
}

test_a_damaged_blob_of_a_file_is_made_again() {
  built_project
  damage_blob build/other.txt
  expect_failure cntr cache verify
  expect_output "The blob $(sha256sum <build/other.txt | cut -d ' ' -f 1) is damaged"
  remove_outputs
  build_and_expect "other" "grow slow"
  expect_output "cntr: warning: A blob in the cache at $CNTR_CACHE_DIR is damaged, so the step that made it runs again: "
  expect_right_outputs
  expect_working_cache
}

test_a_damaged_blob_in_a_directory_is_made_again() {
  built_project
  cp build/slow.txt keep.txt
  rm -rf build/tree
  damage_blob keep.txt
  build
  expect_file build/tree/link slow
  expect_working_cache
}
