# Processes: signals, the console, pools, the jobserver, many and large outputs.

# --- interrupts -----------------------------------------------------------------------------------

# A command that writes half of its output, says so, and then waits.
slow_tree() {
  manifest <<'MANIFEST'
rule slow
  command = echo half >$out; echo $out >>../ran; sleep 600.$id
build before: cat in
build slow1: slow before
  id = 001
build slow2: slow before
  id = 002
MANIFEST
  sed -i "s/600\.\$id/600.$$\$id/" build.ninja
  mark=600.$$
  echo text >in
}

begin_slow_build() {
  since 1.13
  slow_tree
  start_build -j2
  wait_until grep -qs slow1 "$work/ran"
  wait_until grep -qs slow2 "$work/ran"
}

expect_interrupted_cleanly() {
  expect_output "ninja: build stopped: interrupted by user."
  wait_until no_process "$mark"
  expect_missing slow1 slow2
  expect_file before text
  sed -i 's/; sleep 600.*//' build.ninja
  build_and_expect "slow1 slow2"
}

no_process() { [ -z "$(processes_with "$1")" ]; }

test_interrupt_by_int() {
  begin_slow_build
  end_build INT 130
  expect_interrupted_cleanly
}

test_interrupt_by_term() {
  begin_slow_build
  end_build TERM 130
  expect_interrupted_cleanly
}

test_interrupt_by_hup() {
  begin_slow_build
  end_build HUP 130
  expect_interrupted_cleanly
}

test_a_command_that_is_interrupted_by_itself() {
  since 1.13
  printf 'rule r\n  command = kill -INT $$$$\nbuild a: r\n' >build.ninja
  expect_code 130 "$NINJA"
  expect_output "interrupted by user"
}

test_an_old_output_that_was_not_touched_survives_an_interrupt() {
  since 1.13
  manifest <<'MANIFEST'
rule wait
  command = if [ -e $out ]; then echo $out >>../ran; sleep 600; fi; cat $in >$out
build out: wait in
MANIFEST
  echo one >in
  ninja_
  put in two
  start_build
  wait_until file_exists "$work/ran"
  end_build INT 130
  expect_file out one
  sed -i 's/sleep 600/true/' build.ninja
  build_and_expect out
  expect_file out two
}

test_grandchildren_are_ended() {
  since 1.13
  cat >build.ninja <<MANIFEST
rule tree
  command = sh -c 'sleep 700.$$ & sleep 700.$$ & echo started >>../ran; wait'
build a: tree
MANIFEST
  local mark=700.$$
  start_build
  wait_until file_exists "$work/ran"
  end_build TERM 130
  wait_until no_process "$mark"
}

test_an_interrupt_while_the_console_is_used() {
  since 1.13
  cat >build.ninja <<MANIFEST
rule talk
  command = sleep 800.$$ & trap 'echo cleaned >../ran; exit 1' INT; echo started >>../started; wait
  pool = console
build a: talk
MANIFEST
  local mark=800.$$
  start_build
  wait_until file_exists "$work/started"
  local code=0
  # The command may be told twice, by this and by the build.
  kill -INT -- "-$build"
  wait "$build" || code=$?
  expect_equal "exit code" 130 "$code"
  expect_file "$work/ran" cleaned
  end_processes "$mark"
}

# --- the console ----------------------------------------------------------------------------------

test_the_console_pool_has_the_terminal() {
  cat >build.ninja <<'MANIFEST'
rule ask
  command = read line; echo "got $$line"; echo "$$line" >$out
  pool = console
build a: ask
MANIFEST
  echo answer | "$NINJA" >"$work/last.log"
  expect_file a answer
  expect_output "got answer"
}

test_one_console_command_at_a_time() {
  cat >build.ninja <<'MANIFEST'
rule count
  command = mkdir running.$out; ls -d running.* | wc -l >>counts; sleep 0.1; rmdir running.$out; : >$out
  pool = console
build a: count
build b: count
build c: count
MANIFEST
  ninja_ -j3
  expect_equal "most at a time" 1 "$(sort -n counts | tail -n 1)"
}

test_commands_run_beside_the_console() {
  cat >build.ninja <<'MANIFEST'
rule wait
  command = i=0; until [ -e b ] || [ $$i = 100 ]; do sleep 0.05; i=$$((i + 1)); done; [ -e b ]; : >$out
  pool = console
rule touch
  command = sleep 0.1; : >$out
build a: wait
build b: touch
MANIFEST
  ninja_ -j2
  expect_exists a
}

# --- commands -------------------------------------------------------------------------------------

