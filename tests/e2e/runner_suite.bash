# What every runner keeps of the sandbox's contract (docs/sandbox.md), by the same tests: the suite runs
# once for each runner, CNTR_E2E_RUNNER, which ends in -user for a run as an ordinary user. Tests named
# test_image_* need an image, so the host runner does not take them.

runner=${CNTR_E2E_RUNNER%-user}
where="IMAGE box"
[ "$runner" != host ] || where=HOST

# Instead of all tests, where the machine does not have the runner.
runner_is_there() { need_runner "$runner"; }

# --- projects ---------------------------------------------------------------------------------

# runner_project: standard input is the project, in which @RUN@ stands for the environment and runner.
runner_project() {
  need_runner "$runner"
  begin_project < <(sed "s/@RUN@/$where RUNNER $runner/")
  configure
}

expect_output_file() { # <file> <line>...
  expect_file "build/$1" "$(printf '%s\n' "${@:2}")"
}

is_docker() { [ "$runner" = docker ]; }

# --- what arrives -----------------------------------------------------------------------------

test_arguments_arrive_byte_by_byte() {
  runner_project <<'CMAKE'
cntr_add_step(words @RUN@ STDOUT words.txt
  COMMAND -- printf "[%s]" "" "two  words" " " "-n" "--" "--rm" "$x `y` \\ ' \" ; * ? # %41" "line
break	tab" "é" "{}" "a,b=c:d")
CMAKE
  build
  expect_file build/words.txt "[][two  words][ ][-n][--][--rm][\$x \`y\` \\ ' \" ; * ? # %41][line
break	tab][é][{}][a,b=c:d]"
}

test_bytes_that_are_no_text_arrive() {
  need_runner "$runner"
  begin_project < <(printf 'cntr_add_step(bytes %s RUNNER %s COMMAND printf "[\377%%s]" "\200" STDOUT bytes.txt)\n' \
    "$where" "$runner")
  configure
  if is_docker; then
    expect_failure cntr run build/cntr/steps/bytes.yaml
    expect_output "Step bytes: docker cannot pass arguments and variables that are not UTF-8"
  else
    build
    printf '[\377\200]' | quietly cmp - build/bytes.txt
  fi
}

test_streams_stay_apart() {
  mkdir project
  printf 'from\0stdin' >project/in.bin
  runner_project <<'CMAKE'
cntr_add_step(streams @RUN@ STDIN in.bin STDOUT out.bin STDERR errors.txt
  COMMAND sh -c "cat; echo problem >&2")
cntr_add_step(nothing @RUN@ STDOUT nothing.txt COMMAND cat)
CMAKE
  build
  quietly cmp project/in.bin build/out.bin
  expect_output_file errors.txt problem
  expect_equal "size of nothing.txt" 0 "$(stat -c %s build/nothing.txt)"
}

test_variables_and_directory() {
  export SEED="of the caller" STRAY=stray HIDDEN=s3cret
  runner_project <<'CMAKE'
cntr_add_step(see @RUN@ STDOUT seen.txt WORKING_DIRECTORY "sub/a b"
  ENVIRONMENT GREETING=hello "SPACES= a  b " EMPTY= "QUOTES='\"$x`y`\\" "LINES=one
two" HOSTNAME=mine PLACE=${CMAKE_CURRENT_BINARY_DIR}/x
  PASS_ENVIRONMENT SEED SECRETS HIDDEN
  COMMAND sh -c [==[
for name in GREETING SPACES EMPTY QUOTES LINES HOSTNAME SEED STRAY; do
  eval "echo \"$name=[\${$name-unset}]\""
done
echo "${#HIDDEN} $HOME/$LANG/$TMPDIR"; echo "$PLACE $PWD"; pwd
env | grep -v -e '^_=' -e '^SHLVL=' -e '^OLDPWD=' -e '^two$' | wc -l]==])
CMAKE
  build
  local tmp=/tmp build=/build
  if [ "$runner" = host ]; then
    build=$work/build/cntr/work/see/build
    tmp=$work/build/cntr/work/see/tmp
  fi
  expect_output_file seen.txt "GREETING=[hello]" "SPACES=[ a  b ]" "EMPTY=[]" "QUOTES=['\"\$x\`y\`\\]" \
    "LINES=[one" "two]" "HOSTNAME=[mine]" "SEED=[of the caller]" "STRAY=[unset]" \
    "6 $tmp/C.UTF-8/$tmp" "$build/x $build/sub/a b" "$build/sub/a b" 14
}

