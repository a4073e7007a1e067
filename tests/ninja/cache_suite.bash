# Results of compilations from the cache (--cache).

# A tree with a compiler of its own, $out and ran as in manifest().
compiler_tree() { # <directory>; the build statements from standard input
  mkdir -p "$1"
  cat >"$1/cc" <<COMPILER
#!/bin/sh
# cc <output> <input>...: reads "header" as well
echo "\$1" >>$work/ran
out=\$1; shift
cat "\$@" header >"\$out"
echo printed
echo "\$out: \$* header" >"\$out.d"
COMPILER
  chmod +x "$1/cc"
  {
    cat <<'MANIFEST'
rule compile
  command = ./cc $out $in
  depfile = $out.d
  deps = gcc
MANIFEST
    cat
  } >"$1/build.ninja"
  echo text >"$1/in"
  echo one >"$1/header"
}

build_in() { # <directory> <what must run>...
  rm -f "$work/ran"
  tick
  quietly "$NINJA" -j1 --cache -C "$1"
  expect_equal "what ran" "${*:2}" "$(ran)"
}

test_results_come_back_here_and_in_another_tree() {
  only_cntr
  statements() { printf 'build out: compile in\nbuild never: compile in\n  cntr_cache = 0\n'; }
  statements | compiler_tree one
  build_in one never out
  echo two >one/header
  build_in one never out
  echo one >one/header
  build_in one never
  expect_file one/out "$(printf 'text\none')"
  grep -q printed "$work/last.log"
  statements | compiler_tree two
  build_in two never
  cmp one/out two/out
  echo other >two/header
  build_in two never out
}

# Nothing runs that the build could wait for, from one end to the other.
test_a_whole_chain_comes_back() {
  only_cntr
  statements() { printf 'build c: compile b\nbuild b: compile a\nbuild a: compile in\n'; }
  statements | compiler_tree one
  build_in one a b c
  statements | compiler_tree two
  build_in two
  cmp one/c two/c
  rm two/a two/b two/c
  build_in two
  cmp one/c two/c
}

# As CMake names each output of its custom commands.
test_an_output_with_two_names_comes_back() {
  only_cntr
  compiler_tree one <<<"build $work/tree/one/out | out: compile in"
  build_in one "$work/tree/one/out"
  rm one/out
  build_in one
  expect_file one/out "$(printf 'text\none')"
}

# What such commands make beside their outputs would be missing.
test_what_is_more_than_a_compilation_is_made_again() {
  only_cntr
  compiler_tree one <<'MANIFEST'
rule script
  command = sh script $out
  depfile = $out.d
rule twice
  command = ./cc $out $in && cp $out copy
  depfile = $out.d
  deps = gcc
build stamp: compile /dev/null
build made: script in
build out: twice in
MANIFEST
  : >one/header
  echo "echo \$1 >>$work/ran; echo 3 >side; echo 4 >\$1; echo \$1: in >\$1.d" >one/script
  build_in one made out stamp
  rm one/made one/out one/stamp one/side one/copy
  build_in one made out stamp
  expect_exists one/side one/copy
}

# A variable leads the compiler to other headers.
test_variables_of_compilers_count() {
  only_cntr
  compiler_tree one <<<'build out: compile in'
  build_in one out
  rm one/out
  CPATH=other build_in one out
  rm one/out
  CPATH=other build_in one
}
