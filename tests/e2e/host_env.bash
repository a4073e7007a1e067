# An environment of a directory with a lock.

source "$(dirname "${BASH_SOURCE[0]}")/conda_channel.bash"

# A directory tools/ with a lock of the package hello, and prefixes below base/.
begin_env() {
  need_mounts
  export CNTR_MOUNT_IDLE=0 CNTR_ENV_BASE=$work/base
  [ -d channel ] || make_package hello 1
  mkdir -p tools
  make_lock tools/conda-linux-64.lock hello-1-0.tar.bz2
  [ "$(uname -m)" = x86_64 ] || mv tools/conda-linux-64.lock tools/explicit.txt
  prefix=$(cntr env list -d tools --json | sed 's/.*"prefix":"\([^"]*\)".*/\1/')
}

is_mounted() { grep -qF " $prefix " /proc/self/mountinfo; }
not_mounted() { ! is_mounted; }