test_image_no_other_variables() {
  runner_project <<'CMAKE'
cntr_add_step(see @RUN@ STDOUT seen.txt COMMAND env)
CMAKE
  build
  expect_equal variables "HOME=/tmp LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PWD=/build TMPDIR=/tmp" \
    "$(sort build/seen.txt | tr '\n' ' ' | sed 's/ $//')"
}

# --- what comes back --------------------------------------------------------------------------

test_what_is_made_belongs_to_the_caller() {
  runner_project <<'CMAKE'
cntr_add_step(make @RUN@ OUTPUTS program OUTPUT_DIRECTORIES tree STDOUT ids.txt COMMAND sh -c
  "mkdir -p tree/sub tree/empty; echo x >tree/sub/file; ln -s sub/file tree/link; echo : >program; chmod 700 program; id -u; id -g")
CMAKE
  build
  expect_output_file ids.txt "$(id -u)" "$(id -g)"
  expect_equal "files of others" "" "$(find build ! -uid "$(id -u)")"
  expect_equal "the link" sub/file "$(readlink build/tree/link)"
  [ -x build/program ] && [ -d build/tree/empty ]
}

test_names_of_any_kind() {
  need_runner "$runner"
  local odd
  mkdir -p "project/in put"
  for odd in " spaces " $'line\nbreak' '--flag' 'a,b=c:d' $'quo"te'"'" '$x;y&*' $'\377\200'; do
    printf '%s' "$odd" >"project/in put/$odd"
  done
  runner_project <<'CMAKE'
cntr_add_step(copy @RUN@ INPUT_DIRECTORIES "in put" OUTPUT_DIRECTORIES "out put" OUTPUTS "a, \"b\" (c).txt"
  COMMAND sh -c "cp -r \"$1\"/. 'out put'; echo x >'a, \"b\" (c).txt'" sh
          "${CMAKE_CURRENT_SOURCE_DIR}/in put")
CMAKE
  build
  quietly diff -r "project/in put" "build/out put"
  expect_file 'build/a, "b" (c).txt' x
}

test_inputs_of_any_name() {
  mkdir project
  local name names=("two words.txt" "a,b=c.txt" "ä '\$x\" %d & (1)*.txt")
  for name in "${names[@]}"; do echo "$name" >"project/$name"; done
  runner_project <<'CMAKE'
cntr_add_step(read @RUN@ INPUTS "two words.txt" "a,b=c.txt" "ä '$x\" %d & (1)*.txt" STDOUT read.txt
  COMMAND cat "${CMAKE_CURRENT_SOURCE_DIR}/two words.txt" "${CMAKE_CURRENT_SOURCE_DIR}/a,b=c.txt"
              "${CMAKE_CURRENT_SOURCE_DIR}/ä '$x\" %d & (1)*.txt")
CMAKE
  build
  expect_output_file read.txt "${names[@]}"
}

test_many_inputs_and_big_outputs() {
  mkdir -p project/many
  local i
  for ((i = 1; i <= 500; ++i)); do echo "$i" >project/many/$i; done
  echo undeclared >project/many/undeclared
  runner_project <<CMAKE
cntr_add_step(many @RUN@ INPUTS $(seq --format=many/%g --separator=' ' 500) STDOUT many.txt
  COMMAND sh -c "cd \"\$1\"; ls | wc -l; cat * | sort -n | tail -n 1" sh \${CMAKE_CURRENT_SOURCE_DIR}/many)
cntr_add_step(big @RUN@ OUTPUTS big.bin STDOUT out.bin
  COMMAND sh -c [=[seq 150000 >/tmp/block; for i in \$(seq 72); do cat /tmp/block; done | tee big.bin]=])
CMAKE
  build
  expect_output_file many.txt 500 500
  cmp build/big.bin build/out.bin
  seq 150000 >block  # 64 MB in all
  cmp build/big.bin <(for i in {1..72}; do cat block; done)
}

