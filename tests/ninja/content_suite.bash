# Decisions by content: what runs, and what does not, when times and bytes say different things.

copy_tree() {
  manifest <<'MANIFEST'
build out: cat in
build user: cat out
MANIFEST
  echo 'first text' >in
  build_and_expect "out user"
}

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

# --- discovered inputs ----------------------------------------------------------------------------

header_tree() { # [<binding>]
  cat >build.ninja <<MANIFEST
rule compile
  command = echo \$out >>../ran; cat \$in \$\$(cat list) >\$out; { printf '%s:' \$out; printf ' %s' \$in \$\$(cat list); echo; } >\$out.d
  depfile = \$out.d
  ${1-deps = gcc}
build out: compile in
MANIFEST
  echo a.h >list
  echo a >a.h
  echo in >in
  build_and_expect out
}

test_headers_go_by_content() {
  only_cntr
  local kind
  for kind in "" "deps = gcc"; do
    header_tree "$kind"
    tick
    touch a.h
    expect_clean
    keeping_times a.h sed -i 's/a/b/' a.h
    build_and_expect out
    expect_file out "in
b"
    rm -rf .cntr_ninja .ninja_* out*
  done
}

test_a_header_that_has_vanished_makes_its_users_again() {
  local kind
  for kind in "" "deps = gcc"; do
    header_tree "$kind"
    rm a.h
    put list ""
    build_and_expect out
    expect_file out in
    expect_clean
    put list a.h
    echo a >a.h
    touch in
    expect_equal "still clean by content" "$(is_cntr && echo 0 || echo 1)" "$("$NINJA" -n | grep -c '^\[' || true)"
    rm -rf .cntr_ninja .ninja_* out*
  done
}

test_a_header_that_becomes_generated() {
  header_tree
  cat >>build.ninja <<'MANIFEST'
rule cat
  command = echo $out >>../ran; cat $in >$out
build a.h: cat a.in
MANIFEST
  echo a >a.in
  sed -i 's/^build out: compile in/& || a.h/' build.ninja
  tick
  build_and_expect "a.h $(is_cntr || echo out)"
  put a.in changed
  build_and_expect "a.h out"
  expect_file out "in
changed"
}

test_a_generated_header_with_equal_bytes() {
  only_cntr
  cat >build.ninja <<'MANIFEST'
rule head
  command = echo $out >>../ran; head -n 1 $in >$out
rule compile
  command = echo $out >>../ran; cat $in made.h >$out; echo $out: made.h >$out.d
  depfile = $out.d
  deps = gcc
build made.h: head made.in
build out: compile in || made.h
MANIFEST
  printf 'one\ntwo\n' >made.in
  touch in
  build_and_expect "made.h out"
  put made.in $'one\nthree\n'
  build_and_expect made.h
  put made.in $'two\nthree\n'
  build_and_expect "made.h out"
}

# --- kinds of inputs ------------------------------------------------------------------------------

test_order_only_inputs_only_order() {
  manifest <<'MANIFEST'
build out: cat in || order
build order: cat source
MANIFEST
  echo text >in
  echo text >source
  build_and_expect "order out"
  put source changed
  build_and_expect order
}

# `user` begins to read what only stands behind an edge that has nothing to do itself.
test_order_reaches_through_clean_edges() {
  cat >build.ninja <<'MANIFEST'
rule slow
  command = echo $out >>../ran; sleep 0.4; cat $in >$out
rule cat
  command = echo $out >>../ran; cat $in >$out
rule compile
  command = echo $out >>../ran; cat $$(cat $in) >$out; echo $out: $$(cat $in) >$out.d
  depfile = $out.d
  deps = gcc
build made.h: slow made.in
build middle: cat in || made.h
build alias: phony || middle
build user: compile user.in || alias
MANIFEST
  echo one >made.in
  touch in other.h
  echo other.h >user.in
  build_and_expect "made.h middle user"
  put made.in two
  put user.in made.h
  build_and_expect "made.h user"
  expect_file user two
}

