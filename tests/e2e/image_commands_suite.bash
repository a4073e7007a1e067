# cntr image.
source "$here/services/registry.bash"
source "$here/app_image.bash"

commands_project() {
  start_registry
  push_app one tools/app:1
  app_project "REFERENCE $registry/tools/app:1 PULL missing"
}

test_images_are_listed() {
  commands_project
  cd build
  quietly cntr image list
  expect_output "app  not known     not here    1 step    reference docker://$registry/tools/app:1"
  test ! -e ../project/cntr.lock
  build_dir=. quietly cmake --build .
  quietly cntr image list
  expect_equal "line of app" "app  $(identity_of_here app | cut -c 8-19)" "$(grep '^app' "$work/last.log" | cut -c 1-17)"
  expect_output "box  "
  quietly cntr image inspect app
  expect_output "identity      $(identity_of_here app)"
  expect_output "env           TEXT=one"
  expect_output "cmd           cat /text"
  expect_output "steps         probe"
  quietly cntr image layers app
  expect_equal "digest of the layer" "$(skopeo inspect --raw --tls-verify=false "docker://$registry/tools/app:1" |
    sed 's/.*"layers":\[{[^}]*"digest":"\([^"]*\)".*/\1/')" "$(cut -d ' ' -f 1 "$work/last.log")"
  quietly cntr image list --json app
  python3 - "$work/last.log" <<'PY'
import json, sys
(image,) = json.load(open(sys.argv[1]))
assert image["name"] == "app" and image["kind"] == "reference" and image["here"], image
assert image["config"]["cmd"] == ["cat", "/text"] and image["steps"] == ["probe"], image
assert image["bytes"] == sum(layer["bytes"] for layer in image["layers"]) > 1000, image
PY
  expect_code 2 cntr image inspect nobody
  expect_message 'cntr: error: There is no image "nobody"' "  Images: app, box."
}

# Of a tag that is not locked the last build tells, and a base that nobody has asked for is no error.
test_images_without_an_entry_in_the_lock_are_listed() {
  start_registry
  push_app one tools/app:1
  app_project "REFERENCE $registry/tools/app:1 PULL always"
  echo 'cntr_add_image(built CONTAINERFILE Containerfile CONTEXT root)' >>project/CMakeLists.txt
  printf 'FROM %s/tools/app:2\n' "$registry" >project/Containerfile
  configure
  quietly cntr image list -C build
  expect_equal warnings 0 "$(grep -c warning last.log || true)"
  expect_output "app    not known     not here    1 step    reference docker://$registry/tools/app:1"
  expect_output "built  not known     not here    0 steps   containerfile $work/project/Containerfile"
  build
  quietly cntr image list -C build
  expect_output "app    $(identity_of app | cut -c 8-19)"
  quietly cntr explain -C build probe
  expect_output "probe is up to date"
}

test_an_image_that_cannot_be_looked_at_does_not_hide_the_others() {
  need skopeo skopeo --version
  need_bubblewrap
  begin_project <<'CMAKE'
cntr_add_image(app REFERENCE docker-daemon:tools/app:1)
CMAKE
  configure
  cd build
  export DOCKER_HOST=unix://$work/nobody.sock
  quietly cntr image list
  expect_output "cntr: warning: "
  expect_output "app  not known     not here    0 steps   reference docker-daemon:tools/app:1"
  expect_output "box  "
  expect_code 3 cntr image list app
  expect_output "Cannot read docker-daemon:tools/app:1: "
}

identity_of_here() { sed -n 's/^identity: //p' "cntr/images/$1.identity"; }

test_images_are_pushed_with_several_tags() {
  commands_project
  build
  local digest
  digest=$(skopeo inspect --raw --tls-verify=false "docker://$registry/tools/app:1" | sha256sum | cut -d ' ' -f 1)
  quietly cntr image push -C build app "$registry/copies/app:1" "docker://$registry/copies/app:latest"
  expect_message "docker://$registry/copies/app:1 sha256:$digest" "docker://$registry/copies/app:latest sha256:$digest"
  local tag
  for tag in 1 latest; do
    expect_equal "manifest of $tag" "$digest" "$(skopeo inspect --raw --tls-verify=false \
      "docker://$registry/copies/app:$tag" | sha256sum | cut -d ' ' -f 1)"
  done
  expect_code 2 cntr image push -C build app "$registry/copies/app@sha256:$digest"
  expect_output "is not a tag in a registry"
  expect_code 2 cntr image push -C build box "$registry/copies/box:1"
  expect_message "cntr: error: Image box has no layers that a registry could take"
  expect_code 2 cntr image push -C build app "$faulty/401/app:1"
  expect_output "Cannot push docker://$faulty/401/app:1: "
}

test_unused_images_are_removed() {
  commands_project
  build
  quietly cntr image gc
  expect_message "Removed 0 images, 0 B of layers."
  test -n "$(ls cache/v1/images/pulled/images)"
  sleep 0.1
  quietly cntr image gc --unused-for 1ms
  expect_output "Removed 2 images, "
  expect_equal "pulled images" "" "$(ls cache/v1/images/pulled/images cache/v1/images/pulled/blobs/sha256 | grep -v :)"
  expect_equal "trees" "" "$(ls cache/v1/images | grep -vE '\.lock$|^pulled$' || true)"
  # They come again.
  printf 'cntr_add_step(new IMAGE app STDOUT new.txt)\n' >>project/CMakeLists.txt
  configure
  build_and_expect new
  quietly cntr cache clear
  test ! -e cache/v1/images/pulled
}
