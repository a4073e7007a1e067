# use_containers_storage: images of podman, buildah and skopeo lie in $PWD/containers, and podman runs
# with what a machine without systemd has.
use_containers_storage() {
  mkdir -p containers
  cat >containers/containers.conf <<CONF
[containers]
default_ulimits=["nofile=1024:4096","nproc=1024:1024"]
[engine]
cgroup_manager="cgroupfs"
runtime="runc"
events_logger="file"
tmp_dir="$PWD/containers/tmp"
CONF
  cat >containers/storage.conf <<CONF
[storage]
driver="vfs"
graphroot="$PWD/containers/graph"
runroot="$PWD/containers/run"
CONF
  export CONTAINERS_CONF=$PWD/containers/containers.conf
  export CONTAINERS_STORAGE_CONF=$PWD/containers/storage.conf
}

need_podman() {
  use_containers_storage
  need podman podman info
}
