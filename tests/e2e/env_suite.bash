# cntr env build: conda packages become one squashfs file.

conda_data=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../data/conda")
conda_services=$(realpath "$(dirname "${BASH_SOURCE[0]}")/services")

need_conda_tools() {
  need squashfs-tools command -v unsquashfs
  need zstd zstd --version
  need python3 python3 --version
}

# lock_of <package>...: writes an explicit lock of local packages, lock.txt.
lock_of() {
  local package
  echo @EXPLICIT >lock.txt
  for package in "$@"; do
    mkdir -p "channel/$(subdir_of "$package")"
    cp "$conda_data/packages/$package" "channel/$(subdir_of "$package")/"
    echo "file://$work/channel/$(subdir_of "$package")/$package#sha256:$(
      sha256sum "$conda_data/packages/$package" | cut -c1-64)" >>lock.txt
  done
}

subdir_of() {
  case $1 in
    *-py*) echo noarch ;;
    *) echo linux-64 ;;
  esac
}

packages_of() { # <lock>
  sed -n 's|^file://\(.*\)#.*|\1|p' "$1"
}

# expect_same_tree <lock> <prefix>: the image env.squashfs holds, file by file, what an independent
# implementation of conda's rules makes of the packages.
expect_same_tree() {
  rm -rf tree expected
  unsquashfs -quiet -no-progress -dest tree env.squashfs
  # shellcheck disable=SC2046 # no path here has a space
  "$conda_services/conda_tree.py" link expected "$2" $(packages_of "$1")
  "$conda_services/conda_tree.py" list tree >tree.list
  "$conda_services/conda_tree.py" list expected >expected.list
  diff -u expected.list tree.list || fail "the trees of $1 at $2 differ"
}

build_env() { # <lock> <prefix> [option...]
  quietly cntr env build --lock "$1" --prefix "$2" --pyc off -o env.squashfs "${@:3}"
}

test_every_rule_gives_what_conda_makes() {
  need_conda_tools
  "$conda_services/conda_packages.py" made
  local prefix
  for prefix in /opt/e "/$(printf 'long/%.0s' {1..28})env" "/$(printf 'x%.0s' {1..118})"; do
    build_env made/all.txt "$prefix"
    expect_same_tree made/all.txt "$prefix"
  done
}

test_real_packages_give_what_conda_makes() {
  need_conda_tools
  "$conda_services/conda_packages.py" made
  lock_of xtensor-io-0.10.3-hb585cf6_0.tar.bz2 ripgrep-completions-14.1.1-hb0f4dca_1.conda \
    cph_test_data-0.0.1-0.tar.bz2 _r-mutex-1.0.1-anacondar_1.tar.bz2 test-package-0.1-0.tar.bz2 \
    activate_deactivate_package-1.0-0.conda small-executable-1.0-0.conda empty-0.1.0-h4616a5c_0.conda \
    foobar-0.1.0-pyhbf21a9e_0.conda conda-index-pkg-a-1.0-pyhed9eced_1.tar.bz2 \
    sample_noarch_python-1.0-py_0.conda clobber-directory-upgrade-0.2.0-h4616a5c_0.conda
  sed -n 2p made/python.txt >>lock.txt
  build_env lock.txt /opt/cntr/env --link-scripts ignore
  expect_same_tree lock.txt /opt/cntr/env
}

test_the_later_package_wins() {
  need_conda_tools
  lock_of clobber-1-0.1.0-h4616a5c_0.tar.bz2 clobber-2-0.1.0-h4616a5c_0.tar.bz2 \
    clobber-3-0.1.0-h4616a5c_0.tar.bz2 clobber-nested-1-0.1.0-h4616a5c_0.tar.bz2 \
    clobber-nested-2-0.1.0-h4616a5c_0.tar.bz2 clobber-with-symlink-a-0.1.0-h4616a5c_0.conda \
    clobber-with-symlink-b-0.1.0-h4616a5c_0.conda
  build_env lock.txt /opt/e
  expect_output 'cntr: warning: The package clobber-2-0.1.0-h4616a5c_0 replaces "another-clobber.txt" and 1 more of clobber-1-0.1.0-h4616a5c_0'
  expect_output 'The package clobber-3-0.1.0-h4616a5c_0 replaces "another-clobber.txt" and 1 more of clobber-2-0.1.0-h4616a5c_0'
  expect_output 'The package clobber-nested-2-0.1.0-h4616a5c_0 replaces "clobber/bobber/clobber.txt" of clobber-nested-1-0.1.0-h4616a5c_0'
  expect_output 'The package clobber-with-symlink-b-0.1.0-h4616a5c_0 replaces "lib/clobber.so" of clobber-with-symlink-a-0.1.0-h4616a5c_0'
  expect_same_tree lock.txt /opt/e
}

