# What a step sees, what it may do, and what comes back of it.

# probe_project <keywords>: a step `probe` that runs the shell script on standard input; what it
# prints is build/seen.txt.
probe_project() {
  step_project "IMAGE box STDOUT seen.txt $* COMMAND -- sh -c [==[$(cat)]==]"
}

# step_project <the call's words after the name>: a project with the step `probe`.
step_project() {
  need_bubblewrap
  begin_project <<<"cntr_add_step(probe $*)"
  configure
}

expect_seen() { # <line>...
  expect_file build/seen.txt "$(printf '%s\n' "$@")"
}

expect_found_nowhere() { # <text> <directory>...
  printf '%s' "$1" >pattern
  local found
  found=$(grep -rlaF -f pattern "${@:2}" || true)
  expect_equal "files with the text" "" "$found"
}

as_ordinary_user() { # <test function>: the same test as a user without rights
  local ordinary=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp)
  need ordinary-user "${ordinary[@]}" test -x "$CNTR_E2E_PREFIX/bin/cntr"
  mkdir -m 1777 theirs
  chmod 1777 theirs
  chmod 755 "$work"
  "${ordinary[@]}" CNTR_E2E_DIR="$work/theirs" "$here/run" "$here/sandbox_suite.bash" "$1"
}

# --- files ------------------------------------------------------------------------------------

test_an_undeclared_file_is_not_there() {
  mkdir -p project/data build
  echo declared >project/data/declared.txt
  echo undeclared | tee project/data/undeclared.txt project/undeclared.txt >build/undeclared.txt
  probe_project "INPUTS data/declared.txt" <<'SH'
cd /src && find . -type f && cd /build && find . -type f
cat /src/data/undeclared.txt 2>/dev/null || echo not there
SH
  build
  expect_seen ./data/declared.txt ./seen.txt "not there"
}

