# What is printed: status lines, failures, output of commands, colours, terminals.

say_tree() {
  cat >build.ninja <<'MANIFEST'
rule say
  command = printf '$text'; : >$out
  description = SAY $out
build a: say
  text = one\n
MANIFEST
}

three_steps() {
  cat >build.ninja <<'MANIFEST'
rule touch
  command = : >$out
  description = TOUCH $out
build c: touch b
build b: touch a
build a: touch
MANIFEST
}

# --- status lines ---------------------------------------------------------------------------------

test_plain_lines() {
  three_steps
  ninja_
  expect_message "[1/3] TOUCH a" "[2/3] TOUCH b" "[3/3] TOUCH c"
  ninja_
  expect_message "ninja: no work to do."
}

test_without_a_description_the_command_is_shown() {
  three_steps
  sed -i '/description/d' build.ninja
  ninja_ a
  expect_message "[1/1] : >a"
}

test_no_lines_for_phony() {
  three_steps
  echo 'build all: phony c a' >>build.ninja
  ninja_ all
  expect_message "[1/3] TOUCH a" "[2/3] TOUCH b" "[3/3] TOUCH c"
}

test_a_build_that_only_has_phony_work_says_nothing() {
  printf 'build a: phony\nbuild b: phony a\n' >build.ninja
  expect_code 0 "$NINJA" b
  expect_message "ninja: no work to do."
}

test_status_placeholders() {
  three_steps
  NINJA_STATUS='<%s %t %r %u %f %p %%> ' ninja_ -j1
  expect_message "<1 3 1 2 1  33% %> TOUCH a" "<2 3 1 1 2  66% %> TOUCH b" "<3 3 1 0 3 100% %> TOUCH c"
  rm a b c
  NINJA_STATUS='%o %c %e ' ninja_ -j1 a
  grep -qE '^[0-9.?]+ [0-9.?]+ [0-9]+\.[0-9]{3} TOUCH a$' "$work/last.log"
  NINJA_STATUS= ninja_ -j1 c
  expect_equal "first line" "TOUCH b" "$(head -n 1 "$work/last.log")"
}

test_status_placeholders_of_time() {
  since 1.12
  three_steps
  NINJA_STATUS='%w %E %W %P ' ninja_ -j1
  grep -qE '^[0-9]{2}:[0-9]{2} ([0-9]+\.[0-9]{3}|\?) ([0-9]{2}:[0-9]{2}|\?) +[0-9]+% TOUCH a$' "$work/last.log"
}

test_an_unknown_placeholder() {
  three_steps
  export NINJA_STATUS='%x '
  expect_code 1 "$NINJA"
  expect_message "ninja: error: unknown placeholder '%x' in \$NINJA_STATUS"
}

test_the_total_shrinks_at_an_early_cutoff() {
  manifest <<'MANIFEST'
rule keep
  command = test -e $out || : >$out; echo x >>kept
  description = KEEP
  restat = 1
build first: keep in
build last: cat first
build other: head in || first
MANIFEST
  echo text >in
  ninja_
  put in changed
  ninja_ -j1
  expect_message "[1/3] KEEP" "[2/2] echo other >>../ran && head -qn 1 in >other"
}

# --- failures -------------------------------------------------------------------------------------

failing() {
  cat >build.ninja <<'MANIFEST'
rule fail
  command = echo problem; exit 3
  description = FAIL $out
build a | b$ c: fail
MANIFEST
}

test_a_failure() {
  since 1.13
  failing
  expect_code 3 "$NINJA"
  expect_message "[1/1] FAIL a" "FAILED: [code=3] a b c " "echo problem; exit 3" problem "ninja: build stopped: subcommand failed."
}

test_a_failure_shows_the_command_once_when_verbose() {
  since 1.13
  failing
  expect_code 3 "$NINJA" -v
  expect_message "[1/1] echo problem; exit 3" "FAILED: [code=3] a b c " "echo problem; exit 3" problem \
    "ninja: build stopped: subcommand failed."
}

test_a_failure_while_quiet() {
  since 1.13
  failing
  expect_code 3 "$NINJA" --quiet
  expect_message "FAILED: [code=3] a b c " "echo problem; exit 3" problem "ninja: build stopped: subcommand failed."
}

# --- output of commands ---------------------------------------------------------------------------

test_output_follows_the_status_line() {
  say_tree
  echo 'build b: say a' >>build.ninja
  ninja_
  expect_message "[1/2] SAY a" one "[2/2] SAY b"
}

test_output_is_printed_whole() {
  cat >build.ninja <<'MANIFEST'
rule say
  command = for i in 1 2 3; do echo $out $$i; sleep 0.05; echo $out error >&2; done
  description = SAY $out
build a: say
build b: say
build c: say
MANIFEST
  ninja_ -j3
  local name
  for name in a b c; do
    expect_equal "output of $name" "$name 1
$name error
$name 2
$name error
$name 3
$name error" "$(grep -A6 "SAY $name" "$work/last.log" | tail -n 6)"
  done
}

