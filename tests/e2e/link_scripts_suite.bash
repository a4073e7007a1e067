# Scripts of conda packages that are to run when they are installed.

need_link_scripts() {
  need_bubblewrap
  need bzip2 bzip2 --version
  need squashfs-tools command -v unsquashfs
  need squashfs-mounts cntr env prereq
  export CNTR_MOUNT_IDLE=0
}

# make_package <name> <depends> <action> <script>: channel/linux-64/<name>-1.0-3.tar.bz2 with that script,
# and what the caller put into the directory package/.
make_package() {
  mkdir -p package/info package/bin channel/linux-64
  printf '%s\n' "$4" >"package/bin/.$1-$3.sh"
  (cd package && find . -type f ! -path './info/*' | cut -c3- | sort) >files
  mv files package/info/files
  printf '{"name": "%s", "version": "1.0", "build": "3", "build_number": 3, "depends": [%s],
    "subdir": "linux-64"}\n' "$1" "${2:+\"$2\"}" >package/info/index.json
  tar -C package --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cjf \
    "channel/linux-64/$1-1.0-3.tar.bz2" info $(cd package && ls | grep -v '^info$')
  rm -rf package
}

write_lock() { # <package>...
  local package
  echo @EXPLICIT >lock.txt
  for package in "$@"; do
    package=channel/linux-64/$package-1.0-3.tar.bz2
    echo "file://$work/$package#sha256:$(sha256sum "$package" | cut -c1-64)" >>lock.txt
  done
}

build() { cntr env build -q --lock lock.txt --prefix /opt/e -o env.squashfs "$@"; }

build_env() { # <package>...: env.squashfs, and its files in tree/
  write_lock "$@"
  quietly build
  unpack
}

unpack() {
  rm -rf tree
  unsquashfs -quiet -no-progress -no-xattrs -dest tree env.squashfs
}

# A file, a directory and a link in the package, to be changed by its script.
make_changing_package() {
  mkdir -p package/share/old package/lib
  echo first >package/share/text
  echo kept >package/share/kept
  echo gone >package/share/gone
  echo old >package/share/old/a
  make_package changing "" post-link '
set -e
echo second >>"$PREFIX/share/text"
rm "$PREFIX/share/gone"
rm -r "$PREFIX/share/old"
mkdir "$PREFIX/share/old"
echo new >"$PREFIX/share/old/b"
mkdir -m 700 "$PREFIX/made"
printf "#!/bin/sh\n" >"$PREFIX/made/run"
chmod 751 "$PREFIX/made/run"
ln -s ../share/text "$PREFIX/made/link"
rm "$PREFIX/share/kept"
echo kept >"$PREFIX/share/kept"'
}

test_what_a_script_changes_in_the_prefix_is_in_the_image() {
  need_link_scripts
  make_changing_package
  build_env changing
  expect_equal "the text" "$(printf 'first\nsecond')" "$(cat tree/share/text)"
  expect_equal "the tree" ". bin bin/.changing-post-link.sh conda-meta conda-meta/changing-1.0-3.json conda-meta/frozen conda-meta/history made made/link made/run share share/kept share/old share/old/b share/text" \
    "$(cd tree && find . | sort | sed 's,^\./,,' | tr '\n' ' ' | sed 's/ $//')"
  expect_equal "the link" ../share/text "$(readlink tree/made/link)"
  expect_equal "modes and times" "755 1980-01-01 755 1980-01-01" \
    "$(TZ=UTC stat -c '%a %.10y' tree/made tree/made/run | tr '\n' ' ' | sed 's/ $//')"
  expect_equal "owners" "root/root" "$(unsquashfs -lln env.squashfs | awk '{ print $2 }' | sed 's,^0/0$,root/root,' | sort -u)"
}

test_the_records_are_of_what_is_there() {
  need_link_scripts
  make_changing_package
  build_env changing
  expect_equal "recorded files" "bin/.changing-post-link.sh share/kept share/text" \
    "$(python3 -c 'import json
print(*sorted(json.load(open("tree/conda-meta/changing-1.0-3.json"))["files"]))')"
  python3 - <<'PYTHON'
import hashlib, json
for entry in json.load(open("tree/conda-meta/changing-1.0-3.json"))["paths_data"]["paths"]:
    found = hashlib.sha256(open("tree/" + entry["_path"], "rb").read()).hexdigest()
    assert found == entry["sha256_in_prefix"], entry
PYTHON
}

test_two_builds_give_the_same_bytes() {
  need_link_scripts
  make_changing_package
  build_env changing
  cp env.squashfs first.squashfs
  rm -rf "$CNTR_CACHE_DIR"
  (umask 077 && quietly build)
  cmp env.squashfs first.squashfs
}

