# What runs again and what does not: counters of executions and hits.

# upper (in.txt) -> upper.txt -> count -> count.txt; other (other.txt) -> other-copy.txt
chain_project() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(upper IMAGE box
  COMMAND tr a-z A-Z
  STDIN in.txt STDOUT upper.txt)
cntr_add_step(count IMAGE box
  COMMAND wc -c
  STDIN ${CMAKE_CURRENT_BINARY_DIR}/upper.txt STDOUT count.txt)
cntr_add_step(other IMAGE box
  COMMAND cp ${CMAKE_CURRENT_SOURCE_DIR}/other.txt other-copy.txt
  INPUTS other.txt OUTPUTS other-copy.txt
  ENVIRONMENT GREETING=hello)
CMAKE
  echo hello >project/in.txt
  echo other >project/other.txt
  configure
}

test_first_build_runs_all_and_second_none() {
  chain_project
  build_and_expect "count other upper"
  expect_file build/upper.txt HELLO
  expect_file build/count.txt 6
  build_and_expect ""
}

test_touching_every_input_runs_nothing() {
  chain_project
  build
  touch project/in.txt project/other.txt
  find project/root -exec touch -h {} +
  build_and_expect "" ""
}

test_one_changed_byte_runs_what_is_affected() {
  chain_project
  build
  echo world, >project/in.txt
  build_and_expect "count upper"
  expect_file build/count.txt 7
}

test_equal_bytes_stop_what_is_downstream() {
  chain_project
  build
  echo HELLO >project/in.txt
  build_and_expect "upper"
  expect_file build/upper.txt HELLO
}

test_a_changed_argument_runs_its_step() {
  chain_project
  build
  sed -i 's/tr a-z A-Z/tr a-y A-Y/' project/CMakeLists.txt
  build_and_expect "upper"
}

test_a_changed_variable_runs_its_step() {
  chain_project
  build
  sed -i 's/GREETING=hello/GREETING=bye/' project/CMakeLists.txt
  build_and_expect "other"
}

test_a_changed_image_file_runs_its_users() {
  chain_project
  build
  echo 'new' >project/root/etc/motd
  build_and_expect "count other upper"
  rm project/root/etc/motd
  build_and_expect "" "count other upper"
}

test_deleted_outputs_are_restored() {
  chain_project
  build
  rm build/upper.txt build/count.txt build/other-copy.txt
  build_and_expect "" "count other upper"
  expect_file build/upper.txt HELLO
  expect_file build/other-copy.txt other
}

test_a_to_b_to_a_runs_nothing() {
  chain_project
  build
  echo world, >project/in.txt
  build
  echo hello >project/in.txt
  build_and_expect "" "count upper"
  expect_file build/count.txt 6
}

test_a_deleted_build_tree_is_all_hits() {
  chain_project
  build
  rm -rf build
  configure
  build_and_expect "" "count other upper"
}

test_a_moved_checkout_is_all_hits() {
  chain_project
  build
  rm -rf build
  mkdir elsewhere
  mv project "elsewhere/pro ject"
  source_dir="$work/elsewhere/pro ject"
  build_dir="$work/elsewhere/bui ld"
  configure
  build_and_expect "" "count other upper"
  expect_file "$build_dir/count.txt" 6
}

test_another_user_hits_in_a_shared_cache() {
  need ordinary-user setpriv --reuid=65534 --regid=65534 --clear-groups true
  chain_project
  rm -rf build
  mkdir -m 1777 cache
  chmod 1777 cache
  umask 000
  chmod 755 "$work" "$CNTR_E2E_DIR"
  configure
  build
  cp -r project nobody-project
  chown -R 65534:65534 nobody-project
  source_dir=$work/nobody-project
  build_dir=$work/nobody-build
  mkdir "$build_dir"
  chown 65534:65534 "$build_dir"
  need ordinary-user setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$CNTR_E2E_PREFIX/bin/cntr"
  as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp)
  quietly "${as_nobody[@]}" cmake -S "$source_dir" -B "$build_dir" -DCMAKE_PREFIX_PATH="$CNTR_E2E_PREFIX"
  mark
  quietly "${as_nobody[@]}" cmake --build "$build_dir"
  expect_executed
  expect_restored count other upper
  echo changed >nobody-project/in.txt
  mark
  quietly "${as_nobody[@]}" cmake --build "$build_dir"
  expect_executed count upper
  expect_equal owner 65534 "$(stat -c %u "$build_dir/upper.txt")"
}

