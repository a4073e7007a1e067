# What a step sees of files, processes and the network.

# --- files ------------------------------------------------------------------------------------

test_an_undeclared_file_is_not_there() {
  mkdir -p project/data build
  echo declared >project/data/declared.txt
  echo undeclared | tee project/data/undeclared.txt project/undeclared.txt >build/undeclared.txt
  script_project "INPUTS data/declared.txt" <<'SH'
cd /src && find . -type f && cd /build && find . -type f
cat /src/data/undeclared.txt 2>/dev/null || echo not there
SH
  build
  expect_seen ./data/declared.txt ./seen.txt "not there"
}

test_inputs_cannot_be_written() {
  mkdir -p project/data
  echo declared >project/data/declared.txt
  script_project "INPUTS data/declared.txt" <<'SH'
for path in /src/new /src/data/new /src/data/declared.txt; do
  (echo x >>$path) 2>/dev/null && echo "$path was written"
done
rm -f /src/data/declared.txt 2>/dev/null
chmod 777 /src/data/declared.txt 2>/dev/null
cat /src/data/declared.txt
SH
  build
  expect_seen declared
  expect_file project/data/declared.txt declared
  expect_equal mode 644 "$(stat -c %a project/data/declared.txt)"
}

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

test_the_root_of_an_image_is_read_only() {
  script_project <<'SH'
for path in /new /etc/new /etc/passwd /bin/sh; do
  (echo x >>$path) 2>/dev/null && echo "$path was written"
done
echo done
SH
  build
  expect_seen "done"
}

test_a_writable_root_is_thrown_away() {
  script_project "CACHE OFF WRITABLE_ROOT" <<'SH'
set -e
ls /etc
rm /etc/passwd
echo new >/etc/new
echo new >/new
ls /etc
SH
  build
  expect_seen passwd new
  rm build/seen.txt
  build
  expect_seen passwd new
  expect_equal "the image" passwd "$(ls project/root/etc)"
}

test_the_files_of_the_host_are_not_there() {
  script_project <<'SH'
cat /etc/passwd
ls -A /
SH
  build
  expect_seen "root:x:0:0:root:/:/bin/sh" bin build dev etc proc src tmp
}

test_tmp_is_private() {
  mark_of_test=$(mktemp /tmp/cntr-e2e.XXXXXX)
  rm "$mark_of_test"
  script_project <<SH
ls -A /tmp
echo x >$mark_of_test
ls /tmp
SH
  build
  expect_seen "${mark_of_test#/tmp/}"
  [ ! -e "$mark_of_test" ]
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

# --- processes, network, users ----------------------------------------------------------------

test_there_is_only_the_loopback_device() {
  script_project <<'SH'
tail -n +3 /proc/net/dev | sed 's/:.*//; s/ //g'
SH
  build
  expect_seen lo
}

test_network_host_is_that_of_the_host() {
  script_project "NETWORK host" <<'SH'
stat -L -c %i /proc/self/ns/net
SH
  build
  expect_seen "$(stat -L -c %i /proc/self/ns/net)"
}

background_children() { # <environment of the step>
  step_project "$1 STDOUT seen.txt COMMAND -- sh -c [==[
setsid sleep 111.$$ >/dev/null 2>&1 &
nohup sleep 112.$$ >/dev/null 2>&1 &
sleep 113.$$ &
echo started]==]"
  SECONDS=0
  build
  [ $SECONDS -lt 30 ]
  expect_seen started
  expect_no_process "sleep.11[123].$$"
}

test_a_background_child_is_gone() { background_children "IMAGE box"; }
test_a_background_child_is_gone_on_the_host() { background_children "HOST RUNNER host"; }

test_a_step_sees_its_own_processes_only() {
  sleep "120.$$" &
  script_project <<SH
sleep 121.$$ &
ps -o args | grep -o "sleep 12[0-9]" | sort -u
SH
  build
  kill $!
  expect_seen "sleep 121"
}

test_no_rights_can_be_gained() {
  script_project <<'SH'
grep -e CapEff -e CapPrm -e NoNewPrivs /proc/self/status | sed 's/.*	//'
mount -t tmpfs none /tmp 2>/dev/null || echo refused
SH
  build
  expect_seen 0000000000000000 0000000000000000 1 refused
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

test_ordinary_user_sees_declared_files_only() { as_ordinary_user test_an_undeclared_file_is_not_there; }
test_ordinary_user_cannot_write_inputs() { as_ordinary_user test_inputs_cannot_be_written; }
test_ordinary_user_has_hundreds_of_inputs() { as_ordinary_user test_hundreds_of_inputs; }
test_ordinary_user_has_a_read_only_root() { as_ordinary_user test_the_root_of_an_image_is_read_only; }
test_ordinary_user_has_a_writable_root() { as_ordinary_user test_a_writable_root_is_thrown_away; }
test_ordinary_user_has_no_network() { as_ordinary_user test_there_is_only_the_loopback_device; }
test_ordinary_user_leaves_no_child() { as_ordinary_user test_a_background_child_is_gone; }
test_ordinary_user_gains_no_rights() { as_ordinary_user test_no_rights_can_be_gained; }
test_ordinary_user_runs_host_steps() { as_ordinary_user test_a_host_step_sees_tools_but_no_undeclared_files; }
