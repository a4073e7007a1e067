# The manifest as an output of the build, and generator edges: these go by times.

generated_tree() {
  cat >generate.sh <<'SCRIPT'
echo generate >>../ran
cat >build.ninja.new <<MANIFEST
rule generate
  command = sh generate.sh
  generator = 1
rule cat
  command = echo \$out >>../ran; cat \$in >\$out
build build.ninja: generate generate.sh config
$(for name in $(cat config); do echo "build $name: cat in"; done)
MANIFEST
mv build.ninja.new build.ninja
SCRIPT
  echo one >config
  echo text >in
  sh generate.sh
  rm -f ../ran
}

test_the_manifest_is_made_again_before_anything_else() {
  generated_tree
  build_and_expect one
  expect_clean
  put config two
  build_and_expect "generate two"
  expect_clean
  expect_clean two
  put config "three four"
  build_and_expect "generate three" three
}

test_a_target_may_be_new_in_the_manifest() {
  generated_tree
  put config two
  build_and_expect "generate two" two
}

test_a_manifest_that_comes_out_the_same() {
  generated_tree
  ninja_
  tick
  touch config
  build_and_expect generate
  expect_clean
}

test_touching_the_input_of_a_generator_runs_it() {
  generated_tree
  ninja_
  tick
  touch generate.sh
  build_and_expect generate
  expect_clean
}

test_an_older_input_of_a_generator_does_not_run_it() {
  generated_tree
  ninja_
  keeping_times config put config one
  expect_clean
}

test_a_changed_command_of_a_generator_does_not_run_it() {
  cat >build.ninja <<'MANIFEST'
rule r
  command = echo $out >>../ran; cp $in $out
  generator = 1
build out: r in
MANIFEST
  echo text >in
  build_and_expect out
  sed -i 's/cp /cp -f /' build.ninja
  expect_clean
}

test_a_generator_that_was_never_run_by_the_build() {
  cat >build.ninja <<'MANIFEST'
rule r
  command = echo $out >>../ran; cp $in $out
  generator = 1
build out: r in
MANIFEST
  echo text >in
  tick
  echo text >out
  expect_clean
  rm out
  build_and_expect out
}

test_a_failing_generator_stops_the_build() {
  generated_tree
  put generate.sh "echo generate >>../ran; echo because; exit 1"
  expect_code 1 "$NINJA"
  expect_output "because"
  expect_output "ninja: error: rebuilding 'build.ninja': "
  expect_ran generate
  expect_missing one
}

test_a_generator_that_writes_nonsense() {
  generated_tree
  put generate.sh "echo nonsense >build.ninja"
  expect_code 1 "$NINJA"
  expect_output "build.ninja:1: expected '=', got newline"
}

test_a_manifest_that_never_settles() {
  since 1.10
  cat >build.ninja <<'MANIFEST'
rule r
  command = echo again >>../ran; touch -d '+1 hour' in; echo '# again' >>build.ninja
  generator = 1
build build.ninja: r in
MANIFEST
  touch in
  touch -d '-1 hour' build.ninja
  expect_code 1 "$NINJA"
  expect_output "ninja: error: manifest 'build.ninja' still dirty after 100 tries, perhaps system time is not set"
  expect_equal "tries" 100 "$(wc -l <"$work/ran")"
}

test_a_manifest_from_a_dry_run() {
  generated_tree
  ninja_
  put config two
  ran >/dev/null
  expect_code 0 "$NINJA" -n
  expect_output "generate"
  expect_ran
  expect_missing two
}

test_another_manifest_that_makes_itself() {
  generated_tree
  mkdir sub
  sed 's/build\.ninja/sub\/other.ninja/g' generate.sh >sub/generate.sh
  sed -i 's/sh generate.sh/sh sub\/generate.sh/; s/generate generate.sh/generate sub\/generate.sh/' sub/generate.sh
  sh sub/generate.sh
  build_and_expect one -f sub/other.ninja
  put config two
  build_and_expect "generate two" -f sub/other.ninja
}

test_included_manifests_that_are_outputs() {
  cat >build.ninja <<'MANIFEST'
rule generate
  command = echo generate >>../ran; cp part.in part.ninja; touch build.ninja
  generator = 1
build build.ninja | part.ninja: generate part.in
include part.ninja
MANIFEST
  printf 'build a: phony\n' >part.in
  cp part.in part.ninja
  tick
  touch build.ninja part.ninja
  expect_clean
  put part.in $'rule r\n  command = echo made >>../ran; : >$out\nbuild made: r\n'
  build_and_expect "generate made" made
}

test_the_generator_sees_closed_logs() {
  generated_tree
  ninja_
  sed -i "s/^echo generate.*/& ; $(printf '%s' "$NINJA" | sed 's/[\/&]/\\&/g') -t recompact \&\& $(printf '%s' "$NINJA" |
    sed 's/[\/&]/\\&/g') -t restat build.ninja/" generate.sh
  put config two
  build_and_expect "generate two"
  expect_clean
}