test_commands_run_as_a_shell_runs_them() {
  cat >build.ninja <<'MANIFEST'
rule r
  command = $cmd
build 1: r
  cmd = printf '%s|' a "b c" 'd  e' f\ g "$$HOME" '$$HOME' "\"" '' ~ *.ninja >1
build 2: r
  cmd = X=y env | grep '^X=' >2
build 3: r
  cmd = cd / && pwd >"$$OLDPWD/3"
build 4: r
  cmd = for i in a b; do echo $$i; done >4; true # comment
build 5: r
  cmd = (echo sub) >5; [ -e 5 ] && ! false
build 6: r
  cmd = /bin/echo `echo quoted` $$(echo substituted) >6
build 7: r 6
  cmd =   cp   6   7  
build 8: r 6
  cmd = cp 6 "8"
build 9: r
  cmd = { echo braces; } >9
MANIFEST
  HOME=/home/of/me ninja_
  expect_file 1 'a|b c|d  e|f g|/home/of/me|$HOME|"||/home/of/me|build.ninja|'
  expect_file 2 X=y
  expect_file 3 /
  expect_file 4 $'a\nb'
  expect_file 5 sub
  expect_file 6 "quoted substituted"
  expect_file 7 "quoted substituted"
  expect_file 8 "quoted substituted"
  expect_file 9 braces
}

test_commands_without_shell_syntax() {
  mkdir bin
  printf '#!/bin/sh\nprintf "%%s\\n" "$0|$#|$*" >"$1"\n' >bin/tool
  printf 'printf "%%s\\n" "no interpreter|$#|$*" >"$1"\n' >bin/plain
  chmod +x bin/tool bin/plain
  cat >build.ninja <<'MANIFEST'
rule r
  command = $cmd
build 1: r
  cmd = tool 1 a=b 'c d' "e\\f" g\ h ''
build 2: r
  cmd = bin/tool 2
build 3: r
  cmd = plain 3 x
build 4: r
  cmd = exit 0
build 5: r
  cmd = :
build 6: r
  cmd = tool 6 -DX="a b" --y='*' %z @f +g ^h
MANIFEST
  PATH=$PWD/bin:$PATH ninja_
  expect_file 1 "$PWD/bin/tool|6|1 a=b c d e\\f g h "
  expect_file 2 "bin/tool|1|2"
  expect_file 3 "no interpreter|2|3 x"
  expect_file 6 "$PWD/bin/tool|7|6 -DX=a b --y=* %z @f +g ^h"
}

test_the_environment_reaches_commands() {
  printf 'rule r\n  command = env >$out\nbuild a: r\n' >build.ninja
  MINE=here ninja_
  grep -qx MINE=here a
}

test_commands_have_the_descriptors_that_the_program_was_given() {
  printf 'rule r\n  command = ls /proc/self/fd >$out\nbuild a: r\nbuild b: r\nbuild c: r\n' >build.ninja
  ninja_ -j3
  sh -c 'ls /proc/self/fd >expected'
  local out
  for out in a b c; do expect_equal "descriptors of $out" "$(cat expected)" "$(cat $out)"; done
}

# But for the two that the C library keeps for itself (32 and 33).
test_no_signals_are_blocked_or_ignored_in_commands() {
  printf 'rule r\n  command = cp /proc/self/status $out\nbuild a: r\n' >build.ninja
  env --default-signal "$NINJA" >/dev/null
  expect_equal "blocked signals" 0000000000000000 "$(awk '/SigBlk/ { print $2 }' a)"
  expect_equal "ignored signals" 0000000 "$(awk '/SigIgn/ { print substr($2, 10) }' a)"
}

test_a_command_longer_than_an_argument_may_be() {
  { printf 'rule r\n  command = : '; head -c 200000 /dev/zero | tr '\0' x; printf '; true\nbuild a: r\n'; } >build.ninja
  expect_failure "$NINJA"
  expect_output "rgument list too long"
}

test_a_large_output() {
  cat >build.ninja <<'MANIFEST'
rule r
  command = yes $out | head -n 500000; : >$out
  description = BIG $out
build a: r
build b: r
MANIFEST
  ninja_ -j2
  expect_equal "lines" 1000002 "$(wc -l <"$work/last.log")"
  expect_equal "changes of command" 4 "$(uniq "$work/last.log" | wc -l)"
}

test_many_commands_at_once() {
  {
    echo 'rule r'
    echo '  command = sleep 0.2; echo $out; : >$out'
    local i
    for ((i = 0; i < 300; ++i)); do echo "build o$i: r"; done
  } >build.ninja
  (ulimit -n 1024 && ninja_ -j0)
  expect_equal "outputs" 300 "$(ls o* | wc -l)"
}

