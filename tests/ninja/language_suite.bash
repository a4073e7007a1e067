# The manifest language: what is built from it.

# --- variables ------------------------------------------------------------------------------------

test_escapes() {
  cat >build.ninja <<'MANIFEST'
two words = not a variable
MANIFEST
  expect_failure "$NINJA"
  cat >build.ninja <<'MANIFEST'
a = 1
b.c = 2
d-e_F = 3
value = $a${a}x ${b.c} $d-e_F $$ $: $
        continued $ kept
rule say
  command = say $value<$in|$out>
build o$ u$:t$$: say in$ 1 in$:2
MANIFEST
  commands_are "say 11x 2 3 \$ : continued  kept<'in 1' 'in:2'|'o u:t\$'>"
}

test_newline_escape() {
  since 1.14
  printf 'ninja_required_version = 1.14\nrule r\n  command = echo $msg >$out\nbuild out: r\n  msg = one$^echo two\n' >build.ninja
  ninja_
  expect_output one
  expect_file out two
}

test_variables_of_rules_are_looked_up_late() {
  cat >build.ninja <<'MANIFEST'
x = early
rule say
  command = say $x $y
  description = $x
build a: say
build b: say
  x = own
build c: say
  y = now $x
x = late
MANIFEST
  commands_are "say late " "say own " "say late now early"
}

test_variables_of_a_build_statement_do_not_see_its_paths() {
  cat >build.ninja <<'MANIFEST'
in = file
rule say
  command = say $mine $in
build a: say b
  mine = <$in>
build b: phony
MANIFEST
  commands_are "say <file> b"
}

test_rule_variables_may_use_each_other() {
  cat >build.ninja <<'MANIFEST'
rule say
  command = say $depfile $description
  depfile = $out.d
  description = $more
build a: say
  more = of the edge
MANIFEST
  commands_are "say a.d of the edge"
}

test_include_shares_and_subninja_nests() {
  cat >build.ninja <<'MANIFEST'
x = outer
rule say
  command = say $x $z $out
include part.ninja
build a: say
subninja sub.ninja
build b: say
MANIFEST
  echo 'z = of part' >part.ninja
  cat >sub.ninja <<'MANIFEST'
build sub1: say
x = inner
build sub2: say
rule say
  command = other $x $out
build sub3: say
MANIFEST
  commands_are "say outer of part a" "say inner of part sub1" "say inner of part sub2" \
    "other inner sub3" "say outer of part b"
}

test_paths_are_made_canonical() {
  manifest <<'MANIFEST'
build ./out//x/../one: cat ././in
build two: cat out/one
MANIFEST
  echo text >in
  build_and_expect "out/one two"
  expect_file two text
  expect_clean out/../out/./one
}

test_paths_are_quoted_for_the_shell() {
  manifest <<'MANIFEST'
rule copy
  command = cat $in >$out
build with$ blank: copy it's 'quoted' a&b a$$b
build normal-._+=/x: copy with$ blank
MANIFEST
  local name
  for name in "it's" "'quoted'" "a&b" 'a$b'; do echo "$name" >"$name"; done
  ninja_
  expect_file normal-._+=/x "it's
'quoted'
a&b
a\$b"
}

test_comments_and_blank_lines() {
  printf '\n# comment\n   # indented comment\nrule r # not a comment\n' >build.ninja
  expect_failure "$NINJA"
  printf '# c\nrule r\n  # c\n  command = echo "#" $x\n\nx = a # b\n# c\nbuild a: r\n  # c\n' >build.ninja
  commands_are 'echo "#" a # b'
}

test_carriage_returns() {
  printf 'rule r\r\n  command = echo $x\r\nx = a $\r\n  b\r\nbuild a: r\r\n' >build.ninja
  commands_are 'echo a b'
}

test_a_manifest_may_end_without_a_newline() {
  printf 'rule r\n  command = echo x\nbuild a: r' >build.ninja
  expect_failure "$NINJA" -t commands
  expect_output "unexpected EOF"
}

# --- build statements -----------------------------------------------------------------------------

test_all_kinds_of_inputs_and_outputs() {
  manifest <<'MANIFEST'
rule two
  command = echo $out >>../ran; cat $in >$out; cp $out hidden
build main | hidden: two a | b || order |@ check
build order: touch
build check: touch
build last: cat hidden
default last
MANIFEST
  echo a >a
  echo b >b
  build_and_expect "check last main order"
  expect_file hidden a
  put b "b2"
  build_and_expect "$(is_cntr && echo main || echo last main)"
  tick
  touch -d '+1 minute' order
  build_and_expect ""
}

test_a_missing_output_is_made_each_time() {
  manifest <<'MANIFEST'
rule nothing
  command = echo $out >>../ran
build a: nothing
MANIFEST
  build_and_expect a
  build_and_expect a
}

test_folders_of_outputs_are_made() {
  manifest <<'MANIFEST'
build x/y/z: cat in
MANIFEST
  echo text >in
  build_and_expect x/y/z
  expect_file x/y/z text
}

test_phony_is_an_alias() {
  manifest <<'MANIFEST'
build all: phony middle
build middle: phony a b
build a: cat in
build b: cat in
build never: cat in
default all
MANIFEST
  echo text >in
  build_and_expect "a b"
  expect_clean
  expect_clean middle
}

test_phony_without_inputs_stands_for_a_source() {
  manifest <<'MANIFEST'
build out: cat source
build source: phony
MANIFEST
  echo one >source
  build_and_expect out
  expect_clean
  put source two
  build_and_expect out
}

