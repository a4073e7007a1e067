# What pip brings into an environment: wheels, and what they are built from.

source "$here/solver_project.bash"

# pip_project <lines of the pip section>: the project of solver_project() with a Python that has pip.
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
    [ -z "${build_tools:-}" ] || echo '  - setuptools'
    printf '  - pip\n  - pip:\n'
    printf '    - %s\n' "$@"
  } >project/environment.yml
  printf -- '--no-index\n--find-links %s/made/wheels  # beside this\n' "$work" >project/requirements.txt
  sed -i '/cntr_add_step/d' project/CMakeLists.txt
  export PIP_CONFIG_FILE=/dev/null
}

# source_project <lines of the pip section>: the same with what builds wheels.
source_project() {
  local build_tools=yes
  pip_project "$@"
  need wheels-of-setuptools compgen -G "channel/noarch/setuptools-*"
  configure
}

# Nothing of a build lies about: neither in the cache's scratch, nor mounted.
expect_no_rest() { expect_equal "files in the cache's scratch" "" "$(ls "$CNTR_CACHE_DIR/v1/tmp")"; }

in_tools() { cntr env exec -C build -- "$@"; }

test_wheels_are_part_of_the_environment() {
  pip_project 'greet<2'
  configure
  quietly cntr env lock -C build
  expect_output "added  tools: 2 packages, 2 wheels, "
  expect_equal "wheels in the lock" "# pip greet @ file://$work/made/wheels/greet-1.0-py3-none-any.whl#sha256=$(
    sha256sum made/wheels/greet-1.0-*.whl | cut -c1-64)
# pip words @ file://$work/made/wheels/words-1.0-py3-none-any.whl#sha256=$(
    sha256sum made/wheels/words-1.0-*.whl | cut -c1-64)" "$(grep '^# pip' "$(the_lock)")"

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
  pip_project greet nothing
  configure
  expect_code 2 cntr env lock -C build
  expect_output "Environment tools: pip found no solution"
  expect_output "No matching distribution found for nothing"
  expect_output "What is there as source only is built with the packages that conda brings."
  PATH=$(path_without bwrap) expect_code 2 cntr env lock -C build
  expect_output "No matching distribution found for nothing"
  expect_output "Only wheels were looked for, because source is asked for what it needs in a sandbox: the program bwrap is not on PATH."
  expect_output "  Install bubblewrap (on Debian: apt install bubblewrap), in which source distributions are asked for what they need."
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

# path_without <program>: a PATH that leads to everything else.
path_without() {
  local directory
  mkdir -p without
  for directory in /usr/local/bin /usr/bin /bin "$CNTR_E2E_PREFIX/bin" "$work/tools-on-path"; do
    find "$directory/" -maxdepth 1 ! -type d ! -name "$1" -exec ln -sf -t without {} +
  done
  echo "$work/without"
}

# --- source -----------------------------------------------------------------------------------

source_becomes_a_wheel() {
  source_project plain odd
  need python-headers python3 -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
  quietly cntr env lock -C build
  expect_output "added  tools: 3 packages, 3 wheels, "
  expect_equal "wheels in the lock" "$(
    for file in odd-1.0.tar.gz plain-1.0.tar.gz words-1.0-py3-none-any.whl; do
      echo "# pip ${file%%-*} @ file://$work/made/wheels/$file#sha256=$(sha256sum "made/wheels/$file" | cut -c1-64)"
    done)" "$(grep '^# pip' "$(the_lock)")"
  SECRET=value in_tools python - <<'PYTHON'
import os, odd, odd_fast, sys
assert odd_fast.answer() == 42
assert odd.PREFIX == "/opt/cntr/env", odd.PREFIX
assert odd.PLACE == "/tmp/source/odd-1.0", odd.PLACE
assert odd.INTERFACES == ["lo"], odd.INTERFACES
known = "archives bin dev etc lib lib32 lib64 libx32 nix opt proc sbin tmp usr"
assert set(odd.ROOT) <= set(known.split()), odd.ROOT
assert "SECRET" not in odd.VARIABLES and "CNTR_CACHE_DIR" not in odd.VARIABLES, odd.VARIABLES
for name in ("odd", "plain"):
    assert os.path.exists(__import__(name).__cached__), name
PYTHON
  expect_equal "the entry point" "hello plain" "$(in_tools plain)"
  expect_equal "pip list" "odd==1.0 plain==1.0 setuptools words==1.0" \
    "$(in_tools python -m pip list --format freeze | grep -v -e ^pip= -e ^wheel= | sed 's/^setuptools=.*/setuptools/' | xargs)"
  expect_equal "pip check" "No broken requirements found." "$(in_tools python -m pip check)"
  quietly cntr env verify -C build
  expect_output " files of 3 packages and 3 wheels: all as the packages say."
  expect_no_rest
}