test_make_drives_it_as_well() {
  export CMAKE_GENERATOR="Unix Makefiles"
  chain_project
  build_and_expect "count other upper"
  build_and_expect ""
  touch project/in.txt
  build_and_expect ""
  echo world, >project/in.txt
  build_and_expect "count upper"
  expect_file build/count.txt 7
  rm build/count.txt
  build_and_expect "" "count"
}

# list (a directory) -> list.txt
directory_project() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(list IMAGE box
  COMMAND sh -c "cd ${CMAKE_CURRENT_SOURCE_DIR}/data && find . | sort | xargs ls -ld | sed 's/ .* / /' && cat $(find . -type f | sort)"
  INPUT_DIRECTORIES data STDOUT list.txt)
CMAKE
  ln -s busybox project/root/bin/xargs
  mkdir -p project/data/sub
  echo one >project/data/one
  echo two >project/data/sub/two
  configure
  build
}

directory_changes() {
  build_and_expect ""
  echo three >project/data/sub/three && build_and_expect "list"
  rm project/data/sub/three && build_and_expect "" "list"
  mv project/data/one project/data/uno && build_and_expect "list"
  mv project/data/uno project/data/one && build_and_expect "" "list"
  chmod +x project/data/one && build_and_expect "list"
  chmod -x project/data/one && build_and_expect "" "list"
  mkdir project/data/empty && build_and_expect "list"
  rmdir project/data/empty && build_and_expect "" "list"
  echo TWO >project/data/sub/two && touch -d 2001-01-01 project/data/sub/two && build_and_expect "list"
  cp project/data/one keep
  cp project/data/sub/two project/data/one
  cp keep project/data/sub/two && build_and_expect "list"
}

test_directories_are_tracked_under_ninja() {
  directory_project
  directory_changes
}

test_directories_are_tracked_under_make() {
  export CMAKE_GENERATOR="Unix Makefiles"
  directory_project
  directory_changes
}

test_a_file_edited_in_a_directory_output_is_repaired() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(grow IMAGE box
  COMMAND sh -c "mkdir -p tree/a && echo x > tree/a/f && ln -s a/f tree/link && echo y > tree/g"
  OUTPUT_DIRECTORIES tree)
cntr_add_step(use IMAGE box
  COMMAND cat ${CMAKE_CURRENT_BINARY_DIR}/tree/link
  INPUT_DIRECTORIES ${CMAKE_CURRENT_BINARY_DIR}/tree STDOUT used.txt)
CMAKE
  configure
  build_and_expect "grow use"
  expect_file build/used.txt x
  echo edited >build/tree/a/f
  touch -d 2001-01-01 build/tree/a/f
  build_and_expect "" "grow"
  expect_file build/tree/a/f x
  echo extra >build/tree/extra
  build_and_expect "" "grow"
  [ ! -e build/tree/extra ]
}

test_swapped_contents_run_again() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(join IMAGE box
  COMMAND cat ${CMAKE_CURRENT_SOURCE_DIR}/a ${CMAKE_CURRENT_SOURCE_DIR}/b
  INPUTS a b STDOUT joined.txt)
CMAKE
  echo a >project/a
  echo b >project/b
  configure
  build
  echo b >project/a
  echo a >project/b
  build_and_expect "join"
  expect_file build/joined.txt "b
a"
  chmod +x project/a
  build_and_expect "join"
}
