# examples/orbits, as its README.md says: with a solver, with a lock, and when they change.

services=$(realpath "$(dirname "${BASH_SOURCE[0]}")/services")
example=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../examples/orbits")

orbits_project() {
  need_bubblewrap
  need squashfs-mounts cntr env prereq
  need debian-jinja2 dpkg-query -W python3-jinja2
  export CNTR_MOUNT_IDLE=0
  mkdir examples
  cp -r "$example" examples/
  source_dir=$work/examples/orbits
  build_dir=$work/build/orbits
}

# The packages of Debian in channels/conda-forge, which the solver takes for the real one.
with_a_solver() {
  orbits_project
  make_channel --build 0
  unset CNTR_CONDA_INSTALLER CONDA_SUBDIR
  export CNTR_CONDA_EXE=$services/conda_solver CONDA_CHANNEL_ALIAS=file://$work/channels
  export CNTR_TEST_SOLVER_LOG=$work/solved
}

make_channel() { quietly examples/orbits/channel/debian_channel.py "$@" channels; }
expect_solved() { expect_equal "calls of the solver" "$1" "$(wc -l <solved)"; }
passes_its_tests() { quietly ctest --test-dir "$build_dir" --output-on-failure --no-tests=error; }

# do_as_shown <number>: the commands of a block of README.md.
do_as_shown() {
  awk -v number="$1" '/^```/ { inside = /^```sh$/ && ++count == number; next } inside' "$example/README.md" |
    sed "s,<where Cntr is installed>,$CNTR_E2E_PREFIX," >shown
  test -s shown
  quietly bash -eux shown </dev/null
}

test_the_example_and_what_runs_again() {
  with_a_solver
  mark
  do_as_shown 1
  expect_executed orbits report start
  local lock
  lock=$(echo examples/orbits/environment.linux-*.lock)
  expect_equal packages "jinja2 markupsafe python" \
    "$(sed -n 's,^file://.*/\([a-z0-9]*\)-[0-9].*,\1,p' "$lock" | sort | xargs)"
  sha256sum build/orbits/report.html "$lock" >before
  cp -r channels first-channels
  build_and_expect ""

  printf '# ours\n' >>examples/orbits/environment.yml
  build_and_expect ""
  expect_solved 1

  # Packed again: another environment, the same places of the planets.
  make_channel --build 1
  do_as_shown 2
  expect_output "moved  python: 3 packages, $work/$lock"
  build_and_expect "report start"
  passes_its_tests
  expect_solved 2

  rm -r channels
  mv first-channels channels
  quietly cntr env lock -C build/orbits --update
  build_and_expect "" "report start"
  sha256sum --check --quiet before

  # A lock needs no solver, and is the same environment.
  unset CNTR_CONDA_EXE
  rm -rf build "$lock"
  configure -DORBITS_LOCK="$work/channels/environment.lock"
  build_and_expect "" "orbits report start"
  sha256sum --check --quiet <(head -n 1 before)

  echo '{# nothing #}' >>examples/orbits/steps/report.html.j2
  build_and_expect "report"
  expect_nothing_left
}

test_the_example_without_a_solver() { # and that its checks find mistakes
  orbits_project
  mark
  do_as_shown 3
  expect_executed orbits report start
  passes_its_tests
  sed -i 's/^Mars,1.52/Mars,1.62/' examples/orbits/data/planets.csv
  build_and_expect "orbits report start"
  expect_failure passes_its_tests
  expect_output "the year of Mars: found"
}

test_ordinary_user_builds_the_example() { as_ordinary_user test_the_example_without_a_solver; }
