# What comes back of a step, and when it counts as successful.

# --- outputs ----------------------------------------------------------------------------------

test_outputs_belong_to_the_caller() {
  script_project "OUTPUTS file OUTPUT_DIRECTORIES tree" <<'SH'
umask 077
echo x >file
mkdir -p tree/sub
echo x >tree/sub/file
echo x >tree/program
chmod 700 tree/program
id -u && id -g
SH
  umask 022
  build
  expect_seen "$(id -u)" "$(id -g)"
  expect_equal "owners and modes" "$(id -u):$(id -g) 644 build/file
$(id -u):$(id -g) 755 build/tree
$(id -u):$(id -g) 755 build/tree/program
$(id -u):$(id -g) 755 build/tree/sub
$(id -u):$(id -g) 644 build/tree/sub/file" \
    "$(stat -c '%u:%g %a %n' build/file $(find build/tree | sort))"
}

test_optional_outputs_come_and_go() {
  mkdir project
  echo yes >project/wanted
  step_project 'IMAGE box INPUTS wanted OPTIONAL_OUTPUTS extra.txt
    COMMAND sh -c "if grep -q yes /src/wanted; then echo extra >extra.txt; fi"'
  build_and_expect probe
  expect_file build/extra.txt extra
  build_and_expect ""
  echo no >project/wanted
  build_and_expect probe
  [ ! -e build/extra.txt ]
  build_and_expect ""
  echo yes >project/wanted
  build_and_expect "" probe
  expect_file build/extra.txt extra
}

test_only_declared_outputs_come_back() {
  script_project "OUTPUTS a.txt OUTPUT_DIRECTORIES tree" <<'SH'
echo a >a.txt
echo b >b.txt
mkdir -p tree/empty "tree/with space"
echo c >"tree/with space/c"
ln -s nowhere tree/link
ln a.txt linked.txt
SH
  build
  [ ! -e build/b.txt ]
  [ ! -e build/linked.txt ]
  expect_equal tree "build/tree build/tree/empty build/tree/link build/tree/with space build/tree/with space/c" \
    "$(find build/tree | sort | tr '\n' ' ' | sed 's/ $//')"
  expect_equal link nowhere "$(readlink build/tree/link)"
  expect_equal "links of a.txt" 1 "$(stat -c %h build/a.txt)"
}

# A link that the step puts where the directory of an output was must not be followed on the host.
test_a_link_cannot_lead_out_of_the_sandbox() {
  mkdir outside
  echo precious >outside/file
  script_project "OUTPUTS sub/file OPTIONAL_OUTPUTS sub/extra OUTPUT_DIRECTORIES sub/tree" <<SH
rm -r sub
ln -s $work/outside sub
SH
  mkdir outside/tree
  echo precious >outside/extra
  expect_failure build
  expect_output "The output /build/sub/file was not made: /build/sub is not a directory."
  expect_output "The output /build/sub/extra was not made: /build/sub is not a directory."
  expect_output "The output /build/sub/tree was not made: /build/sub is not a directory."
  expect_equal outside "extra file tree" "$(ls outside | tr '\n' ' ' | sed 's/ $//')"
  quietly cntr shell probe -C build -- ls -l /build
  expect_output "sub -> $work/outside"
  expect_equal outside "extra file tree" "$(ls outside | tr '\n' ' ' | sed 's/ $//')"
}

# As the same, from one result to the next.
test_a_link_in_an_output_directory_is_replaced() {
  mkdir outside project
  echo precious >outside/file
  echo link >project/what
  step_project "IMAGE box INPUTS what OUTPUT_DIRECTORIES tree COMMAND -- sh -c [==[
mkdir tree
if grep -q link /src/what; then ln -s $work/outside tree/sub; exit; fi
mkdir tree/sub
echo new >tree/sub/file
echo new >tree/sub/more]==]"
  build
  expect_equal link "$work/outside" "$(readlink build/tree/sub)"
  echo directory >project/what
  build_and_expect probe
  expect_file build/tree/sub/file new
  expect_file outside/file precious
  echo link >project/what
  build_and_expect "" probe
  expect_equal link "$work/outside" "$(readlink build/tree/sub)"
  echo directory >project/what
  build_and_expect "" probe
  expect_file build/tree/sub/more new
  expect_equal outside file "$(ls outside)"
}

test_outputs_in_closed_directories_come_back() {
  script_project "OUTPUTS sub/file OUTPUT_DIRECTORIES tree" <<'SH'
echo file >sub/file
mkdir -p junk/sub tree/sub
echo file >tree/sub/file
chmod 000 sub/file sub junk/sub junk tree/sub/file tree/sub tree
chmod 500 .
SH
  build
  expect_file build/sub/file file
  expect_file build/tree/sub/file file
  [ ! -e build/cntr/work/probe ]
}

test_ordinary_user_owns_the_outputs() { as_ordinary_user test_outputs_belong_to_the_caller; }
test_ordinary_user_gets_outputs_of_closed_directories() { as_ordinary_user test_outputs_in_closed_directories_come_back; }

# --- ends -------------------------------------------------------------------------------------

test_success_codes() {
  step_project 'IMAGE box STDOUT seen.txt SUCCESS_CODES 0 3 COMMAND sh -c "echo three; exit 3"'
  build_and_expect probe
  expect_seen three
  build_and_expect ""
  sed -i 's/SUCCESS_CODES 0 3/SUCCESS_CODES 4/' project/CMakeLists.txt
  expect_failure build
  expect_output "cntr: step probe failed: exit code 3"
}

test_a_step_is_retried() {
  need_bubblewrap
  begin_project <<'CMAKE'
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/tries)
cntr_add_step(flaky IMAGE box
  COMMAND sh -c "echo left >left; echo try >>/tries/log; test $(wc -l </tries/log) = 3 && echo won"
  STDOUT won.txt RETRIES 2
  MOUNTS ${CMAKE_CURRENT_BINARY_DIR}/tries:/tries:rw:undeclared)
CMAKE
  configure
  build_and_expect flaky
  expect_file build/won.txt won
  expect_output "cntr: warning: step flaky failed (exit code 1); attempt 2 of 3"
  expect_output "cntr: warning: step flaky failed (exit code 1); attempt 3 of 3"
}
