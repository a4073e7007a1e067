# What a step sees of its files and of the host. What every runner keeps is in runner_suite.bash.

# --- files ------------------------------------------------------------------------------------

test_hundreds_of_inputs() {
  mkdir -p project/many
  local i
  for ((i = 1; i <= 600; ++i)); do echo "$i" >project/many/$i; done
  echo undeclared | tee project/undeclared.txt >project/many/undeclared.txt
  script_project "INPUTS $(seq --format=many/%g --separator=' ' 600)" <<'SH'
ls -A /src /tmp
cat /src/many/* | sort -n | uniq | wc -l
for path in /src/many/600 /src/many/new /src/new; do
  (echo x >>$path) 2>/dev/null && echo "$path was written"
done
cat /src/many/600
SH
  build
  expect_seen /src: many "" /tmp: 600 600
  expect_file project/many/600 600
}

test_names_with_spaces() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(spaces IMAGE box
  COMMAND cp "${CMAKE_CURRENT_SOURCE_DIR}/my data/in put.txt" "out dir/out put.txt"
  INPUTS "my data/in put.txt"
  OUTPUTS "out dir/out put.txt")
CMAKE
  mkdir "project/my data"
  echo text >"project/my data/in put.txt"
  configure
  build_and_expect spaces
  expect_file "build/out dir/out put.txt" text
  build_and_expect ""
  echo changed >"project/my data/in put.txt"
  build_and_expect spaces
}

test_unusual_names() {
  mkdir -p project
  echo text >"project/ä '\$x\" %d & (1)*.txt"
  step_project 'IMAGE box INPUTS "ä '\''\$x\" %d & (1)*.txt" STDOUT "ö '\''\$y\" %s & (2)?.txt"
    COMMAND cat "${CMAKE_CURRENT_SOURCE_DIR}/ä '\''\$x\" %d & (1)*.txt"'
  build_and_expect probe
  expect_file "build/ö '\$y\" %s & (2)?.txt" text
  build_and_expect ""
}

test_the_working_directory() {
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_step(below IMAGE box COMMAND sh -c "pwd >here.txt" WORKING_DIRECTORY sub/dir OUTPUTS sub/dir/here.txt)
cntr_add_step(in_image IMAGE box COMMAND ls WORKING_DIRECTORY /etc STDOUT etc.txt)
add_subdirectory(part)
CMAKE
  mkdir project/part
  echo 'cntr_add_step(caller IMAGE box COMMAND pwd STDOUT pwd.txt)' >project/part/CMakeLists.txt
  configure
  build
  expect_file build/sub/dir/here.txt /build/sub/dir
  expect_file build/etc.txt passwd
  expect_file build/part/pwd.txt /build/part
}

# --- the host ---------------------------------------------------------------------------------

host_project() { # <keywords>
  mkdir -p project
  echo declared >project/declared.txt
  echo undeclared >project/undeclared.txt
  step_project "HOST $* INPUTS declared.txt STDOUT seen.txt"
}

# The path with "/./" is not rewritten to the one in the sandbox.
test_a_host_step_sees_tools_but_no_undeclared_files() {
  host_project 'COMMAND sh -c [[
cat "$1/declared.txt"
cat "$1/undeclared.txt" /src/undeclared.txt "$2/project/undeclared.txt" 2>/dev/null
ls -A "$2/project" 2>/dev/null
cmake --version | head -n 1
]] sh ${CMAKE_CURRENT_SOURCE_DIR}' "/.$work"
  build_and_expect probe
  expect_seen declared "$(cmake --version | head -n 1)"
  build_and_expect ""
}

test_the_host_runner() {
  host_project 'RUNNER host ENVIRONMENT GREETING=hello COMMAND sh -c [[
cat "$1" && echo "$GREETING ${CNTR_E2E_STRAY-clean}" && pwd | grep -c "/work/probe/"]] sh
    ${CMAKE_CURRENT_SOURCE_DIR}/declared.txt'
  export CNTR_E2E_STRAY=stray
  build_and_expect probe
  expect_seen declared "hello clean" 1
  sed -i 's/RUNNER host/RUNNER bubblewrap/' project/CMakeLists.txt
  rm -rf build
  configure
  build_and_expect "" probe
}

# --- the same as an ordinary user -------------------------------------------------------------

test_ordinary_user_has_hundreds_of_inputs() { as_ordinary_user test_hundreds_of_inputs; }
test_ordinary_user_runs_host_steps() { as_ordinary_user test_a_host_step_sees_tools_but_no_undeclared_files; }
