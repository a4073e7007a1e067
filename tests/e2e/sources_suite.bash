# Images from registries, engines, archives and files; cntr.lock.
source "$here/services/registry.bash"
source "$here/app_image.bash"

test_an_image_of_a_registry() {
  start_registry
  push_app one tools/app:1
  app_project "REFERENCE docker://$registry/tools/app:1"
  build_and_expect probe
  expect_seen one
  expect_equal identity "$(skopeo inspect --tls-verify=false --raw "docker://$registry/tools/app:1" |
    sed 's/.*"config":{[^}]*"digest":"\([^"]*\)".*/\1/')" "$(identity_of app)"
  build_and_expect ""
}

# The same content by every way has one identity, and a hit made with one serves the others.
test_one_identity_whatever_the_source() {
  start_registry
  push_app one tools/app:oci
  push_image layout:app "$registry/tools/app:docker" --format v2s2
  quietly skopeo copy --src-tls-verify=false "docker://$registry/tools/app:docker" docker-archive:docker.tar:tools/app:1
  quietly skopeo copy oci:layout:app oci-archive:oci.tar:app
  local source first
  app_project "OCI_LAYOUT $work/layout:app"
  build_and_expect probe
  first=$(identity_of app)
  for source in "REFERENCE $registry/tools/app:oci" "REFERENCE $registry/tools/app:docker" \
    "ARCHIVE $work/docker.tar" "ARCHIVE $work/oci.tar"; do
    rm -rf build
    app_project "$source"
    build_and_expect "" probe
    expect_equal "identity of $source" "$first" "$(identity_of app)"
    expect_seen one
  done
}

test_archives_are_run() {
  start_registry
  push_app one tools/app:1
  quietly skopeo copy oci:layout:app "docker-archive:docker.tar:tools/app:1"
  quietly skopeo copy oci:layout:app "oci-archive:oci.tar:app"
  mv oci.tar "with: colon.tar"
  gzip --keep docker.tar "with: colon.tar"
  local archive
  for archive in "$work/docker.tar" "$work/docker.tar.gz" "$work/with: colon.tar" "$work/with: colon.tar.gz"; do
    rm -rf build cache
    app_project "ARCHIVE [[$archive]]"
    build_and_expect probe
    expect_seen one
  done
  # A colon in a path is something else to skopeo.
  rm -rf build
  app_project "ARCHIVE $work/docker.tar.gz"
  CNTR_CACHE_DIR="$work/cache: mine" build_and_expect probe
  make_app two
  quietly skopeo copy oci:layout:app "docker-archive:new.tar:tools/app:1"
  cat new.tar >docker.tar
  app_project "ARCHIVE $work/docker.tar"
  build_and_expect probe
  expect_seen two
  echo garbage >docker.tar
  expect_code 1 cmake --build build
  expect_output "Image app: $work/docker.tar"
  head -c 2000 new.tar >docker.tar
  expect_code 1 cmake --build build
  expect_output "Image app: $work/docker.tar"
  gzip <new.tar | head -c -9 >docker.tar
  expect_code 1 cmake --build build
  expect_output "Image app: $work/docker.tar: "
  expect_equal scratch "" "$(ls cache/v1/tmp)"
}

test_a_moved_tag_changes_nothing_until_the_lock_does() {
  start_registry
  push_app one tools/app:1
  local first
  need_bubblewrap
  begin_project <<CMAKE
cntr_add_image(app REFERENCE $registry/tools/app:1)
cntr_add_step(probe IMAGE app STDOUT seen.txt)
cntr_add_step(other IMAGE box STDOUT other.txt COMMAND echo other)
CMAKE
  configure
  build_and_expect "other probe"
  first=$(cat project/cntr.lock)
  expect_equal reference "\"docker://$registry/tools/app:1\"" "$(sed -n 's/^  - reference: //p' project/cntr.lock)"
  expect_equal config "$(identity_of app)" "$(locked config)"
  push_app two tools/app:1
  build_and_expect ""
  quietly cntr lock -C build
  expect_output "kept   docker://$registry/tools/app:1"
  expect_equal lock "$first" "$(cat project/cntr.lock)"
  quietly cntr lock -C build --update app
  expect_output "moved  docker://$registry/tools/app:1"
  build_and_expect probe
  expect_seen two
  printf '%s\n' "$first" >project/cntr.lock
  build_and_expect "" probe
  expect_seen one
}