test_files_and_directories_replace_each_other() {
  need_conda_tools
  lock_of clobber-fd-2-0.1.0-h4616a5c_0.conda clobber-fd-1-0.1.0-h4616a5c_0.conda \
    clobber-with-dir-0.1.0-h4616a5c_0.conda clobber-without-dir-0.1.0-h4616a5c_0.conda
  build_env lock.txt /opt/e
  expect_output 'The package clobber-fd-1-0.1.0-h4616a5c_0 replaces "clobber" of clobber-fd-2-0.1.0-h4616a5c_0'
  expect_same_tree lock.txt /opt/e
}

test_conda_meta_is_what_other_tools_read() {
  need_conda_tools
  "$conda_services/conda_packages.py" made
  build_env made/all.txt /opt/e
  unsquashfs -quiet -no-progress -dest tree env.squashfs
  expect_equal records "binary-1.0-0.json frozen history links-1.0-0.json modes-1.0-0.json moved-1.0-0.json noarch-1.0-0.json old-1.0-0.json paxlong-1.0-0.json python-3.11.4-0.json text-1.0-0.json v7-1.0-0.json" \
    "$(ls tree/conda-meta | tr '\n' ' ' | sed 's/ $//')"
  expect_equal history "$(printf '%s\n' '==> 1980-01-01 00:00:00 <==' '# cmd: cntr env build')" \
    "$(head -2 tree/conda-meta/history)"
  expect_equal "line of the history" "+file:///made/noarch::noarch-1.0-0" \
    "$(grep noarch- tree/conda-meta/history)"
  # Each record lists the package's files and only those, with the sums that they have.
  python3 - <<'PYTHON'
import glob, hashlib, json, os
listed = set()
for record in map(json.load, map(open, glob.glob("tree/conda-meta/*.json"))):
    assert record["files"] == [entry["_path"] for entry in record["paths_data"]["paths"]], record["name"]
    for key in ("name", "version", "build", "build_number", "channel", "url", "fn", "subdir", "sha256"):
        assert key in record, (record["name"], key)
    for entry in record["paths_data"]["paths"]:
        path = "tree/" + entry["_path"]
        assert os.path.lexists(path), path
        listed.add(path)
        if "sha256_in_prefix" in entry:
            found = hashlib.sha256(open(path, "rb").read()).hexdigest()
            assert found == entry["sha256_in_prefix"], path
there = {os.path.join(d, n) for d, _, names in os.walk("tree") for n in names}
extra = {path for path in there - listed if not path.startswith("tree/conda-meta/")}
assert not extra, extra
record = json.load(open("tree/conda-meta/noarch-1.0-0.json"))
kinds = {entry["_path"]: entry["path_type"] for entry in record["paths_data"]["paths"]}
assert kinds["bin/demo"] == "unix_python_entry_point", kinds
PYTHON
}

test_importlib_sees_a_normal_environment() {
  need_conda_tools
  "$conda_services/conda_packages.py" made
  lock_of foobar-0.1.0-pyhbf21a9e_0.conda conda-index-pkg-a-1.0-pyhed9eced_1.tar.bz2
  sed -n 2p made/python.txt >>lock.txt
  build_env lock.txt /opt/e --link-scripts ignore
  unsquashfs -quiet -no-progress -dest tree env.squashfs
  expect_equal distributions "conda-index-pkg-a 1.0, foobar 0.1.0" "$(
    python3 -I -c 'import importlib.metadata as m
print(", ".join(sorted(d.metadata["Name"] + " " + d.version
                       for d in m.distributions(path=["tree/lib/python3.11/site-packages"]))))')"
}

test_the_same_lock_gives_the_same_bytes() {
  need_conda_tools
  "$conda_services/conda_packages.py" made
  build_env made/all.txt /opt/e
  expect_output "env.squashfs: 10 packages (0 from the cache)"
  cp env.squashfs first.squashfs
  build_env made/all.txt /opt/e
  expect_output "env.squashfs: 10 packages (10 from the cache)"
  cmp env.squashfs first.squashfs
  rm -rf "$CNTR_CACHE_DIR"
  (umask 077 && taskset -c 0 cntr env build -q --pyc off --lock made/all.txt --prefix /opt/e -o env.squashfs)
  cmp env.squashfs first.squashfs
  build_env made/all.txt /opt/other
  expect_output "env.squashfs: 10 packages (0 from the cache)"
}

