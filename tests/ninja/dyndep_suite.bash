# Dynamic dependencies: what a file that the build makes itself tells of other edges.

# Units a and b, each with what it provides and requires; `scan` tells it in the dyndep file.
modules() {
  cat >scan.sh <<'SCRIPT'
echo "${0##*/}" >>../ran
echo 'ninja_dyndep_version = 1' >units.dd.new
for unit in a b; do
  provides=$(sed -n 's/^provides //p' $unit.in) requires=$(sed -n 's/^requires //p' $unit.in | tr '\n' ' ')
  echo "build $unit.o${provides:+ | $provides}: dyndep${requires:+ | $requires}" >>units.dd.new
done
cmp -s units.dd.new units.dd || cp units.dd.new units.dd
SCRIPT
  cat >compile.sh <<'SCRIPT'
echo "$1.o" >>../ran
cat $1.in $(sed -n 's/^requires //p' $1.in) >$1.o
for provided in $(sed -n 's/^provides //p' $1.in); do head -n 1 $1.in >$provided; done
SCRIPT
  cat >build.ninja <<'MANIFEST'
rule scan
  command = sh scan.sh
rule compile
  command = sh compile.sh $unit
build units.dd: scan a.in b.in
  restat = 1
build a.o: compile a.in || units.dd
  dyndep = units.dd
  unit = a
build b.o: compile b.in || units.dd
  dyndep = units.dd
  unit = b
MANIFEST
  printf 'unit a\nrequires b.mod\n' >a.in
  printf 'unit b\nprovides b.mod\n' >b.in
}

test_edges_run_in_the_order_that_was_discovered() {
  modules
  build_and_expect "a.o b.o scan.sh"
  expect_file a.o "unit a
requires b.mod
unit b"
  expect_clean
}

test_a_changed_interface_reaches_its_users() {
  modules
  ninja_
  put b.in $'unit b changed\nprovides b.mod\n'
  build_and_expect "a.o b.o scan.sh"
  expect_output "[3/3]"
  tail -n 1 a.o | grep -qx "unit b changed"
}

test_an_unchanged_interface_stops_the_build() {
  only_cntr
  modules
  ninja_
  put b.in $'unit b\nprovides b.mod\nmore\n'
  build_and_expect "b.o scan.sh"
}

test_new_dependencies_are_taken_up() {
  modules
  ninja_
  put a.in $'unit a\nprovides a.mod\n'
  put b.in $'unit b\nprovides b.mod\nrequires a.mod\n'
  build_and_expect "a.o b.o scan.sh"
  expect_file b.o "unit b
provides b.mod
requires a.mod
unit a"
  expect_clean
}

test_a_missing_discovered_output_is_made_again() {
  modules
  ninja_
  rm b.mod
  build_and_expect "$(is_cntr || echo a.o) b.o"
  expect_exists b.mod
}

test_an_existing_dyndep_file_is_read_at_once() {
  cat >build.ninja <<'MANIFEST'
rule cat
  command = echo $out >>../ran; cat $in >$out
build out: cat in || dd
  dyndep = dd
build extra: cat in
MANIFEST
  printf 'ninja_dyndep_version = 1.0\n# comment\nbuild out | more: dyndep | extra\n  restat = 1\n' >dd
  echo text >in
  touch more
  build_and_expect "extra out" out
  expect_clean out
  put extra changed
  build_and_expect "$(is_cntr && echo extra || echo out)" out
}

test_restat_of_a_dyndep_file() {
  cat >build.ninja <<'MANIFEST'
rule keep
  command = echo $out >>../ran; test -e $out || cp $in $out
rule cat
  command = echo $out >>../ran; cat $in >$out
build kept: keep in || dd
  dyndep = dd
build last: cat kept
MANIFEST
  printf 'ninja_dyndep_version = 1\nbuild kept: dyndep\n  restat = 1\n' >dd
  echo text >in
  build_and_expect "kept last"
  put in other
  build_and_expect kept
  expect_clean
}

