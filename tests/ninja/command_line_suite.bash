# Every option, targets and exit codes.

# --- options --------------------------------------------------------------------------------------

test_version() {
  expect_code 0 "$NINJA" --version
  expect_equal lines 1 "$(wc -l <"$work/last.log")"
  grep -qE '^1\.[0-9]+' "$work/last.log"
  ! is_cntr || version_at_least 1.13 "$(cat "$work/last.log")" || fail "CMake wants at least 1.13"
}

test_help() {
  local option
  for option in -h --help --no-such-option; do
    expect_code 1 "$NINJA" $option
    expect_output "ninja [options] [targets...]"
  done
  for option in -C -f -j -k -l -n -d -t -w --version --verbose --quiet; do expect_output " $option"; done
}

test_directory() {
  mkdir sub
  (cd sub && small_tree)
  expect_code 0 "$NINJA" -C sub one
  expect_equal "first line" "ninja: Entering directory \`sub'" "$(head -n 1 "$work/last.log")"
  expect_exists sub/one
  expect_code 1 "$NINJA" -C nix
  expect_output "chdir to 'nix'"
  expect_output "No such file or directory"
  expect_code 0 "$NINJA" -C sub -t rules
  expect_no_output_of Entering
}

test_manifest_file() {
  small_tree
  mv build.ninja other.ninja
  build_and_expect imp -f other.ninja imp
  expect_code 1 "$NINJA" -f nix
  expect_message "ninja: error: loading 'nix': No such file or directory"
}

test_parallel_jobs() {
  manifest <<'MANIFEST'
rule count
  command = mkdir running.$out; ls -d running.* | wc -l >>counts; sleep 0.2; rmdir running.$out
build a: count
build b: count
build c: count
build d: count
build e: count
build f: count
MANIFEST
  local jobs
  for jobs in 1 3; do
    rm -f counts
    ninja_ -j $jobs
    expect_equal "most at a time with -j $jobs" $jobs "$(sort -n counts | tail -n 1)"
  done
  rm -f counts
  ninja_ -j0
  expect_equal "most at a time with -j0" 6 "$(sort -n counts | tail -n 1)"
  rm -f counts
  ninja_ -j6 -l 0.000001
  expect_equal "most at a time under load" 1 "$(sort -n counts | tail -n 1)"
}

test_bad_numbers() {
  small_tree
  expect_code 1 "$NINJA" -j x
  expect_message "ninja: error: invalid -j parameter"
  expect_code 1 "$NINJA" -j -1
  expect_message "ninja: error: invalid -j parameter"
  expect_code 1 "$NINJA" -k x
  expect_message "ninja: error: -k parameter not numeric; did you mean -k 0?"
  expect_code 1 "$NINJA" -l x
  expect_message "ninja: error: -l parameter not numeric: did you mean -l 0.0?"
}

failing_tree() {
  manifest <<'MANIFEST'
rule fail
  command = echo $out >>../ran; exit $code
  code = 1
build a: fail
build b: fail
build c: fail
build d: cat in
build after: cat a d
MANIFEST
  sed -i '/code = 1/d; s/exit $code/exit 1/' build.ninja
  touch in
}

test_stop_after_failures() {
  failing_tree
  expect_failure "$NINJA" -j1
  expect_output "ninja: build stopped: subcommand failed."
  expect_equal "commands that ran" 1 "$(ran | grep -o '[abc]' | wc -l)"
  expect_failure "$NINJA" -j1 -k2
  expect_output "ninja: build stopped: subcommands failed."
  expect_equal "commands that failed" 2 "$(ran | grep -o '[abc]' | wc -l)"
  expect_failure "$NINJA" -k0
  expect_output "ninja: build stopped: cannot make progress due to previous errors."
  expect_equal "commands that failed" 3 "$(ran | grep -o '[abc]' | wc -l)"
  expect_exists d
  expect_missing after
}

test_commands_that_run_are_waited_for_after_a_failure() {
  manifest <<'MANIFEST'
rule fail
  command = sleep 0.1; exit 1
rule slow
  command = sleep 0.5; echo $out >>../ran; : >$out
build a: fail
build b: slow
build c: cat b
MANIFEST
  expect_failure "$NINJA" -j2
  expect_ran b
  expect_failure "$NINJA" -j2
  expect_no_output_of ">>../ran; :"
}

test_exit_code_of_a_failed_command() {
  since 1.13
  printf 'rule r\n  command = exit 42\nbuild a: r\n' >build.ninja
  expect_code 42 "$NINJA"
  printf 'rule r\n  command = kill -SEGV $$$$\nbuild a: r\n' >build.ninja
  expect_code 139 "$NINJA"
  printf 'rule r\n  command = no-such-program\nbuild a: r\n' >build.ninja
  expect_code 127 "$NINJA"
  expect_output "no-such-program"
  printf 'rule r\n  command = ./build.ninja x\nbuild a: r\n' >build.ninja
  expect_code 126 "$NINJA"
}