test_bytes_of_output_are_kept() {
  need python3 python3 --version
  cat >build.ninja <<'MANIFEST'
rule say
  command = printf 'nul\000 high\377 tab\t return\r\n'
  description = SAY
build a: say
MANIFEST
  ninja_
  printf '[1/1] SAY\nnul\000 high\377 tab\t return\r\n' | cmp - "$work/last.log"
}

test_standard_input_of_commands_is_empty() {
  cat >build.ninja <<'MANIFEST'
rule read
  command = cat >$out
build a: read
MANIFEST
  echo something | "$NINJA" >/dev/null
  expect_file a ""
}

# --- colours --------------------------------------------------------------------------------------

coloured() {
  say_tree
  sed -i 's/one/\\033[31mred\\033[0m/' build.ninja
}

test_colours_are_removed_from_pipes() {
  coloured
  ninja_
  expect_message "[1/1] SAY a" red
}

test_colours_are_kept_when_forced() {
  coloured
  CLICOLOR_FORCE=1 ninja_
  expect_message "[1/1] SAY a" $'\033[31mred\033[0m'
  rm a
  CLICOLOR_FORCE=0 ninja_
  expect_message "[1/1] SAY a" red
}

test_no_color() {
  since 1.14
  coloured
  CLICOLOR_FORCE=1 NO_COLOR=1 ninja_
  expect_message "[1/1] SAY a" red
  rm a
  in_terminal "NO_COLOR=1 $NINJA"
  expect_no_output_of $'\033[31m'
}

test_failures_are_red_where_colours_are_wanted() {
  since 1.13
  failing
  CLICOLOR_FORCE=1 expect_code 3 "$NINJA"
  expect_output $'\033[31mFAILED: [code=3] \033[0ma b c '
}

# --- terminals ------------------------------------------------------------------------------------

# in_terminal <shell command>: on a terminal of 40 columns
in_terminal() {
  need script script -qec true /dev/null
  script -qec "stty cols 40; TERM=xterm $1" /dev/null >"$work/last.log" </dev/null
}

test_one_status_line_on_a_terminal() {
  three_steps
  in_terminal "$NINJA -j1"
  expect_output $'\r[0/3] TOUCH a\033[K\r[1/3] TOUCH a\033[K\r[1/3] TOUCH b\033[K'
  expect_output $'\r[3/3] TOUCH c\033[K\r'
  expect_equal lines 1 "$(wc -l <"$work/last.log")"
}

test_long_status_lines_are_elided() {
  since 1.12
  three_steps
  sed -i 's/description = .*/description = TOUCH a very long description that has no room at all/' build.ninja
  in_terminal "$NINJA -j1 a"
  expect_output "..."
  expect_no_output_of "TOUCH a very long description that has no room at all"
  expect_equal "columns" 40 "$(tr '\r' '\n' <"$work/last.log" | sed 's/\x1b\[K//' | grep '^\[1/1\]' | head -n 1 | tr -d '\n' | wc -c)"
}

test_output_on_a_terminal_stands_on_its_own_line() {
  say_tree
  in_terminal "$NINJA"
  expect_output $'[1/1] SAY a\033[K\r\none\r\n'
}

test_plain_lines_on_a_dumb_terminal_and_when_verbose() {
  three_steps
  in_terminal "TERM=dumb $NINJA a"
  expect_output "[1/1] TOUCH a"
  expect_no_output_of $'\033'
  in_terminal "$NINJA -v c"
  expect_output "[1/2] : >b"
  expect_no_output_of $'\033'
}

test_output_of_console_commands_is_not_mixed_with_others() {
  cat >build.ninja <<'MANIFEST'
rule talk
  command = echo talk 1; sleep 0.4; echo talk 2; : >$out
  description = TALK
  pool = console
rule say
  command = sleep 0.1; echo said; : >$out
  description = SAY
build a: talk
build b: say
MANIFEST
  ninja_ -j2
  expect_equal "console output" "talk 1
talk 2" "$(grep -A1 "talk 1" "$work/last.log")"
  expect_output "said"
}

test_an_option_for_the_status() {
  since 1.14
  three_steps
  ninja_ -j1 --status '<$finished of ${total}> $description'
  expect_message "<1 of 3> TOUCH a" "<2 of 3> TOUCH b" "<3 of 3> TOUCH c"
}

test_errors_go_to_standard_error_and_lines_to_standard_output() {
  three_steps
  expect_failure "$NINJA" nixnix
  "$NINJA" nixnix 2>/dev/null >"$work/out" || true
  expect_file "$work/out" ""
  "$NINJA" 2>"$work/errors" >"$work/out"
  expect_file "$work/errors" ""
  expect_equal "lines" 3 "$(wc -l <"$work/out")"
}
