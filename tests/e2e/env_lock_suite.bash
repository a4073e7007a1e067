# Environments from an environment.yml: solved, locked, and with wheels.

services=$(realpath "$(dirname "${BASH_SOURCE[0]}")/services")

# solver_project <environment.yml>: the environment `tools`, made with a stand-in for micromamba, and
# the step `probe`, which says what it finds in it. Standard input adds keywords of cntr_add_env().
solver_project() {
  need squashfs-mounts cntr env prereq
  need_bubblewrap
  need python3 python3 --version
  need bzip2 bzip2 --version
  export CNTR_MOUNT_IDLE=0
  mkdir -p tools-on-path
  ln -s "$services/conda_solver" tools-on-path/micromamba
  export PATH=$work/tools-on-path:$PATH CNTR_TEST_SOLVER_LOG=$work/solved
  touch solved
  unset CNTR_CONDA_EXE CNTR_CONDA_INSTALLER MAMBA_EXE CONDA_EXE CONDA_SUBDIR
  make_program hello 1
  local keywords
  keywords=$(cat)
  begin_project <<END
cntr_add_env(tools ENVIRONMENT environment.yml $keywords)
cntr_add_step(probe ENV tools STDOUT seen.txt COMMAND -- sh -c [==[hello; echo "\$MODE"]==])
END
  printf '%s\n' "$1" >project/environment.yml
}

# make_program <name> <version>: a package in channel/ with the program bin/<name>.
make_program() {
  mkdir -p package/info package/bin channel/noarch
  printf '#!/bin/sh\necho "%s %s"\n' "$1" "$2" >"package/bin/$1"
  chmod 755 "package/bin/$1"
  echo "bin/$1" >package/info/files
  printf '{"name": "%s", "version": "%s", "build": "0", "build_number": 0, "depends": [],
    "subdir": "noarch", "noarch": "generic"}\n' "$1" "$2" >package/info/index.json
  tar -C package --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cjf \
    "channel/noarch/$1-$2-0.tar.bz2" info bin
  rm -rf package
}

hello_yml() { # <spec>
  printf 'name: tools\nchannels:\n  - file://%s/channel\ndependencies:\n  - %s\n' "$work" "$1"
}

expect_solved() { expect_equal "calls of the solver" "$1" "$(wc -l <solved)"; }
the_lock() { echo project/environment.linux-*.lock; }
expect_nothing_half_written() {
  expect_equal "locks" "" "$(find project -name '*.lock*')"
  expect_equal "files in the cache's scratch" "" "$(ls "$CNTR_CACHE_DIR/v1/tmp")"
}

