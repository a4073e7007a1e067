# Environments from an environment.yml: solved and locked.

source "$here/solver_project.bash"

test_an_environment_yml_becomes_a_lock() {
  solver_project "$(hello_yml hello)" </dev/null
  configure
  build_and_expect probe
  expect_seen "hello 1 in /opt/cntr/env" ""
  expect_file "$(the_lock)" "# The packages of a conda environment. Keep this file under version control.
# \`cntr env lock --update\` solves again.
# platform: $(basename "$(the_lock)" .lock | cut -d. -f2)
$(grep '^# made-from: sha256:' "$(the_lock)")
@EXPLICIT
file://$work/channel/noarch/hello-1-0.tar.bz2#sha256:$(sha256sum channel/noarch/hello-1-0.tar.bz2 | cut -c1-64)"
  build_and_expect ""
  expect_solved 1
  quietly cmake --build build
  quietly cmake --build build
  ! grep -q "Looking at environment" last.log || fail "the environment is looked at in every build"
}

test_a_comment_neither_solves_nor_builds_nor_reruns() {
  solver_project "$(hello_yml hello)" </dev/null
  configure
  build_and_expect probe
  local before
  before=$(sha256sum "$(the_lock)")
  make_package hello 2
  printf '# ours\nname: other\ndependencies: [ "hello" ] # the program\nchannels: ["file://%s/channel"]\n' "$work" \
    >project/environment.yml
  build_and_expect ""
  expect_equal lock "$before" "$(sha256sum "$(the_lock)")"
  expect_solved 1
}

test_what_is_asked_for_is_solved_again() {
  solver_project "$(hello_yml hello=1)" </dev/null
  configure
  build_and_expect probe
  make_package hello 2
  hello_yml hello=2 >project/environment.yml
  build_and_expect probe
  expect_seen "hello 2 in /opt/cntr/env" ""
  expect_solved 2
  printf 'variables:\n  MODE: fast\n' >>project/environment.yml
  build_and_expect probe
  expect_seen "hello 2 in /opt/cntr/env" fast
  expect_solved 2
}

test_a_lock_that_does_not_fit_is_an_error_where_locks_count() {
  solver_project "$(hello_yml hello)" </dev/null
  configure -DCNTR_LOCKED=ON
  expect_failure build
  expect_output "Environment tools: there is no lock $work/project/environment."
  expect_output "\`cntr env lock\` makes it of $work/project/environment.yml."
  expect_solved 0
  quietly cntr env lock -C build
  expect_output "added  tools: 1 package, $work/$(the_lock)"
  build_and_expect probe
  hello_yml "hello =1" >project/environment.yml
  expect_failure build
  expect_output "$work/$(the_lock): The lock was made before $work/project/environment.yml changed"
  expect_code 2 cntr env exec -C build -- hello
  expect_solved 1
  configure -DCNTR_LOCKED=OFF
  CNTR_LOCKED=1 expect_failure build
}

test_a_lock_is_used_without_a_solver() {
  solver_project "$(hello_yml hello)" </dev/null
  configure
  build_and_expect probe
  rm -rf build tools-on-path
  configure
  build_and_expect "" probe
  expect_solved 1
}

test_lock_update_solves_again() {
  solver_project "$(hello_yml hello)" </dev/null
  configure
  quietly cmake --build build --target cntr-env-lock
  expect_output "added  tools: 1 package, "
  make_package hello 2
  quietly cntr env lock -C build
  expect_message "kept   tools: 1 package, $work/$(the_lock)"
  quietly cntr env lock -C build --update -n tools --json
  expect_message "[{\"change\":\"moved\",\"environment\":\"tools\",\"lock\":\"$work/$(the_lock)\",\"packages\":1,\"wheels\":0}]"
  grep -q hello-2-0 "$(the_lock)"
  quietly cntr env lock -C build --update
  expect_output "kept   tools"
  expect_solved 3
}

test_a_dry_run_asks_nobody() {
  solver_project "$(hello_yml hello)" </dev/null
  local lock
  lock=$work/project/environment.$(uname -m | sed 's/x86_64/linux-64/; s/^aarch64/linux-&/').lock
  quietly cntr env lock -d project --dry-run
  expect_message "tools: $lock would be made"
  [ ! -e "$lock" ] && [ ! -e cache ]
  quietly cntr env lock -d project -q
  expect_message ""
  quietly cntr env lock -d project --dry-run
  expect_message "tools: $lock fits"
  hello_yml 'hello=1' >project/environment.yml
  quietly cntr env lock -d project --dry-run
  expect_message "tools: $lock would be made anew"
  echo @EXPLICIT >"$lock"
  expect_code 2 cntr env lock -d project --dry-run
  expect_output "The lock does not say what it was made from"
  quietly cntr env lock -d project --dry-run --update
  expect_message "tools: $lock would be made anew"
  expect_file "$lock" @EXPLICIT
  expect_solved 1
}

