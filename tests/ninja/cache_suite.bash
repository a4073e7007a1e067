# Results of compile-like edges from the cache (--cache).

cached_tree() { # <directory>
  mkdir -p "$1"
  cat >"$1/build.ninja" <<MANIFEST
rule compile
  command = echo \$out >>$work/ran; cat in header >\$out; echo printed; echo \$out: in header >\$out.d
  depfile = \$out.d
  deps = gcc
build out: compile in
build never: compile in
  cntr_cache = 0
MANIFEST
  echo text >"$1/in"
  echo one >"$1/header"
}

build_in() { # <directory> <what must run>...
  rm -f "$work/ran"
  sleep 0.02
  quietly "$NINJA" -j1 --cache -C "$1"
  expect_equal "what ran" "${*:2}" "$(sort "$work/ran" 2>/dev/null | paste -sd' ')"
}

test_results_come_back_here_and_in_another_tree() {
  only_cntr
  cached_tree one
  build_in one never out
  echo two >one/header
  build_in one never out
  echo one >one/header
  build_in one never
  expect_file one/out "$(printf 'text\none')"
  grep -q printed "$work/last.log"
  cached_tree two
  build_in two never
  cmp one/out two/out
  echo other >two/header
  build_in two never out
}
