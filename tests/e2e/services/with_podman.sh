#!/usr/bin/env bash
# with_podman.sh <directory> <command>...
#
# Runs the command with CONTAINERS_CONF set to a file in <directory> that lets podman work on machines
# with both versions of cgroups and without the right to raise limits, and, for root, with subordinate
# ids for the user nobody, whom tests as an ordinary user become: in a mount namespace of its own, so
# that the machine's /etc stays as it is. Without podman, or when CONTAINERS_CONF is set already, the
# command just runs.
set -euo pipefail

data=$1
shift
if [ -n "${CONTAINERS_CONF:-}" ] || ! command -v podman >/dev/null; then exec "$@"; fi

mkdir -p "$data"
data=$(realpath "$data")
{
  echo '[containers]'
  # podman asks for more otherwise than a process without CAP_SYS_RESOURCE can have.
  echo 'default_ulimits = ["nofile=1024:4096", "nproc=1024:1024"]'
  if [ -e /sys/fs/cgroup/unified ]; then
    echo '[engine]'
    echo 'cgroup_manager = "cgroupfs"'
    echo 'runtime = "runc"'  # crun refuses such cgroups
  fi
} >"$data/containers.conf"
chmod 644 "$data/containers.conf"
export CONTAINERS_CONF=$data/containers.conf

[ "$(id -u)" = 0 ] || exec "$@"
for kind in subuid subgid; do
  { cat "/etc/$kind" 2>/dev/null || true; echo 'nobody:1000000:65536'; } >"$data/$kind"
  chmod 644 "$data/$kind"
  touch "/etc/$kind"
done
exec unshare --mount bash -c 'mount --bind "$0/subuid" /etc/subuid &&
  mount --bind "$0/subgid" /etc/subgid && exec "$@"' "$data" "$@"