test_an_environment_yml_becomes_a_lock() {
  solver_project "$(hello_yml hello)" </dev/null
  configure
  build_and_expect probe
  expect_seen "hello 1" ""
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
  make_program hello 2
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
  make_program hello 2
  hello_yml hello=2 >project/environment.yml
  build_and_expect probe
  expect_seen "hello 2" ""
  expect_solved 2
  printf 'variables:\n  MODE: fast\n' >>project/environment.yml
  build_and_expect probe
  expect_seen "hello 2" fast
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
  make_program hello 2
  quietly cntr env lock -C build
  expect_message "kept   tools: 1 package, $work/$(the_lock)"
  quietly cntr env lock -C build --update -n tools --json
  expect_message "[{\"change\":\"moved\",\"environment\":\"tools\",\"lock\":\"$work/$(the_lock)\",\"packages\":1,\"wheels\":0}]"
  grep -q hello-2-0 "$(the_lock)"
  quietly cntr env lock -C build --update
  expect_output "kept   tools"
  expect_solved 3
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

# --- wheels -----------------------------------------------------------------------------------

# pip_project <lines of the pip section>: the same with a Python that has pip.
pip_project() {
  need zstd zstd --version
  solver_project "$(hello_yml hello)" <<<"REQUIREMENTS requirements.txt"
  need pip-wheel "$services/conda_pip.py" "$work/made"
  mv made/channel/*/* channel/noarch/
  local package
  mkdir -p channel/linux-64
  mv channel/noarch/python-* channel/linux-64/
  {
    hello_yml python
    printf '  - pip\n  - pip:\n'
    printf '    - %s\n' "$@"
  } >project/environment.yml
  printf -- '--no-index\n--find-links %s/made/wheels  # beside this\n' "$work" >project/requirements.txt
  sed -i '/cntr_add_step/d' project/CMakeLists.txt
  export PIP_CONFIG_FILE=/dev/null
}

test_wheels_are_part_of_the_environment() {
  pip_project 'greet<2'
  configure
  quietly cntr env lock -C build
  expect_output "added  tools: 2 packages, 2 wheels, "
  expect_equal "wheels in the lock" "# pip greet @ file://$work/made/wheels/greet-1.0-py3-none-any.whl#sha256=$(
    sha256sum made/wheels/greet-1.0-*.whl | cut -c1-64)
# pip words @ file://$work/made/wheels/words-1.0-py3-none-any.whl#sha256=$(
    sha256sum made/wheels/words-1.0-*.whl | cut -c1-64)" "$(grep '^# pip' "$(the_lock)")"

  in_tools() { cntr env exec -C build -- "$@"; }
  expect_equal "the entry point" "hello 1.0" "$(in_tools greet)"
  expect_equal "the script" "$(printf 'hello 1.0\n/opt/cntr/env/bin/python')" \
    "$(in_tools greet-script | sed 's/python[0-9.]*$/python/')"
  in_tools python -m pip list --format freeze >list
  expect_equal "pip list" "greet==1.0 words==1.0" "$(grep -v ^pip= list | xargs)"
  expect_equal "pip check" "No broken requirements found." "$(in_tools python -m pip check)"
  in_tools python -m pip show -f greet >show
  local file
  for file in ../../../bin/greet ../../../bin/greet-script ../../../share/greet/data.txt greet/__init__.py \
    greet_more.py greet-1.0.dist-info/INSTALLER greet-1.0.dist-info/RECORD; do
    grep -qxF "  $file" show || fail "pip show -f has no $file"
  done
  # shellcheck disable=SC2016
  in_tools python - <<'PYTHON'
import base64, hashlib, importlib.metadata, os, sys
files = importlib.metadata.files("greet")
for file in files:
    path = file.locate()
    assert os.path.exists(path), path
    if file.hash:
        data = open(path, "rb").read()
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert (digest, len(data)) == (file.hash.value, file.size), path
import greet, greet_more
assert os.path.exists(greet.__cached__), greet.__cached__
assert os.path.exists(f"{sys.prefix}/include/python%d.%d/greet/greet.h" % sys.version_info[:2])
assert importlib.metadata.distribution("greet").read_text("INSTALLER") == "cntr\n"
PYTHON
  expect_equal "records of conda" "frozen history pip python" \
    "$(in_tools sh -c 'ls /opt/cntr/env/conda-meta' | sed 's/-[0-9].*//' | xargs)"

  # Another lock, and what fits stays.
  printf 'greet==2.0\n' >>project/requirements.txt
  sed -i 's/greet<2/words/' project/environment.yml
  quietly cntr env lock -C build
  expect_output "moved  tools: 2 packages, 2 wheels, "
  expect_equal "the entry point" "hello 2.0" "$(in_tools greet)"
}

test_what_pip_cannot_give() {
  pip_project greet odd
  configure
  expect_code 2 cntr env lock -C build
  expect_output "Environment tools: pip found no solution"
  expect_output "No matching distribution found for odd"
  expect_output "Only wheels are taken: what is there as source only has to be built first."
  expect_nothing_half_written
}

test_a_wheel_that_is_another_one() {
  pip_project words
  configure
  quietly cntr env lock -C build
  cp made/wheels/greet-1.0-py3-none-any.whl made/wheels/words-1.0-py3-none-any.whl
  expect_code 2 cntr env exec -C build -- true
  expect_output "The package words-1.0-py3-none-any.whl is not the one that was locked"
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
  expect_message "hello 1"
  expect_solved 1
  printf 'mount_base_directory: %s\nuuid: 6fb4f1e4-9b1f-4d6c-9f6e-6a86f5a3ab6f\n' "$base" \
    >project/condainer.yml
  rm "$(the_lock)"
  quietly cnd -d project build
  expect_solved 2
  quietly cnd -d project exec -- hello
  expect_message "hello 1"
  grep -q '^# made-from: sha256:' "$(the_lock)"
}
