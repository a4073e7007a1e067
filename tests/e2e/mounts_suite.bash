# MOUNTS and cntr_add_mount().

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

test_ordinary_user_has_mounts() { as_ordinary_user test_a_mount_shows_what_is_declared; }
