# A project with an environment.yml, and a stand-in for the solver.

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