# --- walls ------------------------------------------------------------------------------------

test_image_walls() {
  mkdir -p project/data
  echo declared >project/data/declared.txt
  echo secret | tee project/data/undeclared.txt >project/undeclared.txt
  local outside
  outside=$(mktemp /tmp/cntr-e2e-outside.XXXXXX)
  cat >project/look.sh <<SCRIPT
cat "\$1/undeclared.txt" 2>/dev/null || echo "no undeclared file"
cat "$work/project/undeclared.txt" 2>/dev/null || echo "no host path"
cd /src && find . -type f | sort
cat /etc/passwd
for path in /src/new /src/data/new /src/data/declared.txt /new /etc/new /etc/passwd /bin/sh; do
  (echo x >>\$path) 2>/dev/null && echo "\$path was written"
done
rm -f /src/data/declared.txt 2>/dev/null; chmod 777 /src/data/declared.txt 2>/dev/null
cat /src/data/declared.txt
ls -A /tmp; test -e $outside && echo "the host's /tmp"; echo x >$outside
ps -o args | grep -c "[s]leep 77.$$"
busybox hostname
grep -e CapEff -e CapPrm -e NoNewPrivs /proc/self/status | sed 's/.*	//'
sed 1d /proc/net/route; grep -c @ /proc/net/unix
ls /dev/vda /dev/sda /dev/mem /dev/kmsg /dev/nvidia0 2>/dev/null
echo "done"
SCRIPT
  sleep "77.$$" &
  local sleeper=$!
  runner_project <<'CMAKE'
cntr_add_step(look @RUN@ INPUTS look.sh data/declared.txt STDOUT looked.txt
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/look.sh ${CMAKE_CURRENT_SOURCE_DIR})
CMAKE
  build
  kill "$sleeper"
  expect_output_file looked.txt "no undeclared file" "no host path" ./data/declared.txt ./look.sh \
    "root:x:0:0:root:/:/bin/sh" declared 0 cntr 0000000000000000 0000000000000000 1 0 "done"
  expect_equal "the host's file" "" "$(cat "$outside")"
  rm "$outside"
  expect_file project/data/declared.txt declared
  expect_equal mode 644 "$(stat -c %a project/data/declared.txt)"
}

test_image_network_none_and_host() {
  runner_project <<'CMAKE'
set(look busybox sh -c "readlink /proc/self/ns/net && tail -n +3 /proc/net/dev | cut -d : -f 1 | tr -d ' '")
cntr_add_step(without @RUN@ STDOUT without.txt COMMAND ${look})
cntr_add_step(with @RUN@ NETWORK host STDOUT with.txt COMMAND ${look})
cntr_add_step(hosts @RUN@ NETWORK host STDOUT hosts.txt COMMAND cat /etc/hosts)
CMAKE
  build
  expect_output_file with.txt "$(readlink /proc/self/ns/net)" \
    "$(tail -n +3 /proc/net/dev | cut -d : -f 1 | tr -d ' ')"
  expect_equal "devices without a network" lo "$(tail -n +2 build/without.txt)"
  [ "$(head -n 1 build/without.txt)" != "$(head -n 1 build/with.txt)" ]
  quietly cmp /etc/hosts build/hosts.txt
}

# docker's image belongs to root.
test_image_a_writable_root_is_thrown_away() {
  if is_docker && [ "$(id -u)" != 0 ]; then return; fi
  runner_project <<'CMAKE'
cntr_add_step(change @RUN@ CACHE OFF WRITABLE_ROOT STDOUT seen.txt COMMAND sh -c
  "set -e; cat /etc/passwd; rm /etc/passwd; echo new >/etc/new; echo new >/new; mkdir -p /opt/x; echo x >/src/x || echo read-only")
CMAKE
  build
  expect_output_file seen.txt "root:x:0:0:root:/:/bin/sh" read-only
  rm build/seen.txt
  build
  expect_output_file seen.txt "root:x:0:0:root:/:/bin/sh" read-only
}