test_inputs_cannot_be_written() {
  mkdir -p project/data
  echo declared >project/data/declared.txt
  probe_project "INPUTS data/declared.txt" <<'SH'
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

test_the_root_of_an_image_is_read_only() {
  probe_project <<'SH'
for path in /new /etc/new /etc/passwd /bin/sh; do
  (echo x >>$path) 2>/dev/null && echo "$path was written"
done
echo done
SH
  build
  expect_seen "done"
}

test_a_writable_root_is_thrown_away() {
  probe_project "CACHE OFF WRITABLE_ROOT" <<'SH'
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
  probe_project <<'SH'
cat /etc/passwd
ls -A /
SH
  build
  expect_seen "root:x:0:0:root:/:/bin/sh" bin build dev etc proc src tmp
}

test_tmp_is_private() {
  mark_of_test=$(mktemp /tmp/cntr-e2e.XXXXXX)
  rm "$mark_of_test"
  probe_project <<SH
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

# --- processes, network, users, variables -----------------------------------------------------

test_there_is_only_the_loopback_device() {
  probe_project <<'SH'
tail -n +3 /proc/net/dev | sed 's/:.*//; s/ //g'
SH
  build
  expect_seen lo
}

test_network_host_is_that_of_the_host() {
  probe_project "NETWORK host" <<'SH'
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
  probe_project <<SH
sleep 121.$$ &
ps -o args | grep -o "sleep 12[0-9]" | sort -u
SH
  build
  kill $!
  expect_seen "sleep 121"
}

test_outputs_belong_to_the_caller() {
  probe_project "OUTPUTS file OUTPUT_DIRECTORIES tree" <<'SH'
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

test_no_rights_can_be_gained() {
  probe_project <<'SH'
grep -e CapEff -e CapPrm -e NoNewPrivs /proc/self/status | sed 's/.*	//'
mount -t tmpfs none /tmp 2>/dev/null || echo refused
SH
  build
  expect_seen 0000000000000000 0000000000000000 1 refused
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
  probe_project "PASS_ENVIRONMENT CNTR_E2E_SEED CNTR_E2E_UNSET" <<'SH'
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
  probe_project "PASS_ENVIRONMENT CNTR_E2E_SEED" <<'SH'
echo ${#CNTR_E2E_SEED}
SH
  export CNTR_E2E_SEED=a-value-of-its-own
  build
  expect_seen 18
  expect_found_nowhere a-value-of-its-own build cache
}

test_a_secret_is_found_nowhere() {
  export CNTR_E2E_TOKEN=hunter2-and-more
  probe_project "SECRETS CNTR_E2E_TOKEN OUTPUTS length.txt" <<SH
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

# --- streams, outputs, ends ---------------------------------------------------------------------

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
  probe_project <<<'cat; echo end'
  build <<<'typed'
  expect_seen end
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
  probe_project "OUTPUTS a.txt OUTPUT_DIRECTORIES tree" <<'SH'
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
  probe_project "OUTPUTS sub/file OPTIONAL_OUTPUTS sub/extra OUTPUT_DIRECTORIES sub/tree" <<SH
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
  probe_project "OUTPUTS sub/file OUTPUT_DIRECTORIES tree" <<'SH'
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

# --- mounts ------------------------------------------------------------------------------------

mount_project() { # <host> <mode> <command>
  mkdir -p project/data
  echo one >project/data/one
  echo two >project/data/two
  step_project "IMAGE box STDOUT seen.txt INPUTS data/one
    MOUNTS \${CMAKE_CURRENT_SOURCE_DIR}/data:/opt/data$1 COMMAND sh -c [==[$2]==]"
}

test_a_mount_shows_what_is_declared() {
  mount_project "" 'cd /opt/data && ls && cat one; (echo x >one) 2>/dev/null || echo refused'
  build_and_expect probe
  expect_seen one one refused
  build_and_expect ""
  echo changed >project/data/two
  build_and_expect ""
  echo changed >project/data/one
  build_and_expect probe
}

test_a_writable_mount_takes_outputs() {
  step_project 'IMAGE box OUTPUTS results/out.txt
    MOUNTS ${CMAKE_CURRENT_BINARY_DIR}/results:/opt/results:rw
    COMMAND sh -c "echo out >/opt/results/out.txt; echo more >/opt/results/more.txt"'
  build
  expect_file build/results/out.txt out
  [ ! -e build/results/more.txt ]
}

undeclared_mount() {
  mount_project ":undeclared" 'cat /opt/data/*; (echo x >/opt/data/one) 2>/dev/null || echo refused'
  for _ in 1 2; do
    build_and_expect probe
    expect_seen one two refused
    expect_output "cntr: warning: step probe mounts undeclared files, so its result is not cached and it runs every time"
  done
  quietly cntr explain probe -C build
  expect_output "a mount shows undeclared files, so the step runs every time"
  expect_equal actions 0 "$(cntr cache status --json | sed 's/.*"actions":\([0-9]*\).*/\1/')"
}

test_an_undeclared_mount_is_announced_and_runs_every_time() { undeclared_mount; }

test_an_undeclared_mount_runs_every_time_under_make() {
  export CMAKE_GENERATOR="Unix Makefiles"
  undeclared_mount
}

test_an_undeclared_writable_mount_writes_to_the_host() {
  mount_project ":rw:undeclared" 'echo three >/opt/data/three'
  build
  expect_file project/data/three three
}

test_a_named_mount_may_move() {
  need_bubblewrap
  mkdir here
  echo data >here/data.txt
  echo other >here/other.txt
  begin_project <<'CMAKE'
cntr_add_mount(store ${STORE})
cntr_add_step(named IMAGE box
  COMMAND sh -c "cat $1; ls /mnt/store /opt/store" sh ${STORE}/data.txt
  INPUTS store:data.txt MOUNTS store:/opt/store STDOUT seen.txt)
CMAKE
  configure -DSTORE="$work/here"
  build_and_expect named
  expect_seen data /mnt/store: data.txt "" /opt/store: data.txt
  mv here there
  configure -DSTORE="$work/there"
  build_and_expect ""
  rm -rf build
  configure -DSTORE="$work/there"
  build_and_expect "" named
  echo changed >there/data.txt
  build_and_expect named
}

# --- the host ------------------------------------------------------------------------------------

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

# --- images of a layout ----------------------------------------------------------------------------

# layout:app, made by umoci: two layers, of which the second removes, replaces and hides.
make_layout() {
  need umoci umoci --version
  local rootless=()
  [ "$(id -u)" = 0 ] || rootless=(--rootless)
  quietly umoci init --layout layout
  quietly umoci new --image layout:app
  edit_layer() { # commands in the unpacked root
    quietly umoci unpack "${rootless[@]}" --image layout:app bundle
    (cd bundle/rootfs && eval "$1")
    quietly umoci repack --image layout:app bundle
    rm -rf bundle
  }
  make_busybox_root tree
  edit_layer "cp -a $work/tree/. . && mkdir -p app/sub app/opaque srv &&
    echo removed >app/removed && echo first >app/changed && echo sub >app/sub/file &&
    echo hidden >app/opaque/hidden && echo hard >app/hard && ln app/hard srv/linked &&
    ln -s ../app/hard srv/soft && echo 'app:x:1234:1234::/app:/bin/sh' >>etc/passwd &&
    printf '#!/bin/sh\nprintf \"entry <%%s>\\\\n\" \"\$@\"\n' >app/entry && chmod 755 app/entry"
  edit_layer "rm app/removed && rm -r app/sub app/opaque && mkdir app/opaque &&
    echo shown >app/opaque/shown && echo second >app/changed"
}

layout_project() { # <umoci config options> -- <words of the step>
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  [ -d layout ] || make_layout
  [ ${#options[@]} = 0 ] || quietly umoci config --image layout:app "${options[@]}"
  need_bubblewrap
  begin_project <<CMAKE
cntr_add_image(app OCI_LAYOUT $work/layout:app)
cntr_add_step(probe IMAGE app STDOUT seen.txt $*)
CMAKE
  configure
  build
}

test_layers_of_a_layout_are_applied() {
  layout_project -- 'COMMAND sh -c [[
cd /app && find . | sort && cat changed /srv/linked /srv/soft
stat -c %h hard
test hard -ef /srv/linked && echo one file]]'
  expect_seen . ./changed ./entry ./hard ./opaque ./opaque/shown second hard hard 2 "one file"
}

test_the_config_of_a_layout_is_honoured() {
  layout_project --config.env GREETING=hello --config.env PATH=/bin --config.workingdir /app \
    --config.entrypoint /app/entry --config.cmd default --config.cmd "two words" --
  expect_seen "entry <default>" "entry <two words>"
  layout_project -- 'COMMAND "my own"'
  expect_seen "entry <my own>"
  layout_project --clear=config.entrypoint -- 'COMMAND sh -c "pwd; env" ENVIRONMENT EXTRA=1'
  expect_equal seen "/app EXTRA=1 GREETING=hello HOME=/tmp LANG=C.UTF-8 PATH=/bin PWD=/app TMPDIR=/tmp" \
    "$(sort build/seen.txt | grep -v SHLVL | tr '\n' ' ' | sed 's/ $//')"
}

test_the_user_of_a_layout_is_honoured() {
  layout_project --config.user app -- 'OUTPUTS made.txt COMMAND sh -c "id -u; id -g; echo x >made.txt"'
  expect_seen 1234 1234
  expect_equal owner "$(id -u):$(id -g)" "$(stat -c %u:%g build/made.txt)"
}

# --- the same as an ordinary user ------------------------------------------------------------------

test_ordinary_user_sees_declared_files_only() { as_ordinary_user test_an_undeclared_file_is_not_there; }
test_ordinary_user_cannot_write_inputs() { as_ordinary_user test_inputs_cannot_be_written; }
test_ordinary_user_has_a_read_only_root() { as_ordinary_user test_the_root_of_an_image_is_read_only; }
test_ordinary_user_has_a_writable_root() { as_ordinary_user test_a_writable_root_is_thrown_away; }
test_ordinary_user_has_no_network() { as_ordinary_user test_there_is_only_the_loopback_device; }
test_ordinary_user_leaves_no_child() { as_ordinary_user test_a_background_child_is_gone; }
test_ordinary_user_owns_the_outputs() { as_ordinary_user test_outputs_belong_to_the_caller; }
test_ordinary_user_gains_no_rights() { as_ordinary_user test_no_rights_can_be_gained; }
test_ordinary_user_gets_outputs_of_closed_directories() { as_ordinary_user test_outputs_in_closed_directories_come_back; }
test_ordinary_user_keeps_secrets() { as_ordinary_user test_a_secret_is_found_nowhere; }
test_ordinary_user_has_mounts() { as_ordinary_user test_a_mount_shows_what_is_declared; }
test_ordinary_user_runs_host_steps() { as_ordinary_user test_a_host_step_sees_tools_but_no_undeclared_files; }
test_ordinary_user_has_layers() { as_ordinary_user test_layers_of_a_layout_are_applied; }
test_ordinary_user_has_the_user_of_a_layout() { as_ordinary_user test_the_user_of_a_layout_is_honoured; }