image_of_tools() { cntr env list -C build --json | sed 's/.*"image":"\([^"]*\)".*/\1/'; }

# In a directory of an archive, as of a repository with several projects. Of the project that there is.
source_below_the_top_of_an_archive() {
  local archive="file://$work/made/wheels/repository-1.0.tar.gz"
  sed -i '/^    - /d' project/environment.yml
  echo "    - nested @ $archive#subdirectory=py/nested" >>project/environment.yml
  quietly cntr env lock -C build
  expect_output "moved  tools: 3 packages, 2 wheels, "
  grep -qxF "# pip nested @ $archive#sha256=$(sum_of made/wheels/repository-1.0.tar.gz)&subdirectory=py/nested" "$(the_lock)"
  expect_equal "the entry point" "hello plain" "$(in_tools nested)"
  sed -i 's,&subdirectory=py/nested,\&subdirectory=py,' "$(the_lock)"
  expect_code 2 cntr env build -C build
  expect_output "nested repository-1.0 cannot be built from source"
  expect_no_rest
}

# What was built is kept, so that the source is not needed; built again it is the same.
test_source_becomes_a_wheel() {
  source_becomes_a_wheel
  local image before
  image=$(image_of_tools)
  before=$(sha256sum "$image")
  mv made/wheels kept
  rm "$image"
  PATH=$(path_without bwrap) cntr env build -q -C build
  expect_equal "the environment of what is kept" "$before" "$(sha256sum "$image")"
  mv kept made/wheels
  rm "$image"
  grep -la -e site-packages/odd_fast -e site-packages/plain.py cache/v1/packs/*.list >lists
  [ "$(wc -l <lists)" -ge 2 ] || fail "there are no packs of what was built"
  xargs rm <lists
  cntr env build -q -C build
  expect_equal "the environment, built again" "$before" "$(sha256sum "$image")"
  source_below_the_top_of_an_archive
}

test_source_that_cannot_be_built() {
  source_project wants
  expect_code 2 cntr env lock -C build
  expect_output "Environment tools: wants needs 'nowhere-to-be-had>=3' to be built, which the environment does not have"
  expect_output "What a build needs must be among its dependencies of conda."
  sed -i 's/- wants/- broken/' project/environment.yml
  quietly cntr env lock -C build
  local lock
  lock=$(realpath "$(the_lock)")
  expect_code 2 cntr env build -C build
  expect_output "$lock:$(grep -n '^# pip' "$lock" | cut -d : -f 1): broken 1.0 cannot be built from source"
  expect_output "fast.c:1:"
  PATH=$(path_without bwrap) expect_code 3 cntr env build -C build
  expect_output "the program bwrap is not on PATH"
  expect_output "Install bubblewrap (on Debian: apt install bubblewrap), in which wheels are built from source."
  # A lock that another tool made, which did not ask what a build needs.
  sed -i "s,^# pip.*,# pip wants @ file://$work/made/wheels/wants-1.0.tar.gz#sha256=$(sha256sum made/wheels/wants-1.0.tar.gz | cut -c1-64)," "$lock"
  expect_code 2 cntr env build -C build
  expect_output "wants 1.0 needs 'nowhere-to-be-had>=3' to be built, which the environment does not have"
  expect_output "What a build needs must be among the packages of conda."
  sed -i '/noarch\/pip-/d' "$lock"
  expect_code 2 cntr env build -C build
  expect_output "wants 1.0 is there as source only, and the environment has no pip to build it"
  expect_no_rest
}

test_ordinary_user_builds_wheels() { as_ordinary_user source_becomes_a_wheel; }

# --- locks of other tools, packages with scripts, and what says what is there ------------------

# wheel_channel: the channel and the wheels, and a directory tools/ for a lock.
wheel_channel() {
  need squashfs-mounts cntr env prereq
  need zstd zstd --version
  need python3 python3 --version
  need pip-wheel "$services/conda_pip.py" "$work/made"
  mkdir -p tools
  export CNTR_MOUNT_IDLE=0
  CNTR_ENV_BASE=$(mktemp -d /tmp/cntr-base.XXXXXX)  # a prefix has 200 bytes
  export CNTR_ENV_BASE
  trap leave_base EXIT
}

leave_base() {
  wait_until not_mounted_in_base
  rm -rf --one-file-system "$CNTR_ENV_BASE"
}
not_mounted_in_base() { ! grep -qF " $CNTR_ENV_BASE/" /proc/self/mountinfo; }

conda_platform() { uname -m | sed 's/x86_64/linux-64/; s/^aarch64/linux-&/'; }

of_tools() { cntr env exec -d tools -- "$@"; }

sum_of() { sha256sum "$1" | cut -c1-64; }

# lock_line <wheel or source>, conda_line <package>: lines of an explicit lock.
lock_line() { echo "# pip ${1%%-*} @ file://$work/made/wheels/$1#sha256=$(sum_of "made/wheels/$1")"; }
conda_line() { echo "file://$work/$1#sha256:$(sum_of "$1")"; }

test_wheels_of_a_conda_lock() {
  wheel_channel
  local package wheel platform
  platform=$(conda_platform)
  {
    printf 'version: 1\nmetadata: {platforms: [%s]}\npackage:\n' "$platform"
    for package in made/channel/*/{python,pip,setuptools}-[0-9]*.conda; do
      [ -e "$package" ] || continue
      printf -- '- {name: %s, version: "%s", manager: conda, platform: %s, url: "file://%s", hash: {sha256: %s}}\n' \
        "$(basename "$package" | cut -d - -f 1)" "$(basename "$package" | cut -d - -f 2)" "$platform" "$work/$package" "$(sum_of "$package")"
    done
    for wheel in Greet:greet-1.0-py3-none-any.whl words:words-1.0-py3-none-any.whl plain:plain-1.0.tar.gz; do
      printf -- '- {name: %s, version: "1.0", manager: pip, platform: %s, url: "file://%s", hash: {sha256: %s}}\n' \
        "${wheel%%:*}" "$platform" "$work/made/wheels/${wheel#*:}" "$(sum_of "made/wheels/${wheel#*:}")"
    done
  } >tools/conda-lock.yml
  [ -n "$(compgen -G 'made/channel/noarch/setuptools-*')" ] || sed -i '/name: plain/d' tools/conda-lock.yml
  expect_equal greet "hello 1.0" "$(of_tools greet)"
  if grep -q plain tools/conda-lock.yml; then
    need_bubblewrap
    expect_equal plain "hello plain" "$(of_tools plain)"
  fi
  sed -i 's/greet-1.0-py3-none-any.whl/greet/' tools/conda-lock.yml
  expect_code 2 cntr env exec -d tools -- true
  expect_output '/made/wheels/greet" is no wheel'
}