test_phony_without_inputs_or_file_is_always_new() {
  manifest <<'MANIFEST'
build out: cat in | always
build always: phony
build user: cat out
MANIFEST
  echo text >in
  build_and_expect "out user"
  build_and_expect "$(is_cntr && echo out || echo out user)"
}

test_no_default_builds_all_roots() {
  manifest <<'MANIFEST'
build a: cat in
build b: cat in
build c: cat b
MANIFEST
  echo text >in
  build_and_expect "a b c"
}

test_default_statements_add_up() {
  manifest <<'MANIFEST'
name = c
build a: cat in
build b: cat in
build c: cat in
default a
default ${name}
MANIFEST
  echo text >in
  build_and_expect "a c"
}

test_validations_are_built_and_not_waited_for() {
  manifest <<'MANIFEST'
rule slow
  command = sleep 0.3; echo $out >>../ran; : >$out
build out: cat in |@ check
build check: slow out
build used: cat out
MANIFEST
  echo text >in
  ninja_ used
  expect_file "$work/ran" "out
used
check"
  expect_clean used
  rm check
  build_and_expect check used
}

test_response_files() {
  manifest <<'MANIFEST'
rule from_file
  command = echo $out >>../ran; cat $out.rsp >$out
  rspfile = $out.rsp
  rspfile_content = $in_newline $text
build out: from_file a b$ c
  text = one
MANIFEST
  touch a "b c"
  build_and_expect out
  expect_file out "a
'b c' one"
  expect_missing out.rsp
  expect_clean
  sed -i 's/text = one/text = two/' build.ninja
  build_and_expect out
  sed -i 's/cat $out.rsp >$out/cat $out.rsp >$out; exit 1/' build.ninja
  expect_failure "$NINJA"
  expect_file out.rsp "a
'b c' two"
}

test_depfiles() {
  local kind
  for kind in "" "deps = gcc"; do
    cat >build.ninja <<MANIFEST
rule compile
  command = echo \$out >>../ran; cat \$in \`cat list\` >\$out; echo \$out: \$in \`cat list\` >\$out.d
  depfile = \$out.d
  $kind
build deep/out: compile in
MANIFEST
    echo in >in
    echo a.h >list
    echo a >a.h
    build_and_expect deep/out
    expect_clean
    put a.h changed
    build_and_expect deep/out
    put unrelated.h changed
    expect_clean
    tick
    rm a.h
    put list ""
    build_and_expect deep/out
    expect_clean
    rm -rf deep .ninja_* .cntr*
  done
}

test_depfile_of_gcc_is_deleted() {
  manifest <<'MANIFEST'
rule compile
  command = cp $in $out; printf '%s: \\\n  %s \\\n a\\ b.h $$$$x.h\n\na\\ b.h:\n' $out $in >$out.d
  depfile = $out.d
  deps = gcc
build out: compile in
MANIFEST
  touch in "a b.h" '$x.h'
  ninja_
  expect_missing out.d
  ninja_ -t deps out
  expect_output "#deps 3"
  expect_output "    a b.h"
  expect_output '    $x.h'
}

test_depfile_that_is_wrong_is_an_error() {
  manifest <<'MANIFEST'
rule compile
  command = cp $in $out; echo 'no colon' >$out.d
  depfile = $out.d
  deps = gcc
build out: compile in
MANIFEST
  touch in
  expect_failure "$NINJA"
  expect_output "expected ':' in depfile"
}

test_msvc_includes() {
  cat >build.ninja <<'MANIFEST'
msvc_deps_prefix = Includes:
rule compile
  command = echo $out >>../ran; echo in.cc; echo "Includes:   a.h"; echo other line; cat $in a.h >$out
  deps = msvc
build out: compile in
MANIFEST
  echo a >a.h
  touch in
  build_and_expect out
  expect_equal "what is left of the output" "other line" "$(tail -n +2 "$work/last.log")"
  expect_clean
  put a.h changed
  build_and_expect out
}

test_restat_stops_where_an_output_is_left_alone() {
  manifest <<'MANIFEST'
rule keep
  command = echo $out >>../ran; cmp -s $in $out || cp $in $out
  restat = 1
build kept: keep first
build first: head in
build last: cat kept
MANIFEST
  printf 'one\ntwo\n' >in
  build_and_expect "first kept last"
  put in $'one\nthree\n'
  build_and_expect "$(is_cntr && echo first || echo first kept)"
  expect_clean
  put in $'other\nthree\n'
  build_and_expect "first kept last"
}

test_pools_limit() {
  manifest <<'MANIFEST'
pool narrow
  depth = 2
rule count
  command = mkdir running.$out; ls -d running.* | wc -l >>counts; sleep 0.1; rmdir running.$out; : >$out
  pool = narrow
build a: count
build b: count
build c: count
build d: count
build e: count
  pool =
MANIFEST
  ninja_ -j8 a b c d
  expect_equal "most at a time" 2 "$(sort -n counts | tail -n 1)"
}

test_builddir() {
  manifest <<'MANIFEST'
builddir = some/where
build some/where/out: cat in
build top: cat in
MANIFEST
  echo text >in
  build_and_expect "some/where/out top"
  expect_exists some/where/.ninja_log
  expect_missing .ninja_log .ninja_deps
  expect_clean
}

test_required_version() {
  echo 'ninja_required_version = 1.3' >build.ninja
  ninja_
  mistake "ninja: error: ninja version ($("$NINJA" --version)) incompatible with build file ninja_required_version version (99.1)." \
    <<<'ninja_required_version = 99.1'
}