test_dry_run() {
  small_tree
  expect_code 0 "$NINJA" -n
  expect_ran
  expect_equal "lines" 5 "$(wc -l <"$work/last.log")"
  expect_missing one
  build_and_expect "imp one ord two val"
  expect_clean -n
  touch -d '+2 seconds' in1
  put in1 changed
  expect_code 0 "$NINJA" -n imp
  expect_ran
  expect_output "[1/1] "
  [ ! -s imp ]
}

test_verbose() {
  small_tree
  expect_code 0 "$NINJA" -v two
  expect_message "[1/1] echo two >>../ran; cat in2 x.h >two; echo two: x.h >two.d"
  rm two
  expect_code 0 "$NINJA" --verbose two
  expect_message "[1/1] echo two >>../ran; cat in2 x.h >two; echo two: x.h >two.d"
  rm two
  expect_code 0 "$NINJA" two
  expect_message "[1/1] CC two"
}

test_quiet() {
  since 1.12
  small_tree
  echo 'rule say
  command = echo said; : >$out
build said: say' >>build.ninja
  expect_code 0 "$NINJA" --quiet -C . two
  expect_equal output "" "$(cat "$work/last.log")"
  expect_code 0 "$NINJA" --quiet said
  expect_message said
  expect_code 0 "$NINJA" --quiet two
  expect_equal output "" "$(cat "$work/last.log")"
}

test_debug_explain() {
  small_tree
  expect_code 0 "$NINJA" -d explain imp
  expect_output "ninja explain: "
  expect_output imp
  expect_code 0 "$NINJA" -d explain imp
  expect_message "ninja: no work to do."
  put in1 changed
  expect_code 0 "$NINJA" -d explain imp
  expect_output "ninja explain: "
  expect_output in1
}

test_debug_stats() {
  small_tree
  expect_code 0 "$NINJA" -d stats
  expect_output "metric"
}

test_debug_keep() {
  small_tree
  expect_code 0 "$NINJA" -d keepdepfile two
  expect_exists two.d
  rm two two.d
  expect_code 0 "$NINJA" two
  expect_missing two.d
  printf 'rule r\n  command = cp $out.rsp $out\n  rspfile = $out.rsp\n  rspfile_content = x\nbuild a: r\n' >build.ninja
  expect_code 0 "$NINJA" -d keeprsp
  expect_file a.rsp x
}

test_debug_modes() {
  small_tree
  expect_code 1 "$NINJA" -d list
  local mode
  for mode in stats explain keepdepfile keeprsp; do expect_output "  $mode"; done
  expect_code 1 "$NINJA" -d nix
  expect_message "ninja: error: unknown debug setting 'nix'"
  expect_code 1 "$NINJA" -d stat
  expect_message "ninja: error: unknown debug setting 'stat', did you mean 'stats'?"
}

test_warnings() {
  small_tree
  expect_code 1 "$NINJA" -w list
  expect_output phonycycle
  expect_code 1 "$NINJA" -w nix
  expect_message "ninja: error: unknown warning flag 'nix'"
  expect_code 0 "$NINJA" -w phonycycle=warn
  expect_code 0 "$NINJA" -w dupbuild=err
}

test_options_may_follow_targets() {
  small_tree
  expect_code 0 "$NINJA" imp -v -j1
  expect_message "[1/1] echo imp >>../ran && cat in1 >imp"
}

# --- targets --------------------------------------------------------------------------------------

test_targets() {
  small_tree
  build_and_expect "imp ord" imp ord
  build_and_expect "two" ./x/../two
}

test_the_first_output_of_a_source() {
  small_tree
  echo 'builddir = b' >>build.ninja
  echo 'build b/three: cat imp' >>build.ninja
  build_and_expect two 'in2^'
  expect_clean 'x.h^'
  build_and_expect "imp one ord val" 'imp^'
  expect_code 1 "$NINJA" 'nixnix^'
  expect_message "ninja: error: unknown target 'nixnix'"
  expect_code 1 "$NINJA" 'b/three^'
  expect_message "ninja: error: 'b/three' has no out edge"
}

test_a_target_below_builddir() {
  since 1.13
  small_tree
  printf 'builddir = b\nbuild b/three: cat in1\n' >>build.ninja
  build_and_expect b/three three
}

test_unknown_targets() {
  small_tree
  expect_code 1 "$NINJA" nixnix
  expect_message "ninja: error: unknown target 'nixnix'"
  expect_code 1 "$NINJA" alll
  expect_message "ninja: error: unknown target 'alll', did you mean 'all'?"
  expect_code 1 "$NINJA" clean
  expect_message "ninja: error: unknown target 'clean', did you mean 'ninja -t clean'?"
  expect_code 1 "$NINJA" help
  expect_message "ninja: error: unknown target 'help', did you mean 'ninja -h'?"
  expect_code 1 "$NINJA" ''
  expect_message "ninja: error: empty path"
}

test_a_source_as_target() {
  small_tree
  expect_clean in1
}
