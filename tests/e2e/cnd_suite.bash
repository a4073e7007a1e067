# cnd: projects of Condainer.

source "$here/host_env.bash"

# A project as Condainer has them, which nothing was changed in, but for a lock beside it.
condainer_project() {
  begin_env
  mkdir -p project
  base=$(mktemp -d /tmp/cnd.XXXXXX)  # a prefix has 200 bytes
  trap 'rm -rf --one-file-system "$base"' EXIT
  mv tools/*.* project/
  cat >project/condainer.yml <<YAML
# Condainer project configuration file
mount_base_directory: $base
uuid: 6fb4f1e4-9b1f-4d6c-9f6e-6a86f5a3ab6f
environment_yml: environment.yml
requirements_txt: requirements.txt
installer_url: https://example.org/Miniforge3-Linux-x86_64.sh
conda_exe: mamba
YAML
  printf 'name: basic\nchannels:\n  - conda-forge\ndependencies:\n  - hello\n' >project/environment.yml
  point=$base/condainer-6fb4f1e4-9b1f-4d6c-9f6e-6a86f5a3ab6f
  prefix=$point/envs/basic@condainer
}

test_a_project_of_condainer() {
  condainer_project
  cd project
  cnd build >"$work/last.log"
  expect_message "Done!"
  test -s 6fb4f1e4-9b1f-4d6c-9f6e-6a86f5a3ab6f.squashfs
  expect_equal "last line of condainer.yml" "user_env_name: basic@condainer" "$(tail -n 1 condainer.yml)"
  expect_code 1 cnd build
  expect_message "STOP. Found existing image file 6fb4f1e4-9b1f-4d6c-9f6e-6a86f5a3ab6f.squashfs, please remove this first."
  cd ..
  quietly cnd -d project exec -- hello
  expect_message "hello 1 in $prefix"
  expect_code 7 cnd -d project exec -- sh -c 'exit 7'
  wait_until not_mounted
  quietly cnd -d project mount --print
  expect_message "Environment usage in the present shell" " - enable command  : source activate" \
    " - disable command : source deactivate" "$point"
  quietly "$prefix/bin/hello"
  expect_message "hello 1 in $prefix"
  quietly cnd -d project mount
  expect_message "hint: condainer already mounted"
  quietly cnd -d project status
  expect_message "Condainer status" " - project directory : $work/project" \
    " - squashfs image    : 6fb4f1e4-9b1f-4d6c-9f6e-6a86f5a3ab6f.squashfs" \
    " - fuse mount point  : $prefix" " - image mounted     : True"
  quietly cnd -d project umount
  expect_message ""
  quietly cnd -d project umount
  expect_message "hint: condainer not mounted"
  [ ! -e "$point" ]
  quietly cnd -d project cache
  quietly cnd version
  expect_nothing_left
}

test_the_files_activate_and_deactivate() {
  condainer_project
  cnd -q -d project build
  cd project
  quietly bash -euc 'source ./activate; hello; echo "$CONDA_DEFAULT_ENV"; source ./deactivate; command -v hello || echo gone'
  expect_message "hello 1 in $prefix" basic@condainer gone
  wait_until not_mounted
}

# As Condainer makes it: a whole conda, with the environment in envs/.
test_an_image_that_condainer_made() {
  condainer_project
  need squashfs-tools mksquashfs -version
  mkdir -p tree/envs/basic@condainer/{bin,conda-meta}
  printf '#!/bin/sh\necho old "$CONDA_PREFIX"\n' >tree/envs/basic@condainer/bin/old
  chmod 755 tree/envs/basic@condainer/bin/old
  quietly mksquashfs tree project/6fb4f1e4-9b1f-4d6c-9f6e-6a86f5a3ab6f.squashfs
  quietly cnd -d project exec -- old
  expect_message "old $prefix"
  quietly cnd -q -d project mount
  [ -x "$prefix/bin/old" ]
  quietly cnd -d project status
  expect_output " - fuse mount point  : $point"
  quietly cnd -d project umount
  [ ! -e "$point" ]
}

test_init_writes_what_condainer_writes() {
  mkdir new
  cd new
  CONDAINER_INSTALLER=/sw/miniforge.sh quietly cnd init
  expect_equal keys "mount_base_directory uuid environment_yml requirements_txt installer_url conda_exe" \
    "$(sed -n 's/^\([a-z_]*\):.*/\1/p' condainer.yml | tr '\n' ' ' | sed 's/ $//')"
  grep -qx 'installer_url: "/sw/miniforge.sh"' condainer.yml
  grep -qx 'name: basic' environment.yml
  expect_code 1 cnd init
  expect_message 'STOP. Found existing file condainer.yml, please run `init` from an empty directory.'
  expect_code 2 cnd build
  expect_output "environment.yml: Environment basic: There is no installer /sw/miniforge.sh"
}

