#!/usr/bin/env bash
# python_rootfs.sh <archive>: makes a tar archive of a small Debian with Python, unless it is there.
# The packages come from the mirror that this machine's apt is configured for.
set -euo pipefail

archive=$1
[ ! -s "$archive" ] || exit 0
command -v mmdebstrap >/dev/null || { echo "python_rootfs: mmdebstrap is not installed" >&2; exit 1; }

mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(LABEL)' 'Created-By: Packages' |
  awk '$2 == "bookworm" && $3 == "Debian" && !found { print $1; found = 1 }')
mode=root
[ "$(id -u)" = 0 ] || mode=unshare

mkdir -p "$(dirname "$archive")"
work=$(mktemp -d)
trap 'rm -rf "$work" "$archive.new"' EXIT
apt-config dump | grep -i '^Acquire::https\?::proxy' >"$work/apt.conf" || true
mmdebstrap --quiet --mode="$mode" --variant=minbase --include=python3-minimal \
  --aptopt="$work/apt.conf" --format=tar bookworm - "${mirror:-http://deb.debian.org/debian}" \
  >"$archive.new"
mv "$archive.new" "$archive"
