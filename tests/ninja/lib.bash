# What the suites of cntr-ninja share, beside ../e2e/lib.bash. A test is a function test_<name> in
# <suite>.bash; it runs in an empty directory $work and fails at the first command that fails.
#
# Given by CTest: NINJA (the program under test), CNTR_NINJA_DIR (scratch). NINJA may also be stock
# ninja, which proves a test itself right: a test of what only cntr-ninja does begins with only_cntr,
# one of what ninja does since some version with since.
#
# Optional: NINJA_STOCK (stock ninja for the tests of adoption; ninja from PATH).

begin_test() {
  need "the program under test" test -x "$NINJA"
  mkdir -p "$CNTR_NINJA_DIR"
  work=$(mktemp -d "$CNTR_NINJA_DIR/$1.XXXXXX")
  export LC_ALL=C CNTR_CACHE_DIR=$work/cache TERM=dumb
  unset MAKEFLAGS NINJA_STATUS CLICOLOR_FORCE NO_COLOR FORCE_COLOR
  unset CNTR_SIGNATURE_ENV CNTR_NINJA_CACHE
  mkdir "$work/tree"
  cd "$work/tree"
  trap 'report_failure $LINENO' ERR
  set -E
}

skip() {
  end_test
  echo "SKIPPED: $*"
  exit 77
}

is_cntr() { [ "${NINJA##*/}" = cntr-ninja ]; }
only_cntr() { is_cntr || skip "ninja does not promise that"; }

# since <version>: skips where stock ninja is older.
since() {
  is_cntr || version_at_least "$1" "$("$NINJA" --version)" || skip "ninja does so since $1"
}

version_at_least() { # <version> <what is there>
  [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

need_stock() {
  stock=${NINJA_STOCK:-$(command -v ninja || true)}
  need ninja test -x "$stock"
}

need_reader_of_v7() {
  need_stock
  version_at_least 1.13 "$("$stock" --version)" || skip "this ninja does not read version 7 of .ninja_log"
}

# --- builds -------------------------------------------------------------------------------------

# An edit in the very tick in which a command begins counts as one made while it runs, so that its
# edge may run once more: hence the pause.
ninja_() {
  tick
  quietly "$NINJA" "$@"
}

# expect_code <exit code> <command...>; its output is in last.log.
expect_code() {
  local code=0
  quietly "${@:2}" || code=$?
  expect_equal "exit code of ${*:2}" "$1" "$code"
}

# expect_message <line>...: the last output, to the letter; but "error" is as good as "fatal".
expect_message() {
  expect_equal message "$(printf '%s\n' "$@")" "$(sed 's/^ninja: fatal: /ninja: error: /' "$work/last.log")"
}

expect_no_output_of() { # <fixed text>
  ! grep -qF -e "$1" "$work/last.log" || fail "this is in the last output: $1"
}

expect_missing() { # <path>...
  local path
  for path; do [ ! -e "$path" ] || fail "$path is there"; done
}

expect_exists() { # <path>...
  local path
  for path; do [ -e "$path" ] || fail "$path is missing"; done
}

# A manifest from standard input, after rules that log the output they make in $work/ran:
#   cat    all inputs
#   head   the first line of each input, so that other edits stop here
#   touch  an empty output
manifest() {
  {
    cat <<'RULES'
rule cat
  command = echo $out >>../ran && cat $in >$out
rule head
  command = echo $out >>../ran && head -qn 1 $in >$out
rule touch
  command = echo $out >>../ran && : >$out
RULES
    cat
  } >build.ninja
}

# The outputs made since the last call, sorted.
ran() {
  [ ! -e "$work/ran" ] || sort "$work/ran" | tr '\n' ' ' | sed 's/ $//'
  rm -f "$work/ran"
}

expect_ran() { expect_equal "what ran" "$(echo $*)" "$(ran)"; }

# build_and_expect "<outputs that are made>" [<argument>...]
build_and_expect() {
  rm -f "$work/ran"
  ninja_ "${@:2}"
  expect_ran $1
}

expect_clean() { # [<argument>...]: nothing to do
  rm -f "$work/ran"
  ninja_ "$@"
  expect_ran
  expect_message "ninja: no work to do."
}

# --- edits --------------------------------------------------------------------------------------

# The clock of file systems ticks every few milliseconds: a later time stamp is a later one.
tick() { sleep 0.02; }

put() { # <path> <text>: with a new time stamp
  tick
  mkdir -p "$(dirname "$1")"
  printf '%s' "$2" >"$1"
}

# keeping_times <path> <command...>: the file has the same modification time before and after.
keeping_times() {
  local path=$1
  shift
  touch -r "$path" "$work/times"
  "$@"
  touch -r "$work/times" "$path"
}

inode() { stat -c %i "$1"; }

# --- processes ----------------------------------------------------------------------------------

# start_build [<argument>...]: in the background, as $build, in a session of its own; its output in
# last.log. A shell ignores SIGINT for its background jobs, hence env.
start_build() {
  tick
  env --default-signal=INT,QUIT,HUP,TERM setsid "$NINJA" "$@" >"$work/last.log" 2>&1 &
  build=$!
}

# end_build <signal> <expected exit code>
end_build() {
  local code=0
  kill -s "$1" "$build"
  wait "$build" || code=$?
  expect_equal "exit code after $1" "$2" "$code"
}

end_processes() { # <pattern>
  local process
  for process in $(processes_with "$1"); do kill "$process" 2>/dev/null || true; done
}

file_exists() { [ -e "$1" ]; }

# --- what several suites begin with ---------------------------------------------------------------

copy_tree() {
  manifest <<'MANIFEST'
build out: cat in
build user: cat out
MANIFEST
  echo 'first text' >in
  build_and_expect "out user"
}

small_tree() {
  manifest <<'MANIFEST'
rule compile
  command = echo $out >>../ran; cat $in x.h >$out; echo $out: x.h >$out.d
  description = CC $out
  depfile = $out.d
  deps = gcc
build all: phony one two
build one: cat in1 | imp || ord |@ val
build two: compile in2
build imp: cat in1
build ord: cat in1
build val: cat in1
default all
MANIFEST
  touch in1 in2 x.h
}

# commands_are <line>...: what `-t commands` prints.
commands_are() {
  ninja_ -t commands
  expect_message "$@"
}

# mistake <message line>... with the manifest from standard input.
mistake() {
  cat >build.ninja
  expect_code 1 "$NINJA"
  expect_message "$@"
}