test_a_damaged_cache_is_no_harm() {
  need_conda_tools
  "$conda_services/conda_packages.py" made
  build_env made/all.txt /opt/e
  cp env.squashfs first.squashfs
  local file
  for file in "$CNTR_CACHE_DIR"/v1/packs/*.list; do truncate -s -1 "$file"; done
  build_env made/all.txt /opt/e
  expect_output "(0 from the cache)"
  cmp env.squashfs first.squashfs
}

test_what_is_wrong_is_one_message() {
  "$conda_services/conda_packages.py" made
  local prefix
  prefix=/$(printf 'x%.0s' {1..150})
  lock_of conda-index-pkg-a-1.0-py27h5e241af_0.conda flask-0.11.1-py_0.tar.bz2
  sed -i '2d' lock.txt
  expect_code 2 cntr env build --lock lock.txt --prefix /opt/e -o env.squashfs
  expect_message "cntr: error: flask-0.11.1-py_0.tar.bz2: it lists \"site-packages/Flask-0.11.1-py3.5.egg-info/PKG-INFO\", which is not in the archive"
  lock_of foobar-0.1.0-pyhbf21a9e_0.conda
  expect_code 2 cntr env build --lock lock.txt --prefix /opt/e -o env.squashfs
  expect_message "cntr: error: The package foobar-0.1.0-pyhbf21a9e_0 needs a Python, and the lock has none" \
    "  Add the package python to the environment and lock it again."
  sed -i 's/#sha256:..../#sha256:0000/' lock.txt
  expect_code 2 cntr env build --lock lock.txt --prefix /opt/e -o env.squashfs
  expect_output "cntr: error: $work/lock.txt:2: The package foobar-0.1.0-pyhbf21a9e_0.conda is not the one that was locked"
  sed -i 's/#sha256.*//' lock.txt
  expect_code 2 cntr env build --lock lock.txt --prefix /opt/e -o env.squashfs
  expect_output "cntr: error: $work/lock.txt:2: The lock has no checksum for the package foobar-0.1.0-pyhbf21a9e_0.conda"
  expect_code 2 cntr env build --lock made/all.txt --prefix "/opt/my env" -o env.squashfs
  expect_output 'cntr: error: The prefix "/opt/my env" has the character " ", which programs misread'
  test ! -e env.squashfs
  expect_equal "files in the cache's scratch" "" "$(ls "$CNTR_CACHE_DIR/v1/tmp")"
}

test_a_prefix_too_long_for_a_binary_is_one_message() {
  lock_of conda-index-pkg-a-1.0-pyhed9eced_1.tar.bz2
  "$conda_services/conda_packages.py" made
  # The placeholder of these packages has 255 bytes; one of 33 is too short for a long prefix.
  python3 - "$conda_services" <<'PYTHON'
import sys
source = open(sys.argv[1] + "/conda_packages.py").read()
open("short.py", "w").write(source.replace("PLACE = PLACE[:255]", "PLACE = PLACE[:33]"))
PYTHON
  python3 short.py short
  expect_code 2 cntr env build --lock short/binary.txt --prefix "/$(printf 'x%.0s' {1..40})" -o env.squashfs
  expect_message "cntr: error: binary-1.0-0.conda: entry \"lib/one.so\": the prefix has 41 bytes, and the package has room for 33"
}

test_packages_are_downloaded_once() {
  need_conda_tools
  need curl curl --version
  "$conda_services/conda_packages.py" made
  python3 -u "$conda_services/http_files.py" made >server.log 2>&1 &
  local server=$!
  until grep -q ^port server.log; do sleep 0.1; done
  local port
  port=$(sed -n 's/^port //p' server.log)
  sed "s|file://$work/made|http://127.0.0.1:$port|" made/all.txt >remote.txt
  build_env remote.txt /opt/e
  kill "$server"
  wait "$server" || true
  cp env.squashfs first.squashfs
  rm -rf "$CNTR_CACHE_DIR/v1/packs"
  build_env remote.txt /opt/e
  cmp env.squashfs first.squashfs
  # The server broke off the first answer for each package: curl went on where it was.
  expect_equal "requests for ranges" 10 "$(grep -c ^range server.log)"
}

