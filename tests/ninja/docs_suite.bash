# What docs/ninja.md shows, done as it stands there.

page=$here/../../docs/ninja.md

# block <kind> <number>: the text of the page's fenced block of that kind.
block() {
  awk -v kind="$1" -v number="$2" '
    inside && /^```$/ { exit }
    inside
    $0 == "```" kind { inside = ++count == number }
  ' "$page"
}

# The program under its own name, so that the page's commands find it.
in_path() {
  mkdir "$work/bin"
  ln -s "$NINJA" "$work/bin/cntr-ninja"
  export PATH=$work/bin:$PATH
}

cmake_project() {
  need cmake cmake --version
  cat >CMakeLists.txt <<'PROJECT'
cmake_minimum_required(VERSION 3.25)
project(Example LANGUAGES NONE)
add_custom_command(OUTPUT out.txt COMMAND cmake -E copy ${CMAKE_SOURCE_DIR}/in.txt out.txt DEPENDS in.txt)
add_custom_target(example ALL DEPENDS out.txt)
PROJECT
  echo text >in.txt
}

test_the_example_of_the_page() {
  only_cntr
  in_path
  block ninja 1 >build.ninja
  block console 1 >"$work/shown"
  grep -q '^\$ cntr-ninja' "$work/shown" || fail "no example in $page"
  local line
  while IFS= read -r line; do
    printf '$ %s\n' "$line"
    bash -ec "$line" 2>&1
  done < <(sed -n 's/^\$ //p' "$work/shown") >"$work/seen"
  diff -u "$work/shown" "$work/seen"
}

test_the_commands_for_cmake() {
  only_cntr
  in_path
  cmake_project
  quietly bash -ec "$(block sh 1)"
  expect_file build/out.txt text
  expect_exists build/.cntr_ninja/state
  touch in.txt
  quietly cmake --build build
  expect_message "ninja: no work to do."
}

test_a_build_tree_changes_over() {
  only_cntr
  need_stock
  in_path
  grep -qF 'cmake -D CMAKE_MAKE_PROGRAM=cntr-ninja build' "$page" || fail "the page says it in another way"
  cmake_project
  quietly cmake -S . -B build -G Ninja -D "CMAKE_MAKE_PROGRAM=$stock"
  quietly cmake --build build
  quietly cmake -D CMAKE_MAKE_PROGRAM=cntr-ninja build
  quietly cmake --build build
  expect_message "ninja: no work to do."
}
