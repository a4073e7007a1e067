# The manifest language: what is said of mistakes.

test_mistakes_in_rules() {
  mistake "ninja: error: build.ninja:3: unexpected variable 'unknown'" \
    "  unknown = y" \
    "             ^ near here" <<'MANIFEST'
rule r
  command = x
  unknown = y
MANIFEST
  mistake "ninja: error: build.ninja:3: duplicate rule 'r'" "rule r" "      ^ near here" <<'MANIFEST'
rule r
  command = x
rule r
MANIFEST
  mistake "ninja: error: build.ninja:2: expected 'command =' line" <<<'rule r'
  mistake "ninja: error: build.ninja:4: rspfile and rspfile_content need to be both specified" <<'MANIFEST'
rule r
  command = true
  rspfile = x
build a: r
MANIFEST
}

test_unknown_variables_of_build_statements_are_allowed() {
  cat >build.ninja <<'MANIFEST'
rule r
  command = say $anything
build a: r
  anything = goes
MANIFEST
  commands_are "say goes"
}

test_mistakes_in_build_statements() {
  mistake "ninja: error: build.ninja:1: unknown build rule 'cat'" "build a: cat b" "         ^ near here" \
    <<<'build a: cat b'
  mistake "ninja: error: build.ninja:1: expected ':', got newline (\$ also escapes ':')" "build a b" \
    "         ^ near here" <<<'build a b'
  mistake "ninja: error: build.ninja:1: expected path" "build : phony x" "      ^ near here" <<<'build : phony x'
  mistake "ninja: error: build.ninja:3: multiple rules generate a" <<'MANIFEST'
build a: phony
build a: phony
MANIFEST
  mistake "ninja: error: build.ninja:5: unknown pool name 'nix'" <<'MANIFEST'
rule r
  command = true
build a: r
  pool = nix
MANIFEST
  mistake "ninja: error: build.ninja:5: dyndep 'z' is not an input" <<'MANIFEST'
rule r
  command = true
build a: r || x
  dyndep = z
MANIFEST
}

test_an_output_named_twice() {
  since 1.12
  mistake "ninja: error: build.ninja:2: a is defined as an output multiple times" <<<'build a a: phony'
}

test_mistakes_in_variables() {
  mistake "ninja: error: build.ninja:1: bad \$-escape (literal \$ must be written as \$\$)" 'x = $(' \
    "    ^ near here" <<<'x = $('
  mistake "ninja: error: build.ninja:1: expected '=', got newline" "foo" "   ^ near here" < <(printf 'foo\n')
  mistake "ninja: error: build.ninja:1: expected '=', got identifier" "foo bar" "    ^ near here" <<<'foo bar'
  mistake "ninja: error: cycle in rule variables: command -> command" <<'MANIFEST'
rule r
  command = $command
build a: r
MANIFEST
  mistake "ninja: error: cycle in rule variables: command -> depfile -> command" <<'MANIFEST'
rule r
  command = $depfile
  depfile = $command
build a: r
MANIFEST
}

test_mistakes_in_pools_and_defaults() {
  mistake "ninja: error: build.ninja:2: invalid pool depth" "  depth = -1" "            ^ near here" <<'MANIFEST'
pool p
  depth = -1
MANIFEST
  mistake "ninja: error: build.ninja:2: expected 'depth =' line" <<<'pool p'
  mistake "ninja: error: build.ninja:1: unknown target 'nix'" "default nix" "           ^ near here" <<<'default nix'
}

test_mistakes_in_included_files() {
  mistake "ninja: error: build.ninja:1: loading 'nix.ninja': No such file or directory" "include nix.ninja" \
    "                 ^ near here" <<<'include nix.ninja'
  mkdir folder
  mistake "ninja: error: build.ninja:1: loading 'folder': Cannot read folder: Is a directory" "subninja folder" \
    "               ^ near here" <<<'subninja folder'
  echo 'build a b' >sub.ninja
  mistake "ninja: error: sub.ninja:1: expected ':', got newline (\$ also escapes ':')" "build a b" \
    "         ^ near here" <<<'subninja sub.ninja'
}

test_long_lines_are_cut_in_messages() {
  mistake "ninja: error: build.ninja:1: unknown build rule 'nix'" "build a: nix $(printf 'x%.0s' {1..59})..." \
    "         ^ near here" <<<"build a: nix $(printf 'x%.0s' {1..100})"
}

test_cycles() {
  manifest <<'MANIFEST'
build a: cat b
build b: cat c
build c: cat a
MANIFEST
  expect_code 1 "$NINJA"
  expect_message "ninja: error: could not determine root nodes of build graph"
  expect_code 1 "$NINJA" a
  expect_message "ninja: error: dependency cycle: a -> b -> c -> a"
}

test_a_phony_that_names_itself() {
  manifest <<'MANIFEST'
build a: phony a b
build b: cat in
MANIFEST
  echo text >in
  ninja_ a
  expect_output "ninja: warning: phony target 'a' names itself as an input; ignoring [-w phonycycle=warn]"
  expect_exists b
  expect_code 1 "$NINJA" -w phonycycle=err a
  expect_output "ninja: error: dependency cycle: a -> a [-w phonycycle=err]"
  ninja_ -w phonycycle=warn a
  expect_message "ninja: warning: phony target 'a' names itself as an input; ignoring [-w phonycycle=warn]" \
    "ninja: no work to do."
}

test_a_missing_input() {
  manifest <<'MANIFEST'
build out: cat in
build other: cat there
MANIFEST
  touch there
  expect_code 1 "$NINJA"
  expect_message "ninja: error: 'in', needed by 'out', missing and no known rule to make it"
  expect_ran
}

test_no_manifest() {
  expect_code 1 "$NINJA"
  expect_message "ninja: error: loading 'build.ninja': No such file or directory"
}

test_an_empty_manifest() {
  : >build.ninja
  ninja_
  expect_message "ninja: no work to do."
}
