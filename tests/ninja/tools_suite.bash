# The tools behind -t.

test_tool_list() {
  expect_code 0 "$NINJA" -t list
  local tool
  for tool in clean commands inputs deps missingdeps graph query targets compdb recompact restat rules cleandead; do
    grep -qE "^ *$tool  " "$work/last.log" || fail "no $tool"
  done
  small_tree
  expect_code 1 "$NINJA" -t nixnixnix
  expect_message "ninja: error: unknown tool 'nixnixnix'"
  expect_code 1 "$NINJA" -t clen
  expect_message "ninja: error: unknown tool 'clen', did you mean 'clean'?"
}

test_tool_list_is_complete() {
  since 1.13
  expect_code 0 "$NINJA" -t list
  local tool
  for tool in multi-inputs compdb-targets; do
    grep -qE "^ *$tool  " "$work/last.log" || fail "no $tool"
  done
}

test_tool_query() {
  since 1.11
  small_tree
  expect_code 0 "$NINJA" -t query one in1
  expect_message "one:" "  input: cat" "    in1" "    | imp" "    || ord" "  validations:" "    val" "  outputs:" "    all" \
    "in1:" "  outputs:" "    one" "    imp" "    ord" "    val"
  expect_code 0 "$NINJA" -t query val
  expect_output "  validation for:"
  expect_code 1 "$NINJA" -t query
  expect_output "expected a target to query"
  expect_code 1 "$NINJA" -t query nixnix
  expect_output "unknown target 'nixnix'"
}

test_tool_targets() {
  small_tree
  expect_code 0 "$NINJA" -t targets
  expect_message "all: phony" "val: cat"
  expect_code 0 "$NINJA" -t targets depth 2
  expect_message "all: phony" "  one: cat" "  two: compile" "val: cat" "  in1"
  expect_code 0 "$NINJA" -t targets depth 0
  expect_output "    imp: cat"
  expect_code 0 "$NINJA" -t targets all
  expect_message "all: phony" "one: cat" "two: compile" "imp: cat" "ord: cat" "val: cat"
  expect_code 0 "$NINJA" -t targets rule cat
  expect_message imp one ord val
  expect_code 0 "$NINJA" -t targets rule
  expect_message in1 in2 in1 in1 in1
  expect_code 1 "$NINJA" -t targets nix
  expect_output "unknown target tool mode 'nix'"
}

test_tool_rules() {
  small_tree
  expect_code 0 "$NINJA" -t rules
  expect_message cat compile head phony touch
  expect_code 0 "$NINJA" -t rules -d
  expect_output 'compile: CC ${out}'
}

test_tool_commands() {
  small_tree
  expect_code 0 "$NINJA" -t commands one
  expect_message "echo imp >>../ran && cat in1 >imp" "echo ord >>../ran && cat in1 >ord" "echo one >>../ran && cat in1 >one"
  expect_code 0 "$NINJA" -t commands -s one
  expect_message "echo one >>../ran && cat in1 >one"
  expect_ran
}

test_tool_inputs() {
  small_tree
  expect_code 0 "$NINJA" -t inputs one
  expect_message imp in1 ord
}

test_tool_inputs_in_another_order() {
  since 1.13
  small_tree
  echo 'build three: cat a$ b one' >>build.ninja
  expect_code 0 "$NINJA" -t inputs -d one
  expect_message in1 imp ord
  expect_code 0 "$NINJA" -t inputs three
  expect_message "'a b'" imp in1 one ord
  expect_code 0 "$NINJA" -t inputs -E --dependency-order three
  expect_message "a b" in1 imp ord one
  expect_code 0 "$NINJA" -t inputs -0 -E one
  expect_equal output "imp|in1|ord|" "$(tr '\0' '|' <"$work/last.log")"
  expect_code 0 "$NINJA" -t multi-inputs one two
  expect_message "one	in1" "one	imp" "one	ord" "two	in2"
  expect_code 0 "$NINJA" -t multi-inputs -d ' <- ' two
  expect_message "two <- in2"
}

test_tool_graph() {
  small_tree
  expect_code 0 "$NINJA" -t graph one
  expect_output "digraph ninja {"
  expect_output '[label="one"]'
  expect_output '[label="cat", shape=ellipse]'
  expect_output 'style=dotted'
  expect_equal "last line" "}" "$(tail -n 1 "$work/last.log")"
}

test_tool_compdb() {
  small_tree
  echo 'build say"back\slash: cat in1' >>build.ninja
  expect_code 0 "$NINJA" -t compdb compile
  expect_message "[" "  {" "    \"directory\": \"$PWD\"," \
    '    "command": "echo two >>../ran; cat in2 x.h >two; echo two: x.h >two.d",' \
    '    "file": "in2",' '    "output": "two"' "  }" "]"
  need python3 python3 --version
  expect_code 0 "$NINJA" -t compdb
  python3 -c 'import json, sys; found = json.load(open(sys.argv[1])); assert any(one["output"] == "say\"back\\slash" for one in found)' \
    "$work/last.log"
}

test_tool_compdb_expands_response_files() {
  since 1.11
  printf 'rule r\n  command = cc @$out.rsp -o $out\n  rspfile = $out.rsp\n  rspfile_content = $in_newline more\nbuild o: r a b\n' \
    >build.ninja
  expect_code 0 "$NINJA" -t compdb -x r
  expect_output '"command": "cc a b more -o o"'
  expect_code 0 "$NINJA" -t compdb r
  expect_output '"command": "cc @o.rsp -o o"'
}