test_wheels_of_a_pixi_lock() {
  wheel_channel
  local package wheel platform
  platform=$(conda_platform)
  local packages=(made/channel/*/{python,pip}-[0-9]*.conda)
  local wheels=(greet-1.0-py3-none-any.whl words-1.0-py3-none-any.whl)
  [ -z "$(compgen -G 'made/channel/noarch/setuptools-*')" ] || {
    packages+=(made/channel/noarch/setuptools-*.conda)
    wheels+=(plain-1.0.tar.gz)
    need_bubblewrap
  }
  {
    printf 'version: 6\nenvironments:\n  default:\n    channels: [{url: "file://%s/made/channel"}]\n' "$work"
    printf '    packages:\n      %s:\n' "$platform"
    for package in "${packages[@]}"; do printf -- '      - conda: file://%s\n' "$work/$package"; done
    for wheel in "${wheels[@]}"; do printf -- '      - pypi: ../made/wheels/%s\n' "$wheel"; done
    echo packages:
    for package in "${packages[@]}"; do
      printf -- '- conda: file://%s\n  sha256: %s\n' "$work/$package" "$(sum_of "$package")"
    done
    for wheel in "${wheels[@]}"; do
      printf -- '- pypi: ../made/wheels/%s\n  name: %s\n  version: "1.0"\n  sha256: %s\n' \
        "$wheel" "${wheel%%-*}" "$(sum_of "made/wheels/$wheel")"
    done
  } >tools/pixi.lock
  expect_equal greet "hello 1.0" "$(of_tools greet)"
  [ ${#wheels[@]} = 2 ] || expect_equal plain "hello plain" "$(of_tools plain)"
}

# make_scripted_package <script>: channel/noarch/scripted-1.0-3.tar.bz2 with this script of after linking.
make_scripted_package() {
  mkdir -p package/info package/bin channel/noarch
  printf '%s\n' "$1" >package/bin/.scripted-post-link.sh
  echo bin/.scripted-post-link.sh >package/info/files
  echo '{"name": "scripted", "version": "1.0", "build": "3", "build_number": 3, "depends": ["python"],
    "subdir": "noarch", "noarch": "generic"}' >package/info/index.json
  tar -C package -cjf channel/noarch/scripted-1.0-3.tar.bz2 info bin
  rm -rf package
}

test_link_scripts_see_and_change_wheels() {
  wheel_channel
  need_bubblewrap
  need bzip2 bzip2 --version
  make_scripted_package '
set -e
python -c "import words; print(words.HELLO)" >"$PREFIX/said"
modules=$(python -c "import words; print(words.__file__)")
echo "HELLO = \"good bye, scripted\"" >"$modules"
rm "$PREFIX/share/greet/data.txt"
rm "$PREFIX"/lib/python*/*-packages/greet_more.py'
  {
    echo @EXPLICIT
    conda_line made/channel/linux-64/python-*.conda
    conda_line channel/noarch/scripted-1.0-3.tar.bz2
    lock_line greet-1.0-py3-none-any.whl
    lock_line words-1.0-py3-none-any.whl
  } >tools/explicit.txt
  expect_equal "what the script saw" "hello" "$(of_tools sh -c 'cat "$CONDA_PREFIX/said"')"
  expect_equal "the changed wheel" "good bye, scripted 1.0" "$(of_tools greet)"
  # What is there now is what the wheels' records say.
  quietly cntr env verify -d tools
  expect_output " files of 2 packages and 2 wheels: all as the packages say."
  of_tools python - <<'PYTHON'
import importlib.metadata, os
files = {str(file): file for file in importlib.metadata.files("greet")}
assert "greet/__init__.py" in files and "greet_more.py" not in files, files
assert not any(path.endswith("data.txt") for path in files), files
(words,) = [file for file in importlib.metadata.files("words") if str(file) == "words.py"]
assert words.size == os.path.getsize(words.locate()), words.size
PYTHON
}

test_diff_and_verify_know_wheels() {
  wheel_channel
  {
    echo @EXPLICIT
    conda_line made/channel/linux-64/python-*.conda
    lock_line greet-1.0-py3-none-any.whl
    lock_line words-1.0-py3-none-any.whl
  } >tools/explicit.txt
  {
    echo @EXPLICIT
    conda_line made/channel/linux-64/python-*.conda
    conda_line made/channel/noarch/pip-*.conda
    lock_line greet-2.0-py3-none-any.whl
    lock_line plain-1.0.tar.gz
  } >other.txt
  cntr env export -d other.txt >exported.txt
  expect_equal "what export says" "$(tail -n +2 other.txt | sort)" "$(tail -n +3 exported.txt | sort)"
  quietly cntr env export -d tools --format environment.yml
  expect_output "  - pip:"
  expect_output "      - greet==1.0"
  quietly cntr env diff tools ./other.txt
  expect_message "+ pip $(echo made/channel/noarch/pip-*.conda | cut -d - -f 2) 0" "~ greet 1.0 wheel -> 2.0 wheel" \
    "+ plain 1.0 source" "- words 1.0 wheel"
  sed 's/#sha256=......../#sha256=00000000/' tools/explicit.txt >other.txt
  quietly cntr env diff tools/explicit.txt ./other.txt
  expect_message "~ greet 1.0 wheel: another file" "~ words 1.0 wheel: another file"

  need squashfs-tools command -v mksquashfs
  quietly cntr env verify -d tools
  expect_output " files of 1 package and 2 wheels: all as the packages say."
  local image modules
  image=$(echo cache/v1/envs/*.squashfs)
  unsquashfs -quiet -no-progress -dest tree "$image"
  modules=$(dirname "$(cd tree && find . -name words.py | cut -c3-)")
  echo '# changed' >>"tree/$modules/words.py"
  rm "tree/share/greet/data.txt"
  mksquashfs tree changed.squashfs -quiet -no-progress -noappend >/dev/null
  cp changed.squashfs "$image"
  expect_code 3 cntr env verify -d tools
  expect_message '"share/greet/data.txt" is not there' "\"$modules/words.py\" is not the file of its wheel"
  echo '../../../../etc/passwd,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0' >>"tree/$modules/words-1.0.dist-info/RECORD"
  mksquashfs tree changed.squashfs -quiet -no-progress -noappend >/dev/null
  cp changed.squashfs "$image"
  expect_code 3 cntr env verify -d tools
  expect_output "\"$modules/words-1.0.dist-info/RECORD\" lists \"../../../../etc/passwd\", outside of the environment"
}