test_a_new_or_lost_implicit_input_runs_its_user() {
  only_cntr
  manifest <<'MANIFEST'
build out: cat in
MANIFEST
  echo text >in
  echo old >other
  touch -d '2001-01-01' other
  build_and_expect out
  sed -i 's/^build out: cat in/& | other/' build.ninja
  build_and_expect out
  expect_clean
  sed -i 's/ | other//' build.ninja
  build_and_expect out
}

test_a_directory_goes_by_its_listing() {
  only_cntr
  manifest <<'MANIFEST'
rule list
  command = echo $out >>../ran; ls $in >$out
build out: list dir
MANIFEST
  mkdir dir
  touch dir/a dir/b
  build_and_expect out
  echo changed >dir/a
  touch -d '2001-01-01' dir
  expect_clean
  touch dir/c
  rm dir/c
  expect_clean
  keeping_times dir touch dir/c
  build_and_expect out
  expect_file out $'a\nb\nc'
  mv dir/a dir/d
  build_and_expect out
  rm -r dir/d
  build_and_expect out
}

test_symbolic_links() {
  only_cntr
  manifest <<'MANIFEST'
build out: cat link
MANIFEST
  echo one >one
  echo two >two
  cp one same
  ln -s one link
  build_and_expect out
  ln -sfn same link
  expect_clean
  ln -sfn two link
  build_and_expect out
  keeping_times two sed -i 's/two/TWO/' two
  build_and_expect out
  expect_file out TWO
  rm link
  cp two link
  expect_clean
}

test_a_link_to_a_directory_goes_by_the_listing() {
  only_cntr
  manifest <<'MANIFEST'
rule list
  command = echo $out >>../ran; ls $in/ >$out
build out: list link
MANIFEST
  mkdir dir
  ln -s dir link
  build_and_expect out
  touch dir/a
  build_and_expect out
  expect_file out a
}

test_aliases_stand_for_their_inputs() {
  only_cntr
  manifest <<'MANIFEST'
build out: touch | all
build all: phony some | more
build some: phony a b || order
build order: cat order.in
MANIFEST
  touch a b more order.in
  build_and_expect "order out"
  tick
  touch a b more
  expect_clean
  put b changed
  build_and_expect out
  put more changed
  build_and_expect out
  put order.in changed
  build_and_expect order
}

test_always_new_inputs_run_their_users_and_stop_at_equal_bytes() {
  only_cntr
  manifest <<'MANIFEST'
build out: cat in | deep
build deep: phony always
build always: phony
build user: cat out
MANIFEST
  echo text >in
  build_and_expect "out user"
  build_and_expect out
  build_and_expect out
  touch always
  build_and_expect out
  expect_clean
}

# --- actions --------------------------------------------------------------------------------------

test_a_changed_command_runs() {
  copy_tree
  sed -i 's/cat $in >$out/cat $in $in >$out/' build.ninja
  build_and_expect "out user"
}

test_a_changed_command_with_the_same_result_stops_there() {
  only_cntr
  copy_tree
  sed -i 's/^build out: cat in/rule other\n  command = echo $out >>..\/ran; cat <$in >$out\nbuild out: other in/' build.ninja
  build_and_expect out
  expect_clean
}

test_what_does_not_change_the_command_runs_nothing() {
  copy_tree
  sed -i '1i # a comment' build.ninja
  sed -i 's/^build out: cat in/&\n  description = other/' build.ninja
  expect_clean
  printf 'build unrelated: phony\n%s\n' "$(cat build.ninja)" >build.ninja
  expect_clean
}

test_moving_statements_to_another_file_runs_nothing() {
  copy_tree
  mv build.ninja part.ninja
  echo 'include part.ninja' >build.ninja
  expect_clean
}

test_an_edge_that_comes_back_is_clean() {
  copy_tree
  cp build.ninja whole.ninja
  sed -i '/^build user/d' build.ninja
  expect_clean
  cp whole.ninja build.ninja
  expect_clean
}