# --- how it ends ------------------------------------------------------------------------------

test_exit_codes_and_signals() {
  runner_project <<'CMAKE'
foreach(code IN ITEMS 1 125 126 129 255)
  cntr_add_step(code${code} @RUN@ EXCLUDE_FROM_ALL COMMAND sh -c "exit ${code}")
endforeach()
foreach(signal IN ITEMS SEGV KILL)
  cntr_add_step(${signal} @RUN@ EXCLUDE_FROM_ALL COMMAND sh -c "kill -${signal} $$")
endforeach()
cntr_add_step(fine @RUN@ SUCCESS_CODES 3 200 STDOUT fine.txt COMMAND sh -c "echo fine; exit 200")
CMAKE
  build
  expect_output_file fine.txt fine
  local code
  for code in 1 125 126 129 255; do expect_end "code$code" "exit code $code"; done
  if [ "$runner" = host ]; then
    expect_end SEGV "ended by signal 11 (Segmentation fault)"
    expect_end KILL "ended by signal 9 (Killed)"
  else
    expect_end SEGV "exit code 139"
    expect_end KILL "exit code 137"
  fi
}

expect_end() { # <step> <how>
  expect_failure cntr run "build/cntr/steps/$1.yaml"
  expect_output "cntr: step $1 failed: $2"
}

# expect_no_start <program> <exit code> <reason>
expect_no_start() {
  runner_project <<CMAKE
cntr_add_step(probe @RUN@ COMMAND "$1" x STDERR errors.txt)
CMAKE
  expect_failure cntr run build/cntr/steps/probe.yaml
  expect_equal message "cntr: step probe failed: exit code $2
  The program \"$1\" cannot be started: $3
  Whole log: $work/build/cntr/logs/probe.log" "$(sed "s,$work/build/cntr/work/probe,," last.log | head -n 3)"
}

test_a_missing_program_is_named() {
  expect_no_start /build/nowhere 127 \
    "No such file or directory. It, or the interpreter that it names, is not in the sandbox."
}

test_image_a_file_that_is_no_program_is_named() {
  expect_no_start /etc/passwd 126 "Permission denied."
}

# A step that never ends by itself, and that has children of which one has left its session.
endless_project() { # <timeout>
  runner_project <<CMAKE
cntr_add_step(endless @RUN@ TIMEOUT $1
  COMMAND sh -c "setsid sleep 301 & sleep 302 & touch started; sleep 303" STDOUT out.txt)
CMAKE
  quietly cntr image prepare build/cntr/images/box.yaml
}

wait_until_started() {
  local tries
  for ((tries = 0; tries < 600; ++tries)); do
    [ ! -e build/cntr/work/endless/build/started ] || return 0
    sleep 0.05
  done
  fail "the step did not start"
}

expect_gone() {
  expect_nothing_left
  expect_no_container
  [ ! -e build/out.txt ] || fail "an output of a step that did not end"
}

test_ends_at_its_time_limit() {
  endless_project 1500ms
  expect_failure cmake --build build
  expect_output "cntr: step endless failed: it ran longer than its TIMEOUT of 1.5 s"
  expect_gone
}

# As a terminal sends it: to the whole process group.
test_ends_at_control_c() {
  endless_project 1h
  local status=0
  setsid env --default-signal=INT ninja -C build >last.log 2>&1 &
  local ninja=$!
  wait_until_started
  [ -n "$(leftovers)" ] || fail "the step's processes are not seen"
  ! is_docker || [ -n "$(containers)" ] || fail "the step's container is not seen"
  kill -INT -- "-$ninja"
  wait "$ninja" || status=$?
  [ "$status" != 0 ] || fail "ninja says that the build succeeded"
  expect_gone
  expect_equal "steps that were interrupted" endless "$(journal_mark=0 steps_with_result interrupted)"
}

