# Decisions by content: commands, their programs and variables; explanations; two builds at once.

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
  PATH=$PWD/two:$PWD/one:$path build_and_expect out -d explain
  expect_output "program $PWD/one/tool: PATH leads to another"
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
  FLAGS=2 build_and_expect "out user" -d explain
  expect_output "ninja explain: named variables: changed"
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

test_what_failed_says_so() {
  only_cntr
  printf 'rule cat\n  command = cat $in >$out && test -s $in\nbuild out: cat in\n' >build.ninja
  echo text >in
  ninja_
  put in ""
  expect_code 1 "$NINJA"
  put in "other"
  ninja_ -d explain
  expect_message "ninja explain: the last run failed, or an input changed while it ran" \
    "[1/1] cat in >out && test -s in"
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
