# Decisions by content: what runs, and what does not, when times and bytes say different things.
# Of sources, outputs and stamps; inputs_suite.bash and actions_suite.bash go on.

# --- sources --------------------------------------------------------------------------------------

test_touching_runs_nothing() {
  only_cntr
  copy_tree
  tick
  touch in
  expect_clean
  touch -d '2001-01-01' in out
  expect_clean
  touch -d '+1 day' in out user
  expect_clean
  touch build.ninja
  expect_clean
}

test_an_edit_is_noticed() {
  copy_tree
  put in changed
  build_and_expect "out user"
  expect_file user changed
}

test_an_edit_with_an_older_time_is_noticed() {
  only_cntr
  copy_tree
  echo changed >in
  touch -d '2001-01-01' in
  build_and_expect "out user"
  expect_file user changed
}

test_an_edit_with_the_same_time_is_noticed() {
  only_cntr
  copy_tree
  keeping_times in put in changed
  build_and_expect "out user"
}

test_an_edit_of_equal_size_is_noticed() {
  only_cntr
  copy_tree
  keeping_times in sed -i 's/first/other/' in
  build_and_expect "out user"
  expect_file user "other text"
  keeping_times in dd if=<(printf first) of=in conv=notrunc status=none
  build_and_expect "out user"
  expect_file user "first text"
}

# The identity of a file that was written right after it was read can be the old one.
test_edits_at_once_are_noticed() {
  only_cntr
  copy_tree
  local i
  for ((i = 0; i < 30; ++i)); do
    printf 'text %03d\n' $i >in
    quietly "$NINJA"
    expect_file user "text $(printf %03d $i)"
  done
}

test_editing_and_reverting_runs_nothing() {
  only_cntr
  copy_tree
  put in changed
  put in $'first text\n'
  expect_clean
}

test_going_back_to_an_older_text_runs_again() {
  copy_tree
  put in changed
  build_and_expect "out user"
  put in $'first text\n'
  build_and_expect "out user"
  expect_file user "first text"
}

test_a_file_replaced_by_rename_with_an_old_time() {
  only_cntr
  copy_tree
  echo changed >new
  touch -d '2001-01-01' new
  mv new in
  build_and_expect "out user"
  cp -p in same
  mv same in
  expect_clean
}

test_two_files_that_swap_their_contents() {
  only_cntr
  manifest <<'MANIFEST'
build a: cat ina
build b: cat inb
MANIFEST
  echo aaa >ina
  echo bbb >inb
  touch -r ina inb
  ninja_
  mv ina x
  mv inb ina
  mv x inb
  build_and_expect "a b"
  expect_file a bbb
}

test_a_time_in_the_future() {
  only_cntr
  copy_tree
  echo changed >in
  touch -d '+1 year' in
  build_and_expect "out user"
  expect_clean
  keeping_times in sed -i 's/changed/CHANGED/' in
  build_and_expect "out user"
  expect_clean
}

test_an_input_that_is_edited_while_its_command_runs() {
  only_cntr
  manifest <<'MANIFEST'
rule slow
  command = echo $out >>../ran; cat $in >$out; echo >../read; sleep 0.3
build out: slow in
MANIFEST
  echo first >in
  start_build
  wait_until file_exists "$work/read"
  echo later >in
  wait "$build"
  expect_file out first
  expect_ran out
  build_and_expect out
  expect_file out later
  expect_clean
}

test_an_input_that_is_edited_and_gets_its_old_time_while_its_command_runs() {
  only_cntr
  manifest <<'MANIFEST'
rule slow
  command = echo $out >>../ran; cat $in >$out; echo >../read; sleep 0.3
build out: slow in
MANIFEST
  echo first >in
  start_build
  wait_until file_exists "$work/read"
  keeping_times in dd if=<(printf later) of=in conv=notrunc status=none
  wait "$build"
  build_and_expect out
  expect_file out later
}

test_a_header_that_is_edited_while_its_command_runs() {
  only_cntr
  local kind
  for kind in "" "deps = gcc"; do
    cat >build.ninja <<MANIFEST
rule slow
  command = echo \$out >>../ran; cat \$in a.h >\$out; echo >../read; sleep 0.3; echo "\$out: a.h" >\$out.d
  depfile = \$out.d
  $kind
build out: slow in
MANIFEST
    echo first >a.h
    touch in
    rm -rf out .cntr_ninja .ninja_* "$work/read" "$work/ran"
    start_build
    wait_until file_exists "$work/read"
    echo later >a.h
    wait "$build"
    build_and_expect out
    expect_file out later
    expect_clean
  done
}

