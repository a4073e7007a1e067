# start_registry: a docker-registry on 127.0.0.1 with its data in $PWD/registry, and one before it that
# fails as the images' names ask (faulty_registry.py). Sets $registry and $faulty to host:port. Both end
# with the shell that has started them.
start_registry() {
  need registry docker-registry --version
  need skopeo skopeo --version
  need python3 python3 --version
  local services line
  services=$(dirname "${BASH_SOURCE[0]}")
  mkdir -p registry
  echo '{}' >registry/auth.json
  export REGISTRY_AUTH_FILE=$PWD/registry/auth.json
  cat >registry/config.yml <<YAML
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: $PWD/registry/data}, delete: {enabled: true}}
http: {addr: "127.0.0.1:0"}
YAML
  # REGISTRY_* are settings of docker-registry as well.
  setpriv --pdeathsig TERM env -u REGISTRY_AUTH_FILE docker-registry serve registry/config.yml >registry/log 2>&1 &
  registry_process=$!
  trap stop_registry EXIT
  wait_until grep -q 'listening on 127' registry/log
  registry=$(sed -n 's/.*listening on \(127[0-9.:]*\).*/\1/p' registry/log | head -n 1)
  setpriv --pdeathsig TERM python3 "$services/faulty_registry.py" registry/faulty-port "${registry#*:}" \
    registry/requests 2>registry/faulty-log &
  faulty_process=$!
  wait_until test -s registry/faulty-port
  faulty=127.0.0.1:$(cat registry/faulty-port)
}

stop_registry() {
  kill "$registry_process" ${faulty_process:-} 2>/dev/null || true
  wait "$registry_process" ${faulty_process:-} 2>/dev/null || true
}

# push_image <layout:tag> <host/name:tag> [<skopeo option>...]
push_image() {
  quietly skopeo copy --dest-tls-verify=false "${@:3}" "oci:$1" "docker://$2"
}