test_a_locked_reference_needs_no_registry() {
  start_registry
  push_app one tools/app:1
  app_project "REFERENCE $registry/tools/app:1"
  build
  stop_registry
  rm -rf build
  configure
  build_and_expect "" probe
  expect_seen one
  # The layers are in the cache as well.
  printf 'cntr_add_step(new IMAGE app COMMAND cat /text STDOUT new.txt)\n' >>project/CMakeLists.txt
  configure
  build_and_expect new
}

# A result from elsewhere needs the config of the image, and none of its layers.
test_hits_need_no_layers() {
  start_registry
  push_app one tools/app:1
  app_project "REFERENCE $faulty/tools/app:1"
  build
  rm -rf build cache/v1/images
  : >registry/requests
  configure
  build_and_expect "" probe
  expect_seen one
  expect_equal "requests for layers" 0 \
    "$(grep -c "$(skopeo inspect --tls-verify=false --raw "docker://$registry/tools/app:1" |
      sed 's/.*"layers":\[{[^}]*"digest":"\([^"]*\)".*/\1/')" registry/requests || true)"
}

test_unlocked_references_and_cntr_locked() {
  start_registry
  push_app one tools/app:1
  app_project "REFERENCE $registry/tools/app:1"
  configure -DCNTR_LOCKED=ON
  expect_code 1 cmake --build build
  expect_output "Image app: docker://$registry/tools/app:1 is not in $work/project/cntr.lock for linux/"
  expect_output "and CNTR_LOCKED is on"
  expect_output '`cntr lock` in the build directory adds it.'
  test ! -e project/cntr.lock
  quietly cmake --build build --target cntr-lock
  build
  expect_seen one
  configure -DCNTR_LOCKED=OFF
  rm project/cntr.lock
  export CNTR_LOCKED=1
  expect_code 1 cmake --build build
  expect_output "and CNTR_LOCKED is on"
  unset CNTR_LOCKED
  build
  test -s project/cntr.lock
}

test_a_digest_is_a_lock() {
  start_registry
  push_app one tools/app:1
  local digest
  digest=$(skopeo inspect --tls-verify=false --raw "docker://$registry/tools/app:1" | sha256sum | cut -d ' ' -f 1)
  app_project "REFERENCE $registry/tools/app@sha256:$digest"
  configure -DCNTR_LOCKED=ON
  build
  expect_seen one
  test ! -e project/cntr.lock
}

test_nonsense_in_the_lock() {
  start_registry
  push_app one tools/app:1
  app_project "REFERENCE $registry/tools/app:1"
  build
  local line
  line=$(grep -n '^    config' project/cntr.lock | cut -d : -f 1)
  sed -i 's/config: sha256:.*/config: sha256:nonsense/' project/cntr.lock
  expect_code 2 cntr image prepare build/cntr/images/app.yaml
  expect_message "cntr: error: $work/project/cntr.lock:$line:13: Bad digest \"sha256:nonsense\"" \
    "      config: sha256:nonsense" "              ^" "  Expected sha256: and 64 hexadecimal digits."
  # A digest that is one, and not that of the image.
  sed -i "s/config: sha256:.*/config: sha256:$(sha256sum </dev/null | cut -d ' ' -f 1)/" project/cntr.lock
  expect_code 2 cntr image prepare build/cntr/images/app.yaml
  expect_output "has another config than is written here"
  # The same when the config is that of the image, which is in the cache, and the manifest is not.
  rm -rf build project/cntr.lock
  configure
  build
  rm -rf cache/v1/images/pulled/images/* cache/v1/images/*/complete build
  push_app two tools/app:2
  sed -i "s/manifest: .*/manifest: sha256:$(skopeo inspect --raw --tls-verify=false \
    "docker://$registry/tools/app:2" | sha256sum | cut -d ' ' -f 1)/" project/cntr.lock
  printf 'cntr_add_step(new IMAGE app STDOUT new.txt)\n' >>project/CMakeLists.txt
  configure
  expect_code 1 cmake --build build
  expect_output "is another image than the lock says"
  expect_code 1 cmake --build build
  expect_output "error: $work/project/cntr.lock:6:16: The manifest sha256:"
  expect_output "has another config than is written here"
}

