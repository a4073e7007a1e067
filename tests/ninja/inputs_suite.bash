# Decisions by content: inputs that only a run tells of, and each kind of input.

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
