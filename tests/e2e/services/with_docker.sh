#!/usr/bin/env bash
# with_docker.sh <directory> <command>...
#
# Runs the command with DOCKER_HOST set to a Docker engine of its own, whose data are in <directory>.
# The engine ends with the command, also when this script is interrupted or killed. Without root or
# docker.io, or when DOCKER_HOST is set already, the command runs without an engine of its own.
set -uo pipefail

data=$1
shift
run=          # sockets and state: short, because a socket's path may have 107 characters
engine=0      # process ids; 0 for none
command=0

say() { printf 'with_docker: %s\n' "$*"; }

remove_tree() {  # the engine's mounts first
  local tree mount
  tree=$(realpath -m "$1")
  while read -r mount; do umount -l "$mount" 2>/dev/null; done \
    < <(awk -v tree="$tree/" 'index($2, tree) == 1 { print $2 }' /proc/self/mounts | sort -r)
  rm -rf --one-file-system "$tree"
}

alive() { [ "$1" -gt 0 ] && kill -0 "$1" 2>/dev/null; }

stop_process() {  # SIGTERM, and SIGKILL after 20 seconds
  local tries
  kill -TERM "$1" 2>/dev/null
  for ((tries = 0; tries < 200; ++tries)); do
    alive "$1" || return 0
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null
}

stop_engine() {
  local containerd
  containerd=$(cat "$run/exec/containerd/containerd.pid" 2>/dev/null || echo 0)
  alive "$engine" && stop_process "$engine"
  wait "$engine" 2>/dev/null
  alive "$containerd" && stop_process "$containerd"
  remove_tree "$run"
  remove_tree "$data"
  engine=0
}

start_engine() {
  local tries
  run=$(mktemp -d /tmp/cntr-docker.XXXXXX)
  chmod 711 "$run"  # the socket itself lets root and the group docker in
  remove_tree "$data"
  mkdir -p "$data"
  echo '{}' >"$run/daemon.json"  # instead of the machine's own configuration
  # A session of its own keeps the terminal's Ctrl-C away, and it ends when this script dies.
  setsid setpriv --pdeathsig TERM dockerd --host="unix://$run/docker.sock" \
    --data-root="$data" --exec-root="$run/exec" --pidfile="$run/docker.pid" \
    --iptables=false --ip6tables=false --bridge=none --exec-opt native.cgroupdriver=cgroupfs \
    --config-file="$run/daemon.json" </dev/null >"$run/log" 2>&1 &
  engine=$!
  for ((tries = 0; tries < 600; ++tries)); do
    if docker --host "unix://$run/docker.sock" version >/dev/null 2>&1; then return 0; fi
    alive "$engine" || break
    sleep 0.1
  done
  say "dockerd did not start; the end of its log:"
  tail -n 15 "$run/log"
  stop_engine
  return 1
}

# Signals are passed on; the script goes on to its end when the command has ended.
trap 'alive "$command" && kill -TERM "$command"' TERM HUP
trap ':' INT  # the terminal has sent it to the command as well
trap '[ "$engine" = 0 ] || stop_engine' EXIT

if [ -n "${DOCKER_HOST:-}" ]; then
  say "using the engine at $DOCKER_HOST"
elif [ "$(id -u)" != 0 ]; then
  say "no Docker engine: only root can start one"
elif ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
  say "no Docker engine: docker.io is not installed"
elif start_engine; then
  export DOCKER_HOST="unix://$run/docker.sock"
  say "engine $(docker version --format '{{.Server.Version}}') at $DOCKER_HOST"
fi

# In the background, so that signals are handled at once; SIGINT would be ignored there.
env --default-signal=INT,QUIT "$@" <&0 &
command=$!
wait "$command"
status=$?
while alive "$command"; do
  wait "$command"
  status=$?
done
exit "$status"