test_pull_never_and_offline() {
  start_registry
  push_app one tools/app:1
  app_project "REFERENCE $registry/tools/app:1 PULL never"
  expect_code 1 cmake --build build
  expect_output "Image app: docker://$registry/tools/app:1 is not in the cache, and may not be pulled: PULL is never"
  expect_output '`cntr image pull app` in the build directory brings it.'
  (cd build && quietly cntr image pull app)
  build
  expect_seen one
  rm -rf build cache
  app_project "REFERENCE $registry/tools/app:1"
  export CNTR_OFFLINE=1
  expect_code 1 cmake --build build
  expect_output "may not be pulled: CNTR_OFFLINE is set"
  unset CNTR_OFFLINE
  build
}

test_pull_always_asks_each_time() {
  start_registry
  push_app one tools/app:1
  app_project "REFERENCE $registry/tools/app:1 PULL always"
  build
  expect_seen one
  test ! -e project/cntr.lock
  push_app two tools/app:1
  build_and_expect probe
  expect_seen two
  configure -DCNTR_LOCKED=ON
  expect_code 1 cmake --build build
  expect_output "is not locked with PULL always, and CNTR_LOCKED is on"
  configure -DCNTR_LOCKED=OFF
  CNTR_OFFLINE=1 expect_code 1 cmake --build build
  expect_output "docker://$registry/tools/app:1 is asked for in every build with PULL always, and CNTR_OFFLINE is set"
  # The bases of a Containerfile are not locked either.
  printf 'FROM %s/tools/app:1\n' "$registry" >project/Containerfile
  begin_project <<<'cntr_add_image(built CONTAINERFILE Containerfile CONTEXT root PULL always)'
  configure
  quietly cntr lock -C build
  expect_message ""
}

test_a_manifest_list_and_platforms() {
  start_registry
  local other=arm64 machine index
  [ "$(uname -m)" != aarch64 ] || other=amd64
  push_app mine tools/app:mine
  make_app theirs
  quietly umoci config --image layout:app --architecture $other
  push_image layout:app "$registry/tools/app:theirs"
  machine=$(skopeo inspect --raw --config --tls-verify=false "docker://$registry/tools/app:mine" |
    sed 's/.*"architecture":"\([^"]*\)".*/\1/')
  describe() { # <tag> <architecture>
    skopeo inspect --raw --tls-verify=false "docker://$registry/tools/app:$1" >manifest
    printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"platform":{"os":"linux","architecture":"%s"}}' \
      "$(sha256sum <manifest | cut -d ' ' -f 1)" "$(wc -c <manifest)" "$2"
  }
  index="{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[$(describe theirs $other),$(describe mine "$machine")]}"
  python3 - "$registry" "$index" <<'PY'
import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(
    f"http://{sys.argv[1]}/v2/tools/app/manifests/all", data=sys.argv[2].encode(), method="PUT",
    headers={"Content-Type": "application/vnd.oci.image.index.v1+json"}))
PY
  app_project "REFERENCE $registry/tools/app:all"
  build
  expect_seen mine
  begin_project <<CMAKE