test_a_command_that_leaves_a_process_with_its_output() {
  cat >build.ninja <<MANIFEST
rule r
  command = (sleep 0.4; echo late) & echo soon; : >\$out
  description = R
build a: r
MANIFEST
  ninja_
  expect_message "[1/1] R" soon late
}

# --- pools ----------------------------------------------------------------------------------------

test_a_pool_does_not_hold_up_others() {
  cat >build.ninja <<'MANIFEST'
pool narrow
  depth = 1
rule log
  command = sleep 0.6; echo $out >>order; : >$out
build n1: log
  pool = narrow
build n2: log
  pool = narrow
build n3: log
  pool = narrow
build free: log
MANIFEST
  ninja_ -j2
  head -n 2 order | grep -qx free
}

# --- the jobserver --------------------------------------------------------------------------------

counting_tree() { # <commands>
  {
    echo 'rule count'
    echo '  command = mkdir running.$out; ls -d running.* | wc -l >>counts; sleep 0.15; rmdir running.$out; : >$out'
    local i
    for ((i = 0; i < $1; ++i)); do echo "build o$i: count"; done
  } >build.ninja
}

most_at_once() { sort -n counts | tail -n 1; }

test_jobserver_fifo() {
  since 1.13
  counting_tree 8
  mkfifo "$work/fifo"
  exec 7<>"$work/fifo"
  printf '++' >&7
  MAKEFLAGS=" -j3 --jobserver-auth=fifo:$work/fifo" ninja_
  expect_equal "most at a time" 3 "$(most_at_once)"
  local tokens
  read -r -t 1 -N 2 tokens <&7
  expect_equal "tokens that came back" "++" "$tokens"
  ! read -r -t 0 -N 1 <&7 || fail "more tokens came back than were taken"
}

test_jobserver_without_tokens_still_makes_progress() {
  since 1.13
  counting_tree 3
  mkfifo "$work/fifo"
  exec 7<>"$work/fifo"
  MAKEFLAGS="--jobserver-auth=fifo:$work/fifo" ninja_
  expect_equal "most at a time" 1 "$(most_at_once)"
}

test_jobserver_tokens_come_back_after_failures_and_interrupts() {
  since 1.13
  mkfifo "$work/fifo"
  exec 7<>"$work/fifo"
  printf 'abc' >&7
  printf 'rule r\n  command = sleep 0.1; exit 1\nbuild a: r\nbuild b: r\nbuild c: r\n' >build.ninja
  export MAKEFLAGS="--jobserver-auth=fifo:$work/fifo"
  expect_failure "$NINJA" -k0
  local tokens
  read -r -t 1 -N 3 tokens <&7
  expect_equal "tokens that came back" abc "$(fold -w1 <<<"$tokens" | sort | tr -d '\n')"
  printf 'abc' >&7
  printf 'rule r\n  command = echo x >>../ran; sleep 900\nbuild a: r\nbuild b: r\nbuild c: r\n' >build.ninja
  start_build
  wait_until file_exists "$work/ran"
  sleep 0.1
  end_build INT 130
  read -r -t 1 -N 3 tokens <&7
  expect_equal "tokens after an interrupt" abc "$(fold -w1 <<<"$tokens" | sort | tr -d '\n')"
}

test_jobserver_is_not_used_with_an_explicit_j() {
  since 1.13
  counting_tree 4
  mkfifo "$work/fifo"
  exec 7<>"$work/fifo"
  MAKEFLAGS="--jobserver-auth=fifo:$work/fifo" ninja_ -j4
  expect_equal "most at a time" 4 "$(most_at_once)"
}

test_jobserver_pipes_are_a_warning() {
  since 1.13
  counting_tree 1
  MAKEFLAGS=" -j3 --jobserver-auth=3,4" ninja_
  expect_output "warning"
  expect_output "jobserver"
  expect_exists o0
}

test_jobserver_that_is_no_fifo() {
  since 1.13
  counting_tree 1
  touch "$work/file"
  MAKEFLAGS="--jobserver-auth=fifo:$work/file" ninja_
  grep -qi "not a fifo" "$work/last.log"
  expect_exists o0
  rm o0
  MAKEFLAGS="--jobserver-auth=fifo:$work/nix" ninja_
  expect_exists o0
}

test_jobserver_of_make() {
  since 1.13
  need make make --version
  counting_tree 8
  printf 'all:\n\t+%s\n' "$NINJA" >Makefile
  quietly make -j3
  expect_equal "outputs" 8 "$(ls o* | wc -l)"
  if version_at_least 4.4 "$(make --version | sed -n '1s/.* //p')"; then
    expect_output "Jobserver mode detected"
    [ "$(most_at_once)" -le 3 ] || fail "more than make allows: $(most_at_once)"
  fi
}
