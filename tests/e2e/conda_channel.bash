# Conda packages that tests make, in channel/.

need_mounts() { need squashfs-mounts cntr env prereq; }

# make_package <name> <version>: channel/noarch/<name>-<version>-0.tar.bz2 with a script bin/<name> that
# says where it is, and what the caller put into the directory package/.
make_package() {
  local placeholder=/placeholder_placeholder_placeholder_placeholder_placeholder_placeholder
  need bzip2 bzip2 --version
  mkdir -p package/info package/bin channel/noarch
  printf '#!/bin/sh\necho "%s %s in %s"\n' "$1" "$2" $placeholder >"package/bin/$1"
  chmod 755 "package/bin/$1"
  (cd package && find . -type f ! -path './info/*' | cut -c3- | sort) >files
  mv files package/info/files
  echo "$placeholder text bin/$1" >package/info/has_prefix
  printf '{"name": "%s", "version": "%s", "build": "0", "build_number": 0, "depends": [],
    "subdir": "noarch", "noarch": "generic"}\n' "$1" "$2" >package/info/index.json
  tar -C package --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cjf \
    "channel/noarch/$1-$2-0.tar.bz2" info $(cd package && ls | grep -v '^info$')
  rm -rf package
}

# make_lock <file> <package>...: an explicit lock of packages in the channel, each named as its file.
make_lock() {
  local package path
  echo "@EXPLICIT" >"$1"
  for package in "${@:2}"; do
    path=$(echo channel/*/"$package")
    echo "file://$work/$path#sha256:$(sha256sum "$path" | cut -c1-64)"
  done >>"$1"
}