cntr_add_image(app REFERENCE $registry/tools/app:all)
cntr_add_image(theirs REFERENCE $registry/tools/app:all PLATFORM linux/$other)
cntr_add_image(none REFERENCE $registry/tools/app:all PLATFORM linux/s390x)
CMAKE
  configure
  quietly cmake --build build --target theirs
  expect_equal platforms "linux/amd64 linux/arm64" "$(locked platform | sort | tr '\n' ' ' | sed 's/ $//')"
  expect_code 1 cmake --build build --target none
  expect_output "has no image for linux/s390x"
  expect_output "It is for linux/amd64, linux/arm64."
}

# --- registries that fail -----------------------------------------------------------------------------

expect_no_image_in_cache() {
  expect_equal "pulled images" "" "$(ls cache/v1/images/pulled/images 2>/dev/null || true)"
  expect_equal "unpacked images" "" "$(ls cache/v1/images | grep -vE '\.lock$|^pulled$' || true)"
  expect_equal scratch "" "$(ls cache/v1/tmp)"
}

# failing_pull <fault> <exit code> <message>
failing_pull() {
  app_project "REFERENCE $faulty/$1/tools/app:1"
  expect_code "$2" cntr run build/cntr/steps/probe.yaml
  expect_output "Image app: Cannot read docker://$faulty/$1/tools/app"
  expect_output "$3"
  expect_equal "lines with errors" 1 "$(grep -c error: last.log)"
  expect_no_image_in_cache
}

test_registries_that_refuse() {
  start_registry
  push_app one tools/app:1
  failing_pull 401 2 unauthorized
  expect_output '`skopeo login <registry>`'
  failing_pull 403 2 denied
  failing_pull 404 2 "name unknown"
  test ! -e project/cntr.lock
}

test_registries_that_are_broken() {
  start_registry
  push_app one tools/app:1
  failing_pull 500 3 "500 Internal Server Error"
  expect_output "Tried 3 times."
  app_project "REFERENCE $faulty/garbage/tools/app:1"
  expect_code 2 cntr run build/cntr/steps/probe.yaml
  expect_output "is not valid JSON"
  expect_no_image_in_cache
  failing_pull corrupt 3 "does not match expected"
  failing_pull cut 3 "unexpected EOF"
  test ! -e project/cntr.lock
}

test_what_may_pass_is_tried_again() {
  start_registry
  push_app one tools/app:1
  local fault
  for fault in once-429 once-500; do
    rm -rf build cache
    app_project "REFERENCE $faulty/$fault/tools/app:1"
    build
    expect_seen one
  done
}

# The config is in the cache; the layers break.
test_a_layer_that_is_corrupt() {
  start_registry
  push_app one tools/app:1
  local fault
  for fault in corrupt cut; do
    rm -rf build project/cntr.lock
    app_project "REFERENCE $registry/tools/app:1"
    quietly cntr image prepare build/cntr/images/app.yaml
    sed -i "s|$registry/tools|$faulty/$fault/tools|" project/cntr.lock
    app_project "REFERENCE $faulty/$fault/tools/app:1"
    expect_code 3 cntr run build/cntr/steps/probe.yaml
    expect_output "Cannot read docker://$faulty/$fault/tools/app@sha256:"
    expect_no_image_in_cache
  done
}

test_parallel_builds_pull_once() {
  start_registry
  push_app one tools/app:1
  need_bubblewrap
  begin_project <<CMAKE
cntr_add_image(app REFERENCE $faulty/slow/tools/app:1)
foreach(number RANGE 1 4)
  cntr_add_step(probe\${number} IMAGE app STDOUT seen\${number}.txt COMMAND echo \${number})
endforeach()
CMAKE
  local tree layer processes=()
  for tree in a b c; do
    build_dir=$work/$tree
    configure
  done
  for tree in a b c; do
    cmake --build $tree >$tree.log 2>&1 &
    processes+=($!)
  done
  wait "${processes[@]}"
  layer=$(skopeo inspect --raw --tls-verify=false "docker://$registry/tools/app:1" |
    sed 's/.*"layers":\[{[^}]*"digest":"\([^"]*\)".*/\1/')
  expect_equal "downloads of the layer" 1 "$(grep -c "GET .*$layer" registry/requests)"
  expect_equal "entries of the lock" 1 "$(grep -c 'reference:' project/cntr.lock)"
  expect_equal "packed images" 1 "$(find cache/v1/images -name image.sqfs -o -name rootfs | wc -l)"
}