# --- outputs --------------------------------------------------------------------------------------

test_an_output_overwritten_by_hand_is_made_again() {
  only_cntr
  copy_tree
  put out "by hand"
  build_and_expect out
  expect_file out "first text"
  put user "by hand"
  touch -d '+1 day' user
  build_and_expect user
  keeping_times out sed -i 's/first/FIRST/' out
  build_and_expect out
  expect_clean
}

test_a_deleted_output_is_made_again_alone() {
  only_cntr
  copy_tree
  rm out
  build_and_expect out
  expect_clean
}

test_the_same_bytes_written_by_hand_are_as_good() {
  only_cntr
  copy_tree
  cp out x
  mv x out
  expect_clean
}

test_early_cutoff_without_restat() {
  only_cntr
  manifest <<'MANIFEST'
build first: head in
build second: cat first
build third: cat second
MANIFEST
  printf 'one\ntwo\n' >in
  build_and_expect "first second third"
  put in $'one\nthree\n'
  build_and_expect first
  expect_clean
  put in $'other\nthree\n'
  build_and_expect "first second third"
}

test_two_outputs_with_one_inode() {
  only_cntr
  manifest <<'MANIFEST'
rule twice
  command = echo twice >>../ran; cat $in >one; ln -f one two
build one two: twice in
build user: cat two
MANIFEST
  echo text >in
  build_and_expect "twice user"
  expect_equal inode "$(inode one)" "$(inode two)"
  expect_clean
  put in changed
  build_and_expect "twice user"
  expect_file user changed
  put one "by hand"
  build_and_expect twice
  expect_file two changed
}

test_an_output_that_is_an_input_under_another_name() {
  only_cntr
  manifest <<'MANIFEST'
rule link
  command = echo $out >>../ran; ln -f $in $out
build linked: link in
build user: cat linked
MANIFEST
  echo text >in
  build_and_expect "linked user"
  expect_clean
  put in changed
  build_and_expect "linked user"
  expect_file user changed
}

# --- stamps ---------------------------------------------------------------------------------------

test_a_stamp_stands_for_what_its_command_did() {
  only_cntr
  manifest <<'MANIFEST'
rule stamp
  command = echo $out >>../ran; cp $in hidden; : >$out
rule use
  command = echo $out >>../ran; cat hidden >$out
build stamp: stamp in
build user: use stamp
MANIFEST
  echo text >in
  build_and_expect "stamp user"
  put in changed
  build_and_expect "stamp user"
  expect_file user changed
  expect_clean
  tick
  touch stamp in
  expect_clean
  rm stamp
  build_and_expect stamp
  sed -i 's/: >$out/: >$out; true/' build.ninja
  build_and_expect "stamp user"
}

test_a_chain_of_stamps() {
  only_cntr
  manifest <<'MANIFEST'
build a: touch in
build b: touch a
build c: touch b
MANIFEST
  echo text >in
  build_and_expect "a b c"
  put in changed
  build_and_expect "a b c"
  rm b
  build_and_expect b
  expect_clean
}

test_a_stamp_of_a_command_that_always_runs() {
  manifest <<'MANIFEST'
rule stamp
  command = echo $out >>../ran; date +%N >hidden; : >$out
rule use
  command = echo $out >>../ran; cat hidden >$out
build stamp: stamp | always
build always: phony
build user: use stamp
MANIFEST
  build_and_expect "stamp user"
  build_and_expect "stamp user"
  cmp user hidden
}

test_a_stamp_that_restat_leaves_alone() {
  manifest <<'MANIFEST'
rule stamp
  command = echo $out >>../ran; test -e $out || : >$out
  restat = 1
build stamp: stamp in
build user: touch stamp
MANIFEST
  echo text >in
  build_and_expect "stamp user"
  put in changed
  build_and_expect stamp
  expect_clean
}

test_an_empty_source_is_no_stamp() {
  only_cntr
  copy_tree
  : >in
  build_and_expect "out user"
  tick
  touch in
  expect_clean
  cp in x
  mv x in
  expect_clean
}
