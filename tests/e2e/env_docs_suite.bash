# What README.md and docs/ show of environments, done as it stands there.

source "$here/host_env.bash"
source "$here/services/registry.bash"

root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
page=$root/docs/environments.md

# A project with all files that the pages name. Its Python runs shell scripts.
pages_project() {
  need_mounts
  need_bubblewrap
  need python3 python3 --version
  export CNTR_MOUNT_IDLE=0 CNTR_ENV_BASE=$work/base
  export CNTR_CONDA_EXE=$here/services/conda_solver
  unset CONDA_SUBDIR
  mkdir -p package/bin project
  printf '#!/bin/sh\nif [ "$1" = --version ]; then echo "Python 3"; else . "$1"; fi\n' >package/bin/python
  chmod 755 package/bin/python
  make_package snake 1
  printf 'name: tools\nchannels: ["file://%s/channel", nodefaults]\ndependencies: [snake]\n' "$work" \
    >project/environment.yml
  make_lock project/conda-linux-64.lock snake-1-0.tar.bz2
  cp project/conda-linux-64.lock project/tools.lock
  echo 'cat /src/*.csv >report.html' >project/report.py
  echo weather >project/weather.csv
  echo months >project/monthly.csv
}

a_report() {
  echo 'cntr_add_step(report ENV tools COMMAND python /src/report.py INPUTS report.py weather.csv OUTPUTS report.html)'
}

# The blocks of CMake with environments in a file: pieces/1, pieces/2, ...
cut_blocks() { # <file>
  rm -rf pieces
  mkdir pieces
  awk '
    /^ *(```cmake|\.\. code-block:: cmake)$/ { inside = 1; block = ""; next }
    inside && /^(```|#\]=\])/ {
      inside = 0
      if (block ~ /cntr_add_env|ENV /) printf "%s", block >("pieces/" ++count)
      next
    }
    inside { block = block $0 "\n" }
  ' "$1"
}

test_the_cmake_of_all_pages() {
  pages_project
  local file piece count=0
  for file in "$root"/README.md "$root"/docs/*.md "$root"/docs/reference/*.md "$root"/cmake-modules/CntrEnv.cmake; do
    cut_blocks "$file"
    for piece in pieces/*; do
      [ -e "$piece" ] || continue
      rm -rf build project/environment.*.lock
      grep -q "cntr_add_step(report" "$piece" || a_report >>"$piece"
      begin_project <"$piece"
      configure || fail "$file: $(cat "$piece")"
      build || fail "$file: $(cat "$piece")"
      grep -qx -e weather -e months build/report.html
      count=$((count + 1))
    done
  done
  expect_equal "blocks of CMake" 5 "$count"
}

# The indented lines below a heading of docs/environments.md.
lines_below() { # <heading>
  awk -v heading="$1" '/^#/ { inside = $0 ~ "^#+ " heading "$" } inside' "$page" | sed -n 's/^    //p'
}

# Commands of docs/environments.md stand below these headings only.
test_no_command_of_the_page_is_forgotten() {
  local heading below=0
  for heading in "By hand" "In a shell" "In a registry"; do
    below=$((below + $(lines_below "$heading" | grep -cE '^(\$ )?(cntr|eval) ')))
  done
  [ "$below" -ge 15 ]
  expect_equal "lines with commands" "$below" "$(grep -cE '^    (\$ )?(cntr|cnd|eval) ' "$page")"
}

test_the_commands_of_by_hand() {
  pages_project
  rm project/conda-linux-64.lock
  begin_project < <(
    echo 'cntr_add_env(tools ENVIRONMENT environment.yml)'
    a_report
  )
  build_dir=$work/project/build
  configure
  build
  make_package boa 1
  make_lock project/old.lock boa-1-0.tar.bz2
  cd project
  export SHELL=/bin/sh
  local line
  while IFS= read -r line; do
    quietly bash -ec "$line" </dev/null || fail "$line"
    case $line in
      *" exec "*) expect_message "Python 3" ;;
      *" list"* | *" status"*) expect_output tools ;;
      *" diff "*) expect_message "- boa 1 0" "+ snake 1 0" ;;
      *" verify"*) expect_message "2 files of 1 package: all as the packages say." ;;
      *" export "*) expect_output "  - snake=1=0" ;;
      *" lock "*) expect_output "kept   tools: 1 package, " ;;
    esac
  done < <(lines_below "By hand")
  expect_nothing_left
}

test_the_commands_of_in_a_shell() {
  pages_project
  rm project/conda-linux-64.lock
  mv project/tools.lock project/environment.lock
  cd project
  lines_below "In a shell" >lines
  sed -n '/^eval/,/^eval/p' lines >shown
  grep -q "deactivate" shown
  quietly bash -eu shown
  expect_message "Python 3"

  # Below "In a shell" is also what umount says when the environment is in use.
  quietly cntr env mount
  local place user
  place=$(cat ../last.log)
  echo 'while :; do sleep 0.1; done' >wait
  (cd "$place" && exec bin/python "$work/project/wait") &
  user=$!
  wait_until eval '[ "$(readlink /proc/'$user'/cwd)" = "$place" ]'
  expect_code 3 bash -ec "$(sed -n 's/^\$ //p' lines)"
  kill "$user"
  wait "$user" 2>/dev/null || true
  sed -i "s,$place,/home/ada/.local/share/cntr/envs/1f0c5f6f5c0e,; s/Process [0-9]*/Process 4711/" ../last.log
  diff -u <(sed '1,/^\$ /d' lines | head -n 2) <(grep -v "(sleep)" ../last.log)
  wait_until quietly cntr env umount
  expect_nothing_left
}

test_the_commands_of_in_a_registry() {
  pages_project
  start_registry
  rm project/conda-linux-64.lock
  mv project/tools.lock project/environment.lock
  cd project
  lines_below "In a registry" | sed "s,registry.example.org,$registry," >shown
  quietly bash -ec "$(sed -n 1p shown)"
  local digest
  digest=$(sed 's/.* sha256://' ../last.log)
  rm -rf "$CNTR_CACHE_DIR" ../channel
  quietly bash -ec "$(sed -n "2s/\.\.\./$digest/p" shown)"
  expect_message "tools sha256:$digest"
  quietly cntr env exec -- python --version
}
