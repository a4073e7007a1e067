# `cntr explain` of ordinary files, in trees that cntr-ninja has built.

explain() { expect_code 0 "$(dirname "$NINJA")/cntr" explain "$@"; }
explain_fails() { expect_code 2 "$(dirname "$NINJA")/cntr" explain "$@"; }

# a.c, common.h -> a.o -> app; b.c, common.h -> b.o -> app
small_build() {
  only_cntr
  cat >build.ninja <<'NINJA'
rule compile
  command = cat $in common.h >$out && echo "$out: $in common.h" >$out.d
  depfile = $out.d
  deps = gcc
rule link
  command = cat $in >$out
build out/a.o: compile a.c
build out/b.o: compile b.c
build out/app: link out/a.o out/b.o
build everything: phony out/app
NINJA
  echo a >a.c
  echo b >b.c
  echo h >common.h
  ninja_
}

test_what_is_up_to_date() {
  small_build
  explain out/app
  expect_message "out/app is up to date."
  explain everything
  expect_message "everything is up to date."
  touch a.c
  explain out/a.o
  expect_message "out/a.o is up to date."
}

test_says_what_explain_of_the_build_says() {
  small_build
  echo new >common.h
  rm out/b.o
  explain out/b.o
  expect_message "out/b.o would run:" "  output out/b.o: missing" "  input common.h: content changed" \
    '  Its command: cat b.c common.h >out/b.o && echo "out/b.o: b.c common.h" >out/b.o.d'
  sed -n 's/^  \(output\|input\)/ninja explain: \1/p' "$work/last.log" >"$work/explained"
  ninja_ -n -d explain out/b.o
  expect_equal "reasons" "$(cat "$work/explained")" "$(grep "^ninja explain" "$work/last.log")"
}

test_names_what_is_to_be_made_before() {
  small_build
  echo new >a.c
  explain out/app
  expect_message "out/app is up to date." \
    "  Files before it are not up to date, so this may change: out/a.o."
  explain everything
  expect_message "everything would run:" "  out/a.o: input a.c: content changed"
}

test_a_changed_command() {
  small_build
  sed -i 's/cat $in >$out$/cat $in $in >$out/' build.ninja
  explain out/app
  expect_message "out/app would run:" "  command: changed" \
    "  Its command: cat out/a.o out/b.o out/a.o out/b.o >out/app"
  explain --json out/app
  expect_message '{"output":"out/app","command":"cat out/a.o out/b.o out/a.o out/b.o >out/app","verdict":"execute","reasons":["command: changed"],"waiting":[]}'
}

test_a_changed_program() {
  only_cntr
  mkdir bin
  printf '#!/bin/sh\ncat in >out\n' >bin/tool
  chmod +x bin/tool
  printf 'rule r\n  command = bin/tool\nbuild out: r in\n' >build.ninja
  echo in >in
  ninja_
  echo '# a new version' >>bin/tool
  explain out
  expect_message "out would run:" "  program bin/tool: changed" "  Its command: bin/tool"
}

test_names_are_found_from_here_and_from_the_build() {
  small_build
  rm out/a.o
  cd ..
  explain -C tree out/a.o
  expect_output "out/a.o would run:"
  explain -C tree tree/out/a.o
  expect_output "out/a.o would run:"
  cd tree/out
  explain a.o
  expect_output "out/a.o would run:"
}

test_nothing_is_changed_by_it() {
  small_build
  echo new >a.c
  local before
  before=$(find . -type f -exec sha256sum {} + | sort; find . -type f -printf '%p %T@\n' | sort)
  explain out/app
  expect_equal "tree" "$before" "$(find . -type f -exec sha256sum {} + | sort; find . -type f -printf '%p %T@\n' | sort)"
}

test_what_is_not_made() {
  small_build
  explain_fails a.c
  expect_message 'cntr: error: "a.c" is a source: no command makes it'
  explain_fails nothing
  expect_message "cntr: error: The build in $PWD makes no \"nothing\""
  rm -r .cntr_ninja
  explain_fails out/app
  expect_output "There is no Cntr build tree"
}
