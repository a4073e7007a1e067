# kill -9 at random moments: what is there afterwards is right, or is made right by the next build.
#
# CNTR_E2E_KILLS: kills of all tests together (default 200). CNTR_E2E_SEED: repeats a run, as far as
# the machine's timing allows.

# in.txt -> upper.txt -> tree/ -> packed.txt; other.txt -> numbers.txt
crash_project() {
  need_bubblewrap
  begin_project <<'CMAKE'
set(script ${CMAKE_CURRENT_SOURCE_DIR}/step.sh)
cntr_add_step(upper IMAGE box
  COMMAND sh ${script} upper
  INPUTS ${script} STDIN in.txt STDOUT upper.txt)
cntr_add_step(grow IMAGE box
  COMMAND sh ${script} grow ${CMAKE_CURRENT_BINARY_DIR}/upper.txt tree
  INPUTS ${script} upper OUTPUT_DIRECTORIES tree)
cntr_add_step(pack IMAGE box
  COMMAND sh ${script} pack tree
  INPUTS ${script} INPUT_DIRECTORIES grow STDOUT packed.txt)
cntr_add_step(numbers IMAGE box
  COMMAND sh ${script} numbers
  INPUTS ${script} STDIN other.txt STDOUT numbers.txt)
CMAKE
  write_step_script
  write_inputs 0
  configure
  build
  seed_random
}

# Runs in the image and, for the reference, here.
write_step_script() {
  cat >project/step.sh <<'SCRIPT'
set -e
case $1 in
  upper) tr a-z A-Z; sleep 0.02 ;;
  grow)
    mkdir -p "$3/sub"
    for i in 1 2 3 4 5 6 7 8; do sed "s/$/ $i/" "$2" >"$3/sub/$i"; done
    sleep 0.02
    ln -s sub/1 "$3/first"
    ;;
  pack) cat "$2/first" "$2"/sub/*; sleep 0.01; echo end ;;
  numbers) read -r count; seq 1 "$count" ;;
esac
SCRIPT
}

write_inputs() { # <variant>
  variant=$1
  echo "text of variant $variant" >project/in.txt
  echo "$((50000 + variant))" >project/other.txt
}

# The outputs of the present variant, made by the host's own programs; once for each variant.
reference() {
  local made=$work/reference/$variant
  if [ ! -d "$made" ]; then
    mkdir -p "$made"
    sh project/step.sh upper <project/in.txt >"$made/upper.txt"
    sh project/step.sh grow "$made/upper.txt" "$made/tree"
    sh project/step.sh pack "$made/tree" >"$made/packed.txt"
    sh project/step.sh numbers <project/other.txt >"$made/numbers.txt"
  fi
  echo "$made"
}

seed_random() {
  RANDOM=${CNTR_E2E_SEED:=$((RANDOM + 1))}
  echo "CNTR_E2E_SEED=$CNTR_E2E_SEED"
}

# Something new, or one of the first variants, whose results are known; and sometimes an output is
# gone.
change_something() {
  newest=$((${newest:-8} + 1))
  write_inputs $((RANDOM % 3 == 0 ? RANDOM % 8 : newest))
  case $((RANDOM % 6)) in
    0) rm -rf build/tree ;;
    1) rm -f build/packed.txt ;;
    2) echo damaged >build/tree/sub/3 ;;
  esac 2>/dev/null || true
}

start_build() {
  ninja -C build -j2 >"$work/killed.log" 2>&1 &
  ninja=$!
}

sleep_up_to_300_ms() { sleep "0.$(printf '%03d' $((RANDOM % 300)))"; }

# Process ids below one process, from a single look at all processes.
descendants() { # <process>
  cat /proc/[0-9]*/stat 2>/dev/null |
    sed -n 's/^\([0-9]*\) (\(.*\)) [A-Za-z] \([0-9]*\) .*/\1 \3 \2/p' | awk -v root="$1" '
    { parent[$1] = $2; name[$1] = $3 }
    END {
      for (pid in parent) {
        for (at = pid; at != root && at in parent; at = parent[at]) {}
        if (at == root && pid != root) print pid, name[pid]
      }
    }'
}

# Each kills what its name says, and fails when there is no such thing any more.
kill_everything() {
  local below
  kill -STOP "$ninja" 2>/dev/null || return 1
  below=$(descendants "$ninja" | cut -d ' ' -f 1)
  kill -KILL "$ninja" $below 2>/dev/null || true
}
kill_a_cntr() {
  local cntr
  while kill -0 "$ninja" 2>/dev/null; do
    cntr=$(descendants "$ninja" | awk '$2 == "cntr" { print $1; exit }')
    [ -z "$cntr" ] || ! kill -KILL "$cntr" 2>/dev/null || return 0
  done
  return 1
}
kill_ninja() { kill -KILL "$ninja" 2>/dev/null; }

build_is_right() {
  build
  quietly diff -r "$(reference)/tree" build/tree
  local name
  for name in upper.txt packed.txt numbers.txt; do
    quietly cmp "$(reference)/$name" "build/$name"
  done
}

# Now and then the next kill meets a build that was not repaired after the last one.
survive() { # <how to kill> <number of kills>
  local kill=$1 wanted=$2 kills=0 attempts=0
  crash_project
  while [ "$kills" -lt "$wanted" ]; do
    attempts=$((attempts + 1))
    [ "$attempts" -le $((10 * wanted + 20)) ] || fail "only $kills of $wanted kills met a running build"
    change_something
    start_build
    sleep_up_to_300_ms
    if "$kill"; then kills=$((kills + 1)); fi
    wait "$ninja" 2>/dev/null || true
    [ $((RANDOM % 2)) = 0 ] || build_is_right
    [ $((attempts % 10)) != 0 ] || { expect_nothing_left && expect_sound_cache; }
  done
  build_is_right
  expect_nothing_left
  expect_sound_cache
  build_and_expect ""
  echo "$kills kills"
}

kills_of() { echo $((${CNTR_E2E_KILLS:-200} * $1 / 100)); } # <per cent>

test_builds_that_are_killed_with_all_their_processes_converge() {
  survive kill_everything "$(kills_of 50)"
}

test_builds_whose_steps_are_killed_converge() { survive kill_a_cntr "$(kills_of 40)"; }

# Its steps end a moment later, beside those of the next build.
test_builds_of_which_only_ninja_is_killed_converge() { survive kill_ninja "$(kills_of 10)"; }