test_tool_compdb_targets() {
  since 1.13
  small_tree
  expect_code 0 "$NINJA" -t compdb-targets two
  expect_output '"output": "two"'
  expect_no_output_of '"output": "one"'
  expect_code 0 "$NINJA" -t compdb-targets all
  expect_output '"output": "imp"'
  expect_code 1 "$NINJA" -t compdb-targets
  expect_output "compdb-targets expects the name of at least one target"
  expect_code 1 "$NINJA" -t compdb-targets in1
  expect_output "'in1' is not a target (i.e. it is not an output of any \`build\` statement)"
}

test_tool_deps() {
  small_tree
  ninja_
  expect_code 0 "$NINJA" -t deps
  sed -i 's/mtime [0-9]*/mtime T/' "$work/last.log"
  expect_message "two: #deps 1, deps mtime T (VALID)" "    x.h" ""
  expect_code 0 "$NINJA" -t deps two one
  expect_output "one: deps not found"
  touch -d '+1 minute' two
  expect_code 0 "$NINJA" -t deps two
  expect_output "(STALE)"
}

test_tool_missingdeps() {
  small_tree
  ninja_
  expect_code 0 "$NINJA" -t missingdeps
  expect_output "No missing dependencies on generated files found."
  echo 'build x.h: cat in1' >>build.ninja
  ninja_
  expect_code 3 "$NINJA" -t missingdeps
  expect_output "Missing dep: two uses x.h (generated by cat)"
  expect_output "Error: There are 1 missing dependency paths."
  sed -i 's/^build two: compile in2/& || x.h/' build.ninja
  ninja_
  expect_code 0 "$NINJA" -t missingdeps
}

test_tool_clean() {
  small_tree
  echo 'rule again
  command = cp $in $out
  generator = 1
build generated: again in1
default generated' >>build.ninja
  ninja_
  expect_code 0 "$NINJA" -t clean
  expect_message "Cleaning... 5 files."
  expect_exists generated
  expect_missing one
  expect_code 0 "$NINJA" -t clean -g
  expect_message "Cleaning... 1 files."
  expect_missing generated
  build_and_expect "imp one ord two val"
  expect_clean
}

test_tool_clean_of_targets_and_rules() {
  small_tree
  ninja_
  expect_code 0 "$NINJA" -v -t clean one
  expect_equal message "3 files. Cleaning... Remove imp Remove one Remove ord Target one" \
    "$(sort "$work/last.log" | tr '\n' ' ' | sed 's/ $//')"
  expect_code 0 "$NINJA" -v -t clean -r compile
  expect_message Cleaning... "Rule compile" "Remove two" "1 files."
  expect_code 1 "$NINJA" -t clean -r
  expect_output "expected a rule to clean"
  expect_code 1 "$NINJA" -t clean -r nixnix
  expect_output "unknown rule 'nixnix'"
  expect_code 1 "$NINJA" -t clean nixnix
  expect_output "unknown target 'nixnix'"
  build_and_expect "imp one ord two"
}

test_tool_clean_takes_depfiles_and_response_files() {
  small_tree
  echo 'rule link
  command = exit 1
  rspfile = $out.rsp
  rspfile_content = x
build linked: link in1' >>build.ninja
  expect_failure "$NINJA" linked
  expect_code 0 "$NINJA" -d keepdepfile two
  expect_exists linked.rsp two.d
  ninja_ -t clean
  expect_missing linked.rsp two.d
}

test_tool_clean_dry() {
  small_tree
  ninja_
  expect_code 0 "$NINJA" -n -t clean
  expect_output "Remove one"
  expect_equal "last line" "5 files." "$(tail -n 1 "$work/last.log")"
  expect_clean
}

test_tool_cleandead() {
  small_tree
  ninja_
  touch mine
  sed -i '/^build val/d; s/ |@ val//; /^build two/d; s/ two$//' build.ninja
  echo 'build new: cat ord' >>build.ninja
  ninja_ all new
  expect_code 0 "$NINJA" -t cleandead
  expect_message "Cleaning... 2 files."
  expect_exists one mine
  expect_missing val two
  expect_code 0 "$NINJA" -t cleandead
  expect_message "Cleaning... 0 files."
  expect_clean all new
}

test_tools_that_cmake_calls_succeed_in_an_empty_directory() {
  expect_code 0 "$NINJA" -t restat build.ninja
  expect_equal output "" "$(cat "$work/last.log")"
  : >build.ninja
  expect_code 0 "$NINJA" -t recompact
  expect_equal output "" "$(cat "$work/last.log")"
  expect_code 0 "$NINJA" -t cleandead
}

test_tools_that_cmake_calls_change_nothing() {
  small_tree
  ninja_
  expect_code 0 "$NINJA" -t restat build.ninja
  expect_code 0 "$NINJA" -t recompact
  expect_code 0 "$NINJA" -t cleandead
  expect_clean
}

test_tool_restat() {
  manifest <<'MANIFEST'
rule again
  command = echo $out >>../ran; cp $in $out
  generator = 1
build generated: again source
build other: cat source
MANIFEST
  echo text >source
  ninja_
  tick
  touch source generated
  expect_code 0 "$NINJA" -t restat generated
  build_and_expect "$(is_cntr || echo other)"
}
