# What the program of a step gets: arguments, variables, secrets and streams.

# --- arguments --------------------------------------------------------------------------------

test_arguments_are_verbatim() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(arguments IMAGE box
  STDOUT arguments.txt
  COMMAND -- printf "<%s>\\n" "" "two  words " "a;b;;c;" "\"double\" 'single'" "\$HOME \${HOME} `id`"
    [[back\slash \n \\]] "line
break" -n --help -- OUTPUTS IMAGE COMMAND "[a]" "*" "~" "&& | > /x # !" "	" "ü%s%%" "$$" "\$\$ $<1:genex>")
CMAKE
  configure
  build
  cat >expected <<'TEXT'
<>
<two  words >
<a;b;;c;>
<"double" 'single'>
<$HOME ${HOME} `id`>
<back\slash \n \\>
<line
break>
<-n>
<--help>
<-->
<OUTPUTS>
<IMAGE>
<COMMAND>
<[a]>
<*>
<~>
<&& | > /x # !>
<	>
<ü%s%%>
<$$>
<$$ genex>
TEXT
  quietly diff expected build/arguments.txt
}

test_paths_become_those_of_the_sandbox() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(paths IMAGE box
  STDOUT paths.txt
  ENVIRONMENT WHERE=${CMAKE_CURRENT_SOURCE_DIR}/x:${CMAKE_CURRENT_BINARY_DIR}
  COMMAND sh -c "printf '%s\\n' \"$@\" \"$WHERE\" \"$PWD\"" sh
    ${CMAKE_CURRENT_SOURCE_DIR} --in=${CMAKE_CURRENT_SOURCE_DIR}/a ${CMAKE_CURRENT_BINARY_DIR}/b
    ${CMAKE_CURRENT_SOURCE_DIR}-other)
CMAKE
  configure
  build
  expect_file build/paths.txt "/src
--in=/src/a
/build/b
$work/project-other
/src/x:/build
/build"
}

test_a_program_of_the_project_runs() {
  need compiler cc --version
  need_bubblewrap
  begin_project <<'CMAKE'
enable_language(C)
add_executable(tool tool.c)
target_link_options(tool PRIVATE -static)
cntr_add_step(use IMAGE box COMMAND $<TARGET_FILE:tool> STDOUT used.txt)
CMAKE
  write_tool() { echo "#include <stdio.h>
int main(void) { puts(\"$1\"); return 0; }" >project/tool.c; }
  write_tool one
  configure
  build_and_expect use
  expect_file build/used.txt one
  write_tool two
  build_and_expect use
  expect_file build/used.txt two
}

# --- variables --------------------------------------------------------------------------------

expect_found_nowhere() { # <text> <directory>...
  printf '%s' "$1" >pattern
  local found
  found=$(grep -rlaF -f pattern "${@:2}" || true)
  expect_equal "files with the text" "" "$found"
}

clean_environment() { # <environment of the step>
  export CNTR_E2E_STRAY=stray LD_PRELOAD='' PYTHONPATH=/stray
  step_project "$1 COMMAND env STDOUT seen.txt ENVIRONMENT B=two A= [[C=a=b;c \$HOME]]"
  build
  expect_equal variables "A=
B=two
C=a=b;c \$HOME
HOME=/tmp
LANG=C.UTF-8
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
PWD=/build
TMPDIR=/tmp" "$(sort build/seen.txt)"
}

test_the_environment_is_clean() { clean_environment "IMAGE box"; }
test_the_environment_is_clean_on_the_host() { clean_environment HOST; }

changed_variables() {
  script_project "PASS_ENVIRONMENT CNTR_E2E_SEED CNTR_E2E_UNSET" <<'SH'
echo "${CNTR_E2E_SEED-unset} ${CNTR_E2E_UNSET-unset}"
SH
  export CNTR_E2E_SEED=one
  build_and_expect probe
  expect_seen "one unset"
  build_and_expect ""
  export CNTR_E2E_SEED=two
  build_and_expect probe
  expect_seen "two unset"
  export CNTR_E2E_SEED=one
  build_and_expect "" probe
  expect_seen "one unset"
  unset CNTR_E2E_SEED
  build_and_expect probe
  expect_seen "unset unset"
}

test_a_passed_variable_enters_the_signature() { changed_variables; }

test_a_passed_variable_enters_the_signature_under_make() {
  export CMAKE_GENERATOR="Unix Makefiles"
  changed_variables
}

test_a_passed_value_is_kept_as_a_digest() {
  script_project "PASS_ENVIRONMENT CNTR_E2E_SEED" <<'SH'
echo ${#CNTR_E2E_SEED}
SH
  export CNTR_E2E_SEED=a-value-of-its-own
  build
  expect_seen 18
  expect_found_nowhere a-value-of-its-own build cache
}

test_a_secret_is_found_nowhere() {
  export CNTR_E2E_TOKEN=hunter2-and-more
  script_project "SECRETS CNTR_E2E_TOKEN OUTPUTS length.txt" <<SH
echo "the token is \$CNTR_E2E_TOKEN."
echo "again: \$CNTR_E2E_TOKEN" >&2
echo \${#CNTR_E2E_TOKEN} >length.txt
sleep 1.$$
SH
  build &
  wait_until process_runs "sleep.1.$$"
  expect_no_process hunter2
  wait $!
  expect_file build/length.txt 16
  expect_seen "the token is [secret CNTR_E2E_TOKEN]."
  expect_output "again: [secret CNTR_E2E_TOKEN]"
  expect_found_nowhere hunter2 build cache project last.log
  export CNTR_E2E_TOKEN=another
  build_and_expect ""
}

test_ordinary_user_keeps_secrets() { as_ordinary_user test_a_secret_is_found_nowhere; }

# --- streams ----------------------------------------------------------------------------------

test_streams_are_files() {
  echo input >in.txt
  mkdir project && mv in.txt project
  step_project 'IMAGE box STDIN in.txt STDOUT out.txt STDERR err.txt
    COMMAND sh -c "tr a-z A-Z; echo problem >&2"'
  build_and_expect probe
  expect_file build/out.txt INPUT
  expect_file build/err.txt problem
}

test_both_streams_in_one_file() {
  step_project 'IMAGE box STDOUT both.txt STDERR both.txt
    COMMAND sh -c "echo 1; echo 2 >&2; echo 3; echo 4 >&2"'
  build
  expect_file build/both.txt "1
2
3
4"
}

test_standard_input_is_empty_by_default() {
  script_project <<<'cat; echo end'
  build <<<'typed'
  expect_seen end
}
