# Trees that ninja has built, and going back to it. $NINJA_STOCK is the ninja of these tests; those of
# going back need one that reads version 7 of .ninja_log.

# A tree with every kind of edge, in which each command says that it ran.
full_tree() {
  cat >build.ninja <<'MANIFEST'
rule cat
  command = echo $out >>../ran; cat $in >$out
rule compile
  command = echo $out >>../ran; cat $in a.h made.h >$out; printf '%s: \\\n %s a.h made.h\n' $out $in >$out.d
  depfile = $out.d
  deps = gcc
rule old_compile
  command = echo $out >>../ran; cat $in a.h >$out; printf '%s: \\\n %s a.h\n' $out $in >$out.d
  depfile = $out.d
rule keep
  command = echo $out >>../ran; cmp -s $in $out || cp $in $out
  restat = 1
rule stamp
  command = echo $out >>../ran; : >$out
rule list
  command = echo $out >>../ran; cat $out.rsp >$out
  rspfile = $out.rsp
  rspfile_content = $in_newline
rule again
  command = echo $out >>../ran; cp $in $out
  generator = 1
rule scan
  command = echo $out >>../ran; printf 'ninja_dyndep_version = 1\nbuild dyn: dyndep | extra\n' >$out
rule multi
  command = echo $out >>../ran; cat $in >multi; cat $in >multi2
build made.h: cat in
build deep/one.o: compile in || made.h
build two.o: old_compile in
build kept: keep in
build kept_user: cat kept
build stamp: stamp deep/one.o two.o
build stamped: cat in | stamp
build list: list deep/one.o two.o
build generated: again in
build more: phony generated kept_user
build multi multi2: multi in
build dd: scan in
build dyn: cat in || dd
  dyndep = dd
build extra: cat in
build all: phony more list stamped multi dyn
default all
MANIFEST
  echo in >in
  echo a >a.h
}

built_by_stock() {
  need_stock
  full_tree
  quietly "$stock"
  rm -f "$work/ran"
  quietly "$stock" -n
  expect_message "ninja: no work to do."
}

test_nothing_is_built_again_in_a_tree_of_ninja() {
  only_cntr
  built_by_stock
  expect_clean
  expect_clean
  expect_missing "$work/ran"
}

test_a_tree_with_builddir_and_other_manifest() {
  only_cntr
  need_stock
  full_tree
  sed -i '1i builddir = state' build.ninja
  mv build.ninja other.ninja
  quietly "$stock" -f other.ninja
  ran >/dev/null
  expect_clean -f other.ninja
}

test_content_counts_after_the_adoption() {
  only_cntr
  built_by_stock
  ninja_
  tick
  touch in a.h
  build_and_expect generated
  expect_clean
  keeping_times a.h put a.h changed
  build_and_expect "deep/one.o list stamp stamped two.o"
}

test_edits_before_the_adoption_are_noticed() {
  only_cntr
  built_by_stock
  put a.h changed
  build_and_expect "deep/one.o list stamp stamped two.o"
  expect_file two.o "in
changed"
  expect_clean
}

test_commands_changed_before_the_adoption_are_noticed() {
  only_cntr
  built_by_stock
  sed -i 's/cat $in a.h made.h >/cat a.h made.h >/' build.ninja
  build_and_expect "deep/one.o list stamp stamped"
  expect_file deep/one.o "a
in"
}

test_outputs_missing_at_the_adoption_are_made() {
  only_cntr
  built_by_stock
  rm two.o kept
  build_and_expect "kept kept_user list stamp stamped two.o"
  expect_clean
}

test_a_log_without_deps_makes_again_what_needs_them() {
  only_cntr
  built_by_stock
  rm .ninja_deps
  build_and_expect deep/one.o
  expect_clean
}

test_damaged_logs_are_no_wrong_answer() {
  only_cntr
  built_by_stock
  head -c 100 /dev/urandom >.ninja_deps
  ninja_
  put a.h changed
  ninja_
  expect_file two.o "in
changed"
  rm -rf .cntr_ninja
  echo '# ninja log v99' >.ninja_log
  ninja_
  expect_clean
  rm -rf .cntr_ninja
  head -c 1000 /dev/urandom >.ninja_log
  ninja_
  expect_clean
}

test_half_of_a_log_is_adopted() {
  only_cntr
  built_by_stock
  head -c -10 .ninja_log >log
  mv log .ninja_log
  ninja_
  [ "$(ran | wc -w)" -le 3 ] || fail "more than what the torn end spoke of was made again"
  expect_clean
}

test_a_tree_adopted_in_part() {
  only_cntr
  built_by_stock
  expect_clean two.o
  expect_clean
}

test_builds_of_both_in_turn() {
  only_cntr
  need_reader_of_v7
  full_tree
  ninja_
  put in $'changed\n'
  quietly "$stock"
  ran >/dev/null
  ninja_
  expect_file two.o "changed
a"
  expect_clean
  quietly "$stock"
  expect_file two.o "changed
a"
  keeping_times a.h sed -i 's/a/b/' a.h
  ninja_
  expect_file two.o "changed
b"
}

# --- the logs that are kept -----------------------------------------------------------------------

test_the_log_of_ninja_is_kept() {
  only_cntr
  full_tree
  ninja_
  expect_equal header "# ninja log v7" "$(head -n 1 .ninja_log)"
  local out
  for out in made.h deep/one.o two.o kept kept_user stamp stamped list generated multi multi2 dd dyn extra; do
    expect_equal "entries of $out" 1 "$(cut -f 4 .ninja_log | grep -cx "$out")"
  done
  expect_equal "lines that are not entries" 0 \
    "$(tail -n +2 .ninja_log | grep -cvE '^[0-9]+	[0-9]+	[0-9]+	[^	]+	[0-9a-f]+$' || true)"
}

test_going_back_to_ninja() {
  only_cntr
  need_reader_of_v7
  full_tree
  ninja_
  quietly "$stock" -n
  expect_message "ninja: no work to do."
  quietly "$stock" -t deps deep/one.o
  expect_output "made.h"
  put a.h changed
  ninja_
  quietly "$stock" -n
  expect_message "ninja: no work to do."
}

test_going_back_to_ninja_after_an_adoption() {
  only_cntr
  need_reader_of_v7
  built_by_stock
  expect_clean
  quietly "$stock" -n
  expect_message "ninja: no work to do."
}

test_the_log_stays_small() {
  only_cntr
  manifest <<'MANIFEST'
build out: cat in
MANIFEST
  local i
  for ((i = 0; i < 150; ++i)); do
    echo $i >in
    ninja_
  done
  [ "$(wc -l <.ninja_log)" -lt 140 ] || fail "the log is never compacted: $(wc -l <.ninja_log) lines"
}
