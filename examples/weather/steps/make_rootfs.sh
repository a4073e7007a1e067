#!/bin/sh
# make_rootfs.sh <busybox> <archive>: packs a root file system that holds busybox and a link for each
# of its programs. The same busybox gives the same bytes.
set -eu
busybox=$1
archive=$2

if ldd "$busybox" >/dev/null 2>&1; then
  echo "make_rootfs.sh: $busybox needs shared libraries; install a static one (Debian: busybox-static)" >&2
  exit 1
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/etc"
cp "$busybox" "$root/bin/busybox"
chmod 755 "$root" "$root/bin" "$root/etc" "$root/bin/busybox"
for program in $("$root/bin/busybox" --list); do
  [ "$program" = busybox ] || ln -s busybox "$root/bin/$program"
done
tar --create --file="$archive" --directory="$root" --sort=name --mtime=@0 --owner=0 --group=0 \
  --numeric-owner .