test_ends_when_cntr_is_killed() {
  endless_project 1h
  cntr run build/cntr/steps/endless.yaml >last.log 2>&1 &
  local cntr=$!
  wait_until_started
  kill -KILL "$cntr"
  wait "$cntr" 2>/dev/null || true
  expect_gone
}

# Also while the container is being made; who comes next waits until the last one is gone.
test_image_ends_when_cntr_is_killed_early() {
  local delay
  endless_project 1h
  for delay in 0.05 0.15 0.25 0.4; do
    cntr run build/cntr/steps/endless.yaml >last.log 2>&1 &
    local cntr=$!
    sleep "$delay"
    kill -KILL "$cntr"
    wait "$cntr" 2>/dev/null || true
  done
  expect_gone
}

test_leaves_no_child_behind() {
  runner_project <<'CMAKE'
cntr_add_step(parent @RUN@ STDOUT out.txt COMMAND -- sh -c
  "setsid sleep 301 >/dev/null 2>&1 & nohup sleep 302 >/dev/null 2>&1 & sleep 303 & echo done")
CMAKE
  SECONDS=0
  build
  [ $SECONDS -lt 30 ]
  expect_output_file out.txt "done"
  expect_nothing_left
  expect_no_container
}

# --- as Docker does it ------------------------------------------------------------------------

test_image_user_by_name_is_looked_up_in_the_image() {
  need_runner "$runner"
  make_image app --config.user app:staff --config.entrypoint /entry
  begin_project <<CMAKE
cntr_add_image(app OCI_LAYOUT $work/layout:app)
cntr_add_step(user IMAGE app RUNNER $runner STDOUT user.txt COMMAND x)
CMAKE
  configure
  case $runner in
    bubblewrap | podman)
      build
      expect_output_file user.txt "entry <x>" /build 1234 50 hello
      expect_equal owner "$(id -u):$(id -g)" "$(stat -c %u:%g build/user.txt)"
      ! docker version >/dev/null 2>&1 || [ "$(id -u)" != 0 ] ||
        expect_equal "what docker prints" "$(sed 's,^/build$,/,' build/user.txt; echo 0)" "$(as_docker_runs app x)"
      ;;
    *)
      expect_failure cmake --build build
      expect_output "Step user: the image's user is 1234:50, and $runner "
      ;;
  esac
}

# Other tools than Docker's name a WorkingDir that no layer has.
test_image_working_directory_that_no_layer_has() {
  need_runner "$runner"
  make_image app --config.workingdir /not/there
  make_image tmp --config.workingdir /tmp/work
  make_image src --config.workingdir /src/work
  begin_project <<CMAKE
foreach(name app tmp src)
  cntr_add_image(\${name} OCI_LAYOUT $work/layout:\${name})
  cntr_add_step(in_\${name} IMAGE \${name} RUNNER $runner STDOUT \${name}.txt INPUTS in.txt COMMAND sh -c "pwd && ls -A")
endforeach()
cntr_add_step(writes IMAGE app RUNNER $runner WRITABLE_ROOT STDOUT writes.txt COMMAND sh -c "pwd && touch new && ls")
CMAKE
  echo in >project/in.txt
  configure
  build
  expect_output_file app.txt /not/there
  expect_output_file tmp.txt /tmp/work
  expect_output_file src.txt /src/work
  [[ $(id -u) != 0 && $runner == docker ]] || expect_output_file writes.txt /not/there new
}

test_image_stop_signal_asks_it_to_end() {
  if [ "$runner" = bubblewrap ]; then
    echo "bubblewrap ends a step without asking"
    return
  fi
  need_runner "$runner"
  make_image polite --config.stopsignal SIGUSR1
  begin_project <<CMAKE
cntr_add_image(polite OCI_LAYOUT $work/layout:polite)
cntr_add_step(stop IMAGE polite RUNNER $runner TIMEOUT 4s
  COMMAND sh -c "trap 'echo asked by USR1; exit 3' USR1; while :; do sleep 0.1; done")
CMAKE
  configure
  quietly cntr image prepare build/cntr/images/polite.yaml
  expect_failure cntr run build/cntr/steps/stop.yaml
  expect_output "asked by USR1"
}