test_validations_with_dyndep() {
  modules
  printf 'build check: phony a.o\nbuild all: phony b.o |@ check\ndefault all\n' >>build.ninja
  build_and_expect "a.o b.o scan.sh"
}

# dyndep_mistake <message> with the dyndep file from standard input
dyndep_mistake() {
  cat >dd
  printf 'rule cat\n  command = cat $in >$out\nbuild out: cat in || dd\n  dyndep = dd\nbuild other: cat in\n' >build.ninja
  touch in
  expect_code 1 "$NINJA" out
  expect_output "$1"
}

test_mistakes_in_dyndep_files() {
  dyndep_mistake "dd:1: expected 'ninja_dyndep_version = ...'" </dev/null
  dyndep_mistake "dd:1: unsupported 'ninja_dyndep_version = 2.0'" <<<'ninja_dyndep_version = 2.0'
  dyndep_mistake "dd:2: no build statement exists for 'nix'" <<<$'ninja_dyndep_version = 1\nbuild nix: dyndep'
  dyndep_mistake "dd:2: expected build command name 'dyndep'" <<<$'ninja_dyndep_version = 1\nbuild out: cat'
  dyndep_mistake "dd:2: explicit outputs not supported" <<<$'ninja_dyndep_version = 1\nbuild out more: dyndep'
  dyndep_mistake "dd:2: explicit inputs not supported" <<<$'ninja_dyndep_version = 1\nbuild out: dyndep in'
  dyndep_mistake "dd:2: order-only inputs not supported" <<<$'ninja_dyndep_version = 1\nbuild out: dyndep || in'
  dyndep_mistake "dd:3: binding is not 'restat'" <<<$'ninja_dyndep_version = 1\nbuild out: dyndep\n  other = 1'
  dyndep_mistake "dd:3: multiple statements for 'out'" <<<$'ninja_dyndep_version = 1\nbuild out: dyndep\nbuild out: dyndep'
  dyndep_mistake "'out' not mentioned in its dyndep file 'dd'" <<<'ninja_dyndep_version = 1'
  dyndep_mistake "dyndep file 'dd' mentions output 'other' whose build statement does not have a dyndep binding for the file" \
    <<<$'ninja_dyndep_version = 1\nbuild out: dyndep\nbuild other: dyndep'
  dyndep_mistake "multiple rules generate other" <<<$'ninja_dyndep_version = 1\nbuild out | other: dyndep'
  dyndep_mistake "multiple rules generate out" <<<$'ninja_dyndep_version = 1\nbuild out | out: dyndep'
  dyndep_mistake "multiple rules generate more" <<<$'ninja_dyndep_version = 1\nbuild out | more more: dyndep'
  dyndep_mistake "dependency cycle: out -> out" <<<$'ninja_dyndep_version = 1\nbuild out: dyndep | out'
}

test_a_missing_dyndep_file() {
  printf 'rule cat\n  command = cat $in >$out\nbuild out: cat in || dd\n  dyndep = dd\n' >build.ninja
  touch in
  expect_code 1 "$NINJA"
  expect_output "dd"
  expect_missing out
}

test_a_dyndep_file_that_is_made_wrong() {
  modules
  printf 'echo broken >units.dd\n' >scan.sh
  expect_code 1 "$NINJA"
  expect_output "ninja: build stopped: units.dd:1: "
  expect_missing a.o
}

test_a_cycle_that_is_discovered() {
  modules
  printf 'unit a\nprovides a.mod\nrequires b.mod\n' >a.in
  printf 'unit b\nprovides b.mod\nrequires a.mod\n' >b.in
  expect_code 1 "$NINJA"
  expect_output "dependency cycle: "
}

test_clean_takes_discovered_outputs() {
  modules
  ninja_
  ninja_ -t clean
  expect_missing b.mod a.o b.o units.dd
}

test_query_shows_discovered_inputs() {
  modules
  ninja_
  ninja_ -t query a.o
  expect_output "b.mod"
}
