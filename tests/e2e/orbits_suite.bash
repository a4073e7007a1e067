# examples/orbits, as a user builds it: with a solver, with a lock, and when they change.

services=$(realpath "$(dirname "${BASH_SOURCE[0]}")/services")
example=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../examples/orbits")

# The example's own packages in channels/conda-forge, which the solver takes for the real one.
orbits_project() {
  need_bubblewrap
  need squashfs-mounts cntr env prereq
  need debian-python dpkg-query -W python3-jinja2
  export CNTR_MOUNT_IDLE=0
  cp -r "$example" project
  source_dir=$work/project
  build_dir=$work/build
  quietly project/channel/debian_channel.py channels
  unset CNTR_CONDA_INSTALLER CONDA_SUBDIR
  export CNTR_CONDA_EXE=$services/conda_solver CONDA_CHANNEL_ALIAS=file://$work/channels
  export CNTR_TEST_SOLVER_LOG=$work/solved
}

expect_solved() { expect_equal "calls of the solver" "$1" "$(wc -l <solved)"; }
passes_its_tests() { quietly ctest --test-dir build --output-on-failure --no-tests=error; }

test_the_example_and_what_runs_again() {
  orbits_project
  configure
  build_and_expect "orbits report start"
  passes_its_tests
  local lock
  lock=$(echo project/environment.linux-*.lock)
  expect_equal packages "jinja2 markupsafe python" \
    "$(sed -n 's,^file://.*/\([a-z0-9]*\)-[0-9].*,\1,p' "$lock" | sort | xargs)"
  sha256sum build/report.html "$lock" >before
  cp -r channels first-channels
  build_and_expect ""

  printf '# ours\n' >>project/environment.yml
  build_and_expect ""
  expect_solved 1

  # Packed again: another environment, the same places of the planets.
  quietly project/channel/debian_channel.py --build 1 channels
  quietly cntr env lock -C build --update
  expect_output "moved  python: 3 packages, $work/$lock"
  build_and_expect "report start"
  passes_its_tests
  expect_solved 2

  rm -r channels
  mv first-channels channels
  quietly cntr env lock -C build --update
  build_and_expect "" "report start"
  sha256sum --check --quiet before

  # A lock needs no solver, and is the same environment.
  unset CNTR_CONDA_EXE
  rm -rf build "$lock"
  configure -DORBITS_LOCK="$work/channels/environment.lock"
  build_and_expect "" "orbits report start"
  sha256sum --check --quiet <(head -n 1 before)

  echo '{# nothing #}' >>project/steps/report.html.j2
  build_and_expect "report"
  expect_nothing_left
}

test_the_example_with_a_lock() { # and that its checks find mistakes
  orbits_project
  unset CNTR_CONDA_EXE
  configure -DORBITS_LOCK="$work/channels/environment.lock"
  build_and_expect "orbits report start"
  passes_its_tests
  sed -i 's/^Mars,1.52/Mars,1.62/' project/data/planets.csv
  build_and_expect "orbits report start"
  expect_failure ctest --test-dir build --output-on-failure
  expect_output "the year of Mars: found"
}

test_ordinary_user_builds_the_example() { as_ordinary_user test_the_example_with_a_lock; }