test_scripts_see_what_conda_gives_them() {
  need_link_scripts
  mkdir -p package/etc/conda/activate.d
  echo 'export ACTIVATED=yes' >package/etc/conda/activate.d/a.sh
  make_package base "" post-link 'printf base >>"$PREFIX/order"'
  make_package second base pre-link 'printf "pre " >>"$PREFIX/order"
env >"$PREFIX/pre.txt"'
  make_package third base post-link 'printf " third" >>"$PREFIX/order"
pwd >"$PREFIX/cwd"
env >"$PREFIX/env.txt"'
  build_env base second third
  expect_equal order "pre base third" "$(cat tree/order)"
  expect_equal directory /opt/e/bin "$(cat tree/cwd)"
  expect_equal variables "ACTIVATED=yes CONDA_PREFIX=/opt/e PKG_BUILDNUM=3 PKG_NAME=third PKG_VERSION=1.0 PREFIX=/opt/e" \
    "$(grep -E '^(ACTIVATED|CONDA_PREFIX|PKG_.*|PREFIX)=' tree/env.txt | sort | tr '\n' ' ' | sed 's/ $//')"
  expect_equal "variables before" "PKG_NAME=second" "$(grep -E '^(ACTIVATED|PKG_NAME)=' tree/pre.txt)"
}

test_messages_are_shown_and_not_kept() {
  need_link_scripts
  make_package talks "" post-link 'echo "Now do this" >>"$PREFIX/.messages.txt"'
  build_env talks
  expect_output "cntr: warning: talks-1.0-3 says: Now do this"
  test ! -e tree/.messages.txt
}

test_a_script_has_no_network_and_not_the_rest_of_the_machine() {
  need_link_scripts
  echo secret >secret
  make_package curious "" post-link "
cat '$work/secret' >\"\$PREFIX/stolen\" 2>/dev/null
echo broken >'$work/broken' 2>/dev/null
touch /usr/lib/broken 2>/dev/null && echo written >\"\$PREFIX/usr\"
grep -c : /proc/net/dev >\"\$PREFIX/devices\"
exit 0"
  build_env curious
  expect_equal "what it read" "" "$(cat tree/stolen)"
  expect_equal "devices" 1 "$(cat tree/devices)"
  test ! -e broken
  test ! -e tree/usr
}

test_a_script_that_fails_is_one_error() {
  need_link_scripts
  make_package failing "" post-link 'echo "Look here" >>"$PREFIX/.messages.txt"
echo "it is broken" >&2
exit 7'
  write_lock failing
  expect_code 2 build
  expect_message "cntr: error: The post-link script of the package failing-1.0-3 failed with exit code 7" \
    "  Look here" "  it is broken"
  test ! -e env.squashfs
  expect_equal "files in the cache's scratch" "" "$(ls "$CNTR_CACHE_DIR/v1/tmp")"
}

test_what_no_environment_may_have_is_an_error() {
  need_link_scripts
  make_package pipe "" post-link 'mkfifo "$PREFIX/pipe"'
  write_lock pipe
  expect_code 2 build
  expect_message 'cntr: error: A link script made "pipe", which is a device, a fifo or a socket: no environment may have one'
  make_package leaves "" post-link 'ln -s ../../../etc/passwd "$PREFIX/bin/out"'
  write_lock leaves
  expect_code 2 build
  expect_message 'cntr: error: The package link scripts: "bin/out" is a symbolic link to "../../../etc/passwd", outside of the environment'
}

test_scripts_can_be_off_or_ignored() {
  need_link_scripts
  make_package demo "" post-link 'exit 1'
  write_lock demo
  expect_code 2 build --link-scripts off
  expect_message "cntr: error: The package demo-1.0-3 has a script bin/.demo-post-link.sh, which is to run when it is installed" \
    "  Link scripts are off for this environment."
  test ! -e env.squashfs
  quietly build --link-scripts ignore
  expect_output "cntr: warning: The package demo-1.0-3 has a script bin/.demo-post-link.sh, which is to run when it is installed; it does not run"
}

test_scripts_of_real_packages_run() {
  need_link_scripts
  need zstd zstd --version
  local data
  data=$(realpath "$here/../data/conda/packages")
  echo @EXPLICIT >lock.txt
  local package
  for package in link-scripts-0.1.0-h4616a5c_0 post-link-script-package-0.1.0-hb0f4dca_0; do
    mkdir -p channel/linux-64
    cp "$data/$package.conda" channel/linux-64/
    echo "file://$work/channel/linux-64/$package.conda#sha256:$(sha256sum "$data/$package.conda" | cut -c1-64)" >>lock.txt
  done
  quietly build
  expect_output "cntr: warning: link-scripts-0.1.0-h4616a5c_0 says: This is a post-link script that just ran for the recipe package."
  expect_output "cntr: warning: post-link-script-package-0.1.0-hb0f4dca_0 says: Testing post link scripts"
  unpack
  test -f tree/i-was-post-linked
  expect_equal "what it copied" "Testing post link scripts" "$(cat tree/.messages.bak.txt)"
  test ! -e tree/.messages.txt
}

test_as_an_ordinary_user() {
  as_ordinary_user test_what_a_script_changes_in_the_prefix_is_in_the_image
}