test_python_files_are_compiled() {
  need_conda_tools
  "$conda_services/conda_packages.py" made
  local minor
  minor=$(sed -n 's/.*python-\([0-9]*\.[0-9]*\)\..*/\1/p' made/realpython.txt)
  # noarch and moved need this Python, not the shell script of the same name.
  sed -n 2p made/noarch.txt >noarch.line
  sed -n 2p made/moved.txt >moved.line
  cat made/realpython.txt noarch.line moved.line >lock.txt
  local build=(cntr env build --lock lock.txt --prefix /opt/e -o env.squashfs)
  quietly "${build[@]}"
  unsquashfs -quiet -no-progress -dest tree env.squashfs
  python3 - "$minor" <<'PYTHON'
import importlib.util, json, marshal, os, sys
minor, tag = sys.argv[1], sys.argv[1].replace(".", "")
library = f"tree/lib/python{minor}"

def compiled(source):
    directory, name = os.path.split(source)
    return f"{directory}/__pycache__/{name[:-3]}.cpython-{tag}.pyc"

for source in ("site-packages/demo/__init__.py", "site-packages/demo/place.py", "moved.py"):
    text = open(f"{library}/{source}", "rb").read()
    data = open(compiled(f"{library}/{source}"), "rb").read()
    assert data[:4] == importlib.util.MAGIC_NUMBER, source
    assert data[4:8] == b"\1\0\0\0", source  # a hash that is not checked
    assert data[8:16] == importlib.util.source_hash(text), source
    code = marshal.loads(data[16:])
    assert code.co_filename == f"/opt/e/lib/python{minor}/{source}", code.co_filename
    scope = {}
    exec(code, scope)
    if source.endswith(("place.py", "moved.py")):
        assert scope["PREFIX"] == "/opt/e", scope["PREFIX"]
# What cannot be compiled is not, and what is not of a module or not changed is left as it was.
assert not os.path.exists(compiled(f"{library}/site-packages/demo/wrong.py"))
assert open(compiled(f"{library}/kept.py"), "rb").read() == b"as it was"
kinds = {}
for name in ("noarch-1.0-0", "moved-1.0-0"):
    record = json.load(open(f"tree/conda-meta/{name}.json"))
    kinds |= {entry["_path"]: entry["path_type"] for entry in record["paths_data"]["paths"]}
assert kinds[f"lib/python{minor}/site-packages/demo/__pycache__/place.cpython-{tag}.pyc"] == "pyc_file"
assert kinds[f"lib/python{minor}/__pycache__/moved.cpython-{tag}.pyc"] == "hardlink"
PYTHON
  # The same without the cache, and with it no Python has to run.
  cp env.squashfs first.squashfs
  rm -rf "$CNTR_CACHE_DIR"
  quietly "${build[@]}"
  cmp env.squashfs first.squashfs
}

test_a_python_that_does_not_run_is_one_message() {
  need_conda_tools
  "$conda_services/conda_packages.py" made
  expect_code 3 cntr env build --lock made/all.txt --prefix /opt/e -o env.squashfs
  expect_message "cntr: error: The environment's Python does not run here, so it cannot compile: exit code 0" \
    "  With --pyc off the environment is made without compiled Python files."
  test ! -e env.squashfs
}

test_an_end_by_a_signal_leaves_nothing() {
  need_conda_tools
  need curl curl --version
  "$conda_services/conda_packages.py" made
  # A server that takes connections and says nothing.
  python3 -u -c 'import socket, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1])
time.sleep(60)' >port &
  local server=$!
  until [ -s port ]; do sleep 0.1; done
  sed "s|file://$work/made|http://127.0.0.1:$(cat port)|" made/text.txt >remote.txt
  cntr env build --lock remote.txt --prefix /opt/e -o env.squashfs >last.log 2>&1 &
  local build=$!
  until compgen -G "$CNTR_CACHE_DIR/v1/tmp/package-*" >found; do sleep 0.1; done
  kill -TERM "$build"
  local code=0
  wait "$build" || code=$?
  expect_equal "exit code" 130 "$code"
  expect_equal "files in the cache's scratch" "" "$(ls "$CNTR_CACHE_DIR/v1/tmp")"
  test ! -e env.squashfs
  expect_no_process "$work/cache/v1/tmp"
  kill "$server"
  wait "$server" || true
}

test_how_far_it_is_is_shown_on_a_terminal_alone() {
  need script script --version
  lock_of test-package-0.1-0.tar.bz2
  local build="cntr env build --lock lock.txt --prefix /opt/e -o env.squashfs"
  TERM=xterm script -qec "$build" /dev/null </dev/null >terminal.log
  grep -qF "[1/1] Packing packages" terminal.log || fail "no progress on a terminal"
  TERM=xterm script -qec "$build -q" /dev/null </dev/null >terminal.log
  expect_equal "what -q prints" "" "$(cat terminal.log)"
  $build >plain.log 2>&1
  expect_equal "what is printed elsewhere" "env.squashfs: 1 package (1 from the cache), 4.0 KiB" "$(cat plain.log)"
}