# push_two_on_one_base [<skopeo option>...]: tools/first:1 and tools/second:1, of the layer $base and one more each.
push_two_on_one_base() {
  make_app one
  local name rootless=()
  [ "$(id -u)" = 0 ] || rootless=(--rootless)
  for name in first second; do
    quietly umoci tag --image layout:app "$name"
    quietly umoci unpack "${rootless[@]}" --image "layout:$name" bundle
    echo "$name" >bundle/rootfs/text
    quietly umoci repack --image "layout:$name" bundle
    rm -rf bundle
    push_image "layout:$name" "$registry/tools/$name:1" "$@"
  done
  base=$(skopeo inspect --raw --tls-verify=false "docker://$registry/tools/first:1" |
    sed 's/.*"layers":\[{[^}]*"digest":"\([^"]*\)".*/\1/')
}

# The steps first and second, each in the image of that name below $faulty/<path>.
project_on_one_base() { # <path>
  need_bubblewrap
  begin_project <<CMAKE
foreach(name first second)
  cntr_add_image(\${name}_image REFERENCE $faulty/$1/\${name}:1)
  cntr_add_step(\${name} IMAGE \${name}_image STDOUT \${name}.txt COMMAND cat /text)
endforeach()
CMAKE
  configure
}

expect_one_download_of_the_base() {
  expect_equal first.txt first "$(cat build/first.txt)"
  expect_equal second.txt second "$(cat build/second.txt)"
  expect_equal "downloads of the base" 1 "$(grep -c "GET .*$base" registry/requests)"
}

test_a_layer_that_images_share_is_fetched_once() {
  start_registry
  local format
  for format in oci v2s2; do
    push_two_on_one_base --format $format
    rm -rf build cache project/cntr.lock
    : >registry/requests
    project_on_one_base tools
    quietly cmake --build build --target first
    quietly cmake --build build --target second
    expect_one_download_of_the_base
    # One that is damaged in the cache is no help.
    chmod u+w "cache/v1/images/pulled/blobs/sha256/${base#sha256:}"
    printf x | dd of="cache/v1/images/pulled/blobs/sha256/${base#sha256:}" conv=notrunc status=none
    rm -rf cache/v1/images/*/complete "cache/v1/images/pulled/images/$(identity_of second_image | cut -d: -f2)" build
    configure
    echo >>project/CMakeLists.txt 'cntr_add_step(third IMAGE second_image STDOUT third.txt COMMAND cat /text)'
    build
    expect_equal third.txt second "$(cat build/third.txt)"
    expect_equal "downloads of the base" 2 "$(grep -c "GET .*$base" registry/requests)"
  done
}

test_parallel_pulls_fetch_a_shared_layer_once() {
  start_registry
  push_two_on_one_base
  project_on_one_base slow/tools
  quietly cmake --build build --parallel 2
  expect_one_download_of_the_base
}

test_a_pull_that_is_killed_leaves_nothing() {
  start_registry
  push_app one tools/app:1
  app_project "REFERENCE $faulty/slow/tools/app:1"
  quietly cntr image prepare build/cntr/images/app.yaml
  : >registry/requests
  cntr run build/cntr/steps/probe.yaml >killed.log 2>&1 &
  local process=$!
  wait_until grep -q 'GET .*/blobs/' registry/requests
  kill -KILL $process
  wait $process 2>/dev/null || true
  expect_equal "pulled images" "" "$(ls cache/v1/images/pulled/images)"
  sleep 1.2
  build
  expect_seen one
  expect_equal scratch "" "$(ls cache/v1/tmp)"
}

test_ordinary_user_has_an_image_of_a_registry() { as_ordinary_user test_an_image_of_a_registry; }