# A project without a lock, and an installer beside it, on a machine without a solver.
project_with_installer() { # <installer_url>
  condainer_project
  need python3 python3 --version
  rm project/*.lock project/explicit.txt 2>/dev/null || true
  ln -s channel conda-forge
  export CONDA_CHANNEL_ALIAS=file://$work PATH=$CNTR_E2E_PREFIX/bin:/usr/bin:/bin
  unset CNTR_CONDA_EXE CNTR_CONDA_INSTALLER CONDAINER_INSTALLER MAMBA_EXE CONDA_EXE CONDA_SUBDIR
  need no-solver eval '! command -v micromamba mamba conda pixi'
  cat >project/installer.sh <<SH
#!/bin/sh
# As those of conda do.
case \$0 in *.sh) ;; *) echo "not under this name" >&2; exit 1 ;; esac
echo run >>"$work/installed"
mkdir -p "\$3/bin"
cp "$here/services/conda_solver" "\$3/bin/mamba"
printf '#!/bin/sh\necho asked >>%s\nexec python3 %s "\$@"\n' "$work/conda-asked" "$here/services/conda_solver" >"\$3/bin/conda"
chmod 755 "\$3/bin/conda"
SH
  sed -i "s,^installer_url: .*,installer_url: $1," project/condainer.yml
}

builds_and_runs() { # <line of the build>...
  rm -f project/*.squashfs project/*.lock
  quietly cnd -d project build
  expect_message "$@" "Done!"
  quietly cnd -d project exec -- hello
  expect_message "hello 1 in $prefix"
}

test_the_solver_comes_from_the_installer() {
  project_with_installer installer.sh
  builds_and_runs
  builds_and_runs
  expect_file installed run
  [ ! -e conda-asked ]
  sed -i 's/^conda_exe: .*/conda_exe: conda/' project/condainer.yml
  builds_and_runs
  expect_file conda-asked asked
  sed -i '/^installer_url/d' project/condainer.yml
  rm project/*.squashfs project/*.lock
  expect_code 2 cnd -d project build
  expect_output "environment.yml: Environment basic: There is no solver of conda packages here"
  mv project/installer.sh elsewhere.sh
  CONDAINER_INSTALLER=elsewhere.sh builds_and_runs
  expect_file installed run
  CONDAINER_INSTALLER=https://example.org/x.sh expect_code 2 cnd -d project build
  expect_message 'cntr: error: CONDAINER_INSTALLER is not the path of an installer: "https://example.org/x.sh"' \
    "  What is to be downloaded is named in condainer.yml, as installer_url."
}

test_the_installer_is_downloaded() {
  need curl curl --version
  project_with_installer installer.sh
  mkdir served
  mv project/installer.sh served/
  python3 -u "$here/services/http_files.py" served >server.log 2>&1 &
  local url sum zeros
  server=$!
  trap 'kill "$server" 2>/dev/null || true; rm -rf --one-file-system "$base"' EXIT
  wait_until test -s server.log
  url=http://127.0.0.1:$(sed -n 's/^port //p' server.log)/installer.sh
  sum=$(sha256sum served/installer.sh | cut -c1-64)
  zeros=$(printf '%064d' 0)
  sed -i "s,^installer_url: .*,installer_url: $url#sha256=$zeros," project/condainer.yml
  expect_code 2 cnd -d project build
  expect_message "cntr: warning: there is no solver here, so $url is downloaded and installed, once" \
    "cntr: error: $work/project/environment.yml: Environment basic: The installer $url has another sum" \
    "  Expected: $zeros" "  Found:    $sum"
  [ ! -e installed ]
  sed -i "s,$zeros,$sum," project/condainer.yml
  builds_and_runs "cntr: warning: there is no solver here, so $url is downloaded and installed, once"
  rm -r cache
  sed -i "s,#sha256=.*,," project/condainer.yml
  builds_and_runs "cntr: warning: there is no solver here, so $url is downloaded and installed, once"
  kill "$server"
  wait "$server" 2>/dev/null || true
  builds_and_runs
  expect_file installed "$(printf 'run\nrun')"
  # Condainer's init downloads it into the project.
  rm -r cache
  cp served/installer.sh project/
  builds_and_runs
  expect_file installed "$(printf 'run\nrun\nrun')"
  # Elsewhere nobody takes a URL without a sum.
  rm -r cache project/*.lock
  CNTR_CONDA_INSTALLER=$url expect_code 2 cntr env lock -d project
  expect_output "The installer $url is a URL without a sum"
}

test_a_dry_run_changes_nothing() {
  condainer_project
  find project "$base" >before
  quietly cnd -y -d project build
  expect_message "dryrun: would build 6fb4f1e4-9b1f-4d6c-9f6e-6a86f5a3ab6f.squashfs for $prefix"
  find project "$base" >after
  cmp before after
}

test_a_hostile_configuration_is_refused() {
  condainer_project
  sed -i 's,^uuid: .*,uuid: ../../x,' project/condainer.yml
  expect_code 2 cnd -d project status
  expect_output "$work/project/condainer.yml:3:"
  expect_output 'is no name: "../../x"'
  expect_code 2 cnd -d tools status
  expect_output "cntr: error: There is no condainer.yml in $work/tools"
}

test_ordinary_user_has_a_project() { as_ordinary_user test_a_project_of_condainer; }
test_ordinary_user_sources_activate() { as_ordinary_user test_the_files_activate_and_deactivate; }