test_the_solver_says_why() {
  solver_project "$(hello_yml nothing)" </dev/null
  configure
  expect_failure build
  expect_output "project/CMakeLists.txt:5: Environment tools: micromamba found no solution"
  expect_output "  error    libmamba Could not solve for environment specs"
  expect_output "  nothing provides requested nothing"
  expect_nothing_half_written
  rm tools-on-path/micromamba
  local without
  without=$(PATH=/usr/bin:/bin command -v conda mamba micromamba pixi || true)
  [ -z "$without" ] || return 0
  PATH=$CNTR_E2E_PREFIX/bin:/usr/bin:/bin expect_code 2 cntr env lock -C build
  expect_output "Environment tools: There is no solver of conda packages here"
}

test_mistakes_are_shown_in_the_file() {
  solver_project "$(printf 'channels: [x]\ndependencies:\n  - hello\n  - -p /etc\n')" </dev/null
  configure
  expect_code 2 cntr env lock -C build
  expect_message "cntr: error: $work/project/environment.yml:4:5: \"-p /etc\" is no package" "    - -p /etc" "      ^" \
    "  A package is asked for by its name and, when they matter, its version and build: numpy, numpy >=1.26,<2, conda-forge::numpy=1.26."
  expect_solved 0
}

test_a_lock_that_somebody_else_made_is_not_replaced() {
  solver_project "$(hello_yml hello)" <<<"PIN mine.txt SOLVER $services/conda_solver CHANNELS file://$work/channel"
  echo @EXPLICIT >project/mine.txt
  configure
  expect_failure build
  expect_output "$work/project/mine.txt: The lock does not say what it was made from"
  expect_file project/mine.txt @EXPLICIT
  quietly cntr env lock -C build --update
  expect_output "moved  tools: 1 package, $work/project/mine.txt"
  build_and_expect probe
}

test_many_who_need_the_lock_make_it_once() {
  solver_project "$(hello_yml hello)" </dev/null
  configure
  local i pids=()
  for i in 1 2 3 4; do
    cntr env lock -C build >"out$i" 2>&1 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  expect_solved 1
}

test_a_real_solver() {
  local solver
  solver=$(command -v micromamba mamba conda pixi | head -n 1) || true
  need conda-solver test -n "$solver"
  export CNTR_CONDA_EXE=$solver
  begin_project <<<"cntr_add_env(tools ENVIRONMENT environment.yml)"
  "$services/conda_packages.py" made
  printf 'channels: [nodefaults, "file://%s/made"]\ndependencies: [text]\n' "$work" >project/environment.yml
  configure
  quietly cntr env lock -C build
  grep -q "made/linux-64/text-1.0-0.conda#" "$(the_lock)"
}

# Also for a project of Condainer, which has more files beside it.
test_a_directory_is_locked_and_used_without_a_build() {
  solver_project "$(hello_yml hello)" </dev/null
  base=$(mktemp -d /tmp/cntr-base.XXXXXX)  # a prefix has 200 bytes
  trap 'rm -rf --one-file-system "$base"' EXIT
  export CNTR_ENV_BASE=$base
  expect_code 2 cntr env exec -d project -- hello
  expect_output "There is no lock beside $work/project/environment.yml"
  expect_output "\`cntr env lock -d $work/project\` makes it."
  quietly cntr env lock -d project
  expect_message "added  tools: 1 package, $work/$(the_lock)"
  quietly cntr env exec -d project -- hello
  expect_output "hello 1 in $base/"
  expect_solved 1
  printf 'mount_base_directory: %s\nuuid: 6fb4f1e4-9b1f-4d6c-9f6e-6a86f5a3ab6f\n' "$base" \
    >project/condainer.yml
  rm "$(the_lock)"
  quietly cnd -d project build
  expect_solved 2
  quietly cnd -d project exec -- hello
  expect_message "hello 1 in $base/condainer-6fb4f1e4-9b1f-4d6c-9f6e-6a86f5a3ab6f/envs/tools@condainer"
  grep -q '^# made-from: sha256:' "$(the_lock)"
}