test_a_failed_command_runs_again() {
  only_cntr
  manifest <<'MANIFEST'
rule check
  command = echo $out >>../ran; cat $in >$out; grep -q good $in
build out: check in
MANIFEST
  echo good >in
  build_and_expect out
  put in bad
  expect_failure "$NINJA"
  expect_ran out
  expect_failure "$NINJA"
  expect_ran out
  put in $'good\n'
  build_and_expect out
  expect_file out good
  expect_clean
}

test_the_program_of_a_command() {
  only_cntr
  mkdir bin
  printf '#!/bin/sh\necho $2 >>../ran; cat $1 >$2\n' >bin/tool
  chmod +x bin/tool
  cat >build.ninja <<'MANIFEST'
rule direct
  command = bin/tool $in $out
rule by_path
  command = tool $in $out
rule behind
  command = env X=y ccache bin/tool $in $out
rule after_cd
  command = cd . && bin/tool $in $out
build direct: direct in
build by_path: by_path in
build behind: behind in
build after_cd: after_cd in
MANIFEST
  printf '#!/bin/sh\nexec "$@"\n' >bin/ccache
  chmod +x bin/ccache
  export PATH=$PWD/bin:$PATH
  echo text >in
  build_and_expect "after_cd behind by_path direct"
  tick
  touch bin/tool
  expect_clean
  echo '# a new release' >>bin/tool
  build_and_expect "after_cd behind by_path direct"
  expect_clean
  keeping_times bin/tool sed -i 's/new release/NEW RELEASE/' bin/tool
  build_and_expect "after_cd behind by_path direct"
}

test_another_program_of_that_name_in_the_path() {
  only_cntr
  mkdir one two
  printf '#!/bin/sh\necho $2 >>../ran; cat $1 >$2\n' >one/tool
  printf '#!/bin/sh\necho $2 >>../ran; cat $1 $1 >$2\n' >two/tool
  chmod +x one/tool two/tool
  printf 'rule r\n  command = tool $in $out\nbuild out: r in\n' >build.ninja
  echo text >in
  local path=$PATH
  PATH=$PWD/one:$path build_and_expect out
  PATH=$PWD/one:$path expect_clean
  PATH=$PWD/two:$PWD/one:$path build_and_expect out
  expect_file out "text
text"
  PATH=$PWD/two:$PWD/one:$path expect_clean
}

test_variables_that_the_project_names() {
  only_cntr
  copy_tree
  FLAGS=1 expect_clean
  sed -i '1i CNTR_SIGNATURE_ENV = FLAGS' build.ninja
  FLAGS=1 build_and_expect "out user"
  FLAGS=1 expect_clean
  FLAGS=2 build_and_expect "out user"
  OTHER=1 FLAGS=2 expect_clean
  build_and_expect "out user"
  expect_clean
}

test_variables_that_the_user_names() {
  only_cntr
  copy_tree
  export CNTR_SIGNATURE_ENV="FLAGS MORE"
  FLAGS=1 build_and_expect "out user"
  FLAGS=1 expect_clean
  FLAGS=1 MORE=2 build_and_expect "out user"
  unset CNTR_SIGNATURE_ENV
}

# --- explanations ---------------------------------------------------------------------------------

test_explanations_name_what_changed() {
  only_cntr
  manifest <<'MANIFEST'
build out: cat in more
MANIFEST
  touch in more
  ninja_
  put more changed
  ninja_ -d explain
  expect_output "more"
  expect_output "ninja explain: "
  expect_no_output_of "explain: in "
  rm out
  ninja_ -d explain
  expect_output "out"
  sed -i 's/ more$//' build.ninja
  ninja_ -d explain
  expect_output "command"
}

# --- two builds at once ---------------------------------------------------------------------------

test_two_builds_of_one_directory_do_not_mix() {
  only_cntr
  manifest <<'MANIFEST'
rule slow
  command = echo $out >>../ran; sleep 0.2; cat $in >$out
build a: slow in
build b: slow a
MANIFEST
  echo text >in
  start_build
  wait_until file_exists "$work/ran"
  "$NINJA" >"$work/second.log" 2>&1
  wait "$build"
  expect_ran a b
  expect_clean
}
