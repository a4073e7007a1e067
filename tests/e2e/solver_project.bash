# A project with an environment.yml, and a stand-in for the solver.

source "$(dirname "${BASH_SOURCE[0]}")/conda_channel.bash"
services=$(realpath "$(dirname "${BASH_SOURCE[0]}")/services")

# solver_project <environment.yml>: the environment `tools`, made with a stand-in for micromamba, and
# the step `probe`, which says what it finds in it. Standard input adds keywords of cntr_add_env().
solver_project() {
  need_mounts
  need_bubblewrap
  need python3 python3 --version
  export CNTR_MOUNT_IDLE=0
  mkdir -p tools-on-path
  ln -s "$services/conda_solver" tools-on-path/micromamba
  export PATH=$work/tools-on-path:$PATH CNTR_TEST_SOLVER_LOG=$work/solved
  touch solved
  unset CNTR_CONDA_EXE CNTR_CONDA_INSTALLER MAMBA_EXE CONDA_EXE CONDA_SUBDIR
  make_package hello 1
  local keywords
  keywords=$(cat)
  begin_project <<END
cntr_add_env(tools ENVIRONMENT environment.yml $keywords)
cntr_add_step(probe ENV tools STDOUT seen.txt COMMAND -- sh -c [==[hello; echo "\$MODE"]==])
END
  printf '%s\n' "$1" >project/environment.yml
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
