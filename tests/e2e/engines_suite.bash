# Images in Docker's and podman's storage, and images that the build makes.
source "$here/services/registry.bash"
source "$here/services/containers_storage.bash"
source "$here/app_image.bash"

test_docker_and_podman_give_the_identity_of_the_registry() {
  need_docker
  need_podman
  start_registry
  push_app one tools/app:1
  local name first
  name=cntr-test-$$/app:1
  quietly docker pull "$registry/tools/app:1"
  quietly docker tag "$registry/tools/app:1" "$name"
  quietly skopeo copy --src-tls-verify=false "docker://$registry/tools/app:1" containers-storage:localhost/app:1
  app_project "REFERENCE $registry/tools/app:1"
  build_and_expect probe
  first=$(identity_of app)
  for source in "docker-daemon:$name" containers-storage:localhost/app:1; do
    rm -rf build cache/v1/images
    app_project "REFERENCE $source"
    build_and_expect "" probe
    expect_equal "identity of $source" "$first" "$(identity_of app)"
    rm build/seen.txt
    rm -rf cache
    build_and_expect probe
    expect_seen one
  done
  quietly docker rmi "$name" "$registry/tools/app:1"
}

test_a_new_image_in_docker_reruns_its_steps() {
  need_docker
  need skopeo skopeo --version
  local name=cntr-test-$$/app:2
  make_app one
  quietly skopeo copy --dest-daemon-host "$DOCKER_HOST" oci:layout:app "docker-daemon:$name"
  app_project "REFERENCE docker-daemon:$name"
  build_and_expect probe
  build_and_expect ""
  make_app two
  quietly skopeo copy --dest-daemon-host "$DOCKER_HOST" oci:layout:app "docker-daemon:$name"
  build_and_expect probe
  expect_seen two
  quietly docker rmi "$name"
  expect_code 1 cmake --build build
  expect_output "Image app: Cannot read docker-daemon:$name: "
  expect_output '`docker pull` or `docker build` brings it.'
}

# Where the engine is named by one of docker's contexts.
test_an_image_in_the_docker_of_a_context() {
  need_docker
  need skopeo skopeo --version
  local name=cntr-test-$$/app:3
  make_app one
  export DOCKER_CONFIG=$work/docker
  quietly docker context create tested --docker "host=${DOCKER_HOST:-unix:///var/run/docker.sock}"
  unset DOCKER_HOST
  quietly docker context use tested
  quietly skopeo copy oci:layout:app "docker-archive:app.tar:$name"
  quietly docker load --input app.tar
  app_project "REFERENCE docker-daemon:$name"
  build_and_expect probe
  expect_seen one
  quietly docker rmi "$name"
}

test_a_new_image_in_podman_reruns_its_steps() {
  need_podman
  need skopeo skopeo --version
  make_app one
  quietly skopeo copy oci:layout:app containers-storage:localhost/app:1
  app_project "REFERENCE containers-storage:localhost/app:1"
  build_and_expect probe
  build_and_expect ""
  make_app two
  quietly skopeo copy oci:layout:app containers-storage:localhost/app:1
  build_and_expect probe
  expect_seen two
  rm -rf build
  app_project "REFERENCE containers-storage:localhost/none:1"
  expect_code 1 cmake --build build
  expect_output "Image app: Cannot read containers-storage:localhost/none:1: "
}

# --- Containerfiles -----------------------------------------------------------------------------------

# built_project [<words of cntr_add_image>]: a project with a Containerfile on top of tools/app:1 that
# copies its context to /context.
built_project() {
  begin_project <<CMAKE
cntr_add_image(app CONTAINERFILE Containerfile CONTEXT context $*)
cntr_add_step(probe IMAGE app STDOUT seen.txt COMMAND sh -c "cat /text && cd /context && find . -type f | sort && cat a")
CMAKE
  mkdir -p project/context/sub
  echo one >project/context/a
  echo two >project/context/sub/b
  echo log >project/context/x.log
  printf '%s\n' '# not of the image' '*.log' '**/junk' '!sub/junk' >project/context/.dockerignore
  echo junk >project/context/junk
  echo kept >project/context/sub/junk
  printf 'ARG BASE\nFROM %s/tools/app:${BASE:-1}\nCOPY . /context/\n' "$registry" >project/Containerfile
  configure
}

builds() { # how often the builder was started, by the log of a program that stands before it
  cat builds 2>/dev/null | wc -l
}

# count_builds <builder>: `<builder> build` writes a line to builds.
count_builds() {
  mkdir -p bin
  printf '#!/bin/sh\n[ "$1" != build ] || echo "$@" >>%s/builds\nexec %s "$@"\n' "$work" "$(command -v "$1")" >bin/"$1"
  chmod +x bin/"$1"
  PATH=$work/bin:$PATH
}

check_built_images() { # <builder>
  need_bubblewrap
  start_registry
  push_app base tools/app:1
  count_builds "$1"
  built_project BUILDER "$1"
  build_and_expect probe
  expect_seen base ./a ./sub/b ./sub/junk one
  expect_equal builds 1 "$(builds)"
  expect_equal locked "\"docker://$registry/tools/app:1\"" "$(sed -n 's/^  - reference: //p' project/cntr.lock)"
  # Nothing again, in another tree neither, and nothing for what is ignored.
  build_and_expect ""
  echo more >>project/context/x.log
  echo more >>project/context/junk
  build_and_expect ""
  rm -rf build
  configure
  build_and_expect "" probe
  # A moved tag of the base changes nothing.
  push_app moved tools/app:1
  build_and_expect ""
  expect_equal builds 1 "$(builds)"
  # What counts.
  echo three >project/context/a
  build_and_expect probe
  expect_seen base ./a ./sub/b ./sub/junk three
  expect_equal builds 2 "$(builds)"
  rm project/context/x.log
  chmod +x project/context/a
  build
  expect_equal builds 3 "$(builds)"
  quietly cntr lock -C build --update
  build_and_expect probe
  expect_seen moved ./a ./sub/b ./sub/junk three
  expect_equal builds 4 "$(builds)"
  # Back again: what was built then is there.
  chmod -x project/context/a
  echo one >project/context/a
  build
  expect_equal builds 5 "$(builds)"
}

test_podman_builds() {
  need_podman
  check_built_images podman
}

test_buildah_builds() {
  use_containers_storage
  need buildah buildah --version
  check_built_images buildah
}

test_docker_builds() {
  need_docker
  check_built_images docker
}

test_what_was_built_stays_until_it_is_asked_for() {
  need_podman
  start_registry
  push_app base tools/app:1
  need_bubblewrap
  begin_project <<CMAKE
cntr_add_image(app CONTAINERFILE context/Containerfile)
cntr_add_step(probe IMAGE app STDOUT seen.txt COMMAND cat /made)
CMAKE
  mkdir -p project/context
  # What a package index is to a real image: another answer each time.
  printf 'FROM %s/tools/app:1\nRUN cat /proc/sys/kernel/random/uuid >/made\n' "$registry" >project/context/Containerfile
  configure
  build
  local first
  first=$(cat build/seen.txt)
  rm -rf build
  configure
  build_and_expect "" probe
  expect_seen "$first"
  (cd build && quietly cntr image build app)
  build_and_expect probe
  [ "$(cat build/seen.txt)" != "$first" ] || fail "the image was not built again"
  # Layers that are gone come again only as what they were.
  rm cache/v1/images/pulled/images/*
  rm -rf cache/v1/images/[0-9a-f]*[0-9a-f]
  quietly podman rmi --all --force
  printf 'cntr_add_step(new IMAGE app STDOUT new.txt COMMAND cat /made)\n' >>project/CMakeLists.txt
  configure
  expect_code 1 cmake --build build
  expect_output "Image app: its layers are no longer in the cache, and building it again gave another image"
  expect_output '`cntr image build app` in the build directory takes the new one.'
  (cd build && quietly cntr image build app)
  build_and_expect "new probe"
}

test_build_arguments_and_targets() {
  need_podman
  export CNTR_CACHE_DIR="$work/cache, \"mine\""  # a comma is something else to podman
  start_registry
  push_app base tools/app:1
  push_app other tools/app:2
  built_project TARGET first BUILD_ARGS BASE=2 "[[WORDS=two words]]" PLATFORM "linux/$(skopeo inspect \
    --raw --config --tls-verify=false "docker://$registry/tools/app:1" | sed 's/.*"architecture":"\([^"]*\)".*/\1/')"
  cat >project/Containerfile <<FILE
ARG BASE=1
FROM $registry/tools/app:\$BASE AS first
ARG WORDS
ENV WORDS=\$WORDS
COPY --from=$registry/tools/app:1 /text /of-one
COPY . /context/
FROM first
RUN false
FILE
  printf 'cntr_add_step(words IMAGE app STDOUT words.txt COMMAND sh -c [[echo $WORDS; cat /of-one]])\n' >>project/CMakeLists.txt
  configure
  build
  expect_file build/words.txt $'two words\nbase'
  expect_equal "first line" other "$(head -n 1 build/seen.txt)"
  expect_equal "locked bases" 2 "$(grep -c reference: project/cntr.lock)"
}

# Neither by Cntr nor by the builder.
test_a_build_offline_asks_no_registry() {
  need_podman
  need_bubblewrap
  start_registry
  push_app base tools/app:1
  local base=$faulty/tools/app
  registry=$faulty built_project BUILDER podman
  quietly cntr lock -C build
  export CNTR_OFFLINE=1
  : >registry/requests
  expect_code 2 cntr image prepare build/cntr/images/app.yaml
  expect_output "Image app: its base $base@sha256:"
  expect_output "is not in podman, and may not be pulled: CNTR_OFFLINE is set"
  expect_output '`cntr image pull app` in the build directory brings it.'
  expect_equal requests "" "$(cat registry/requests)"
  CNTR_OFFLINE=0 build
  echo three >project/context/a
  : >registry/requests
  build_and_expect probe
  expect_seen base ./a ./sub/b ./sub/junk three
  expect_equal requests "" "$(cat registry/requests)"
}

test_builds_that_fail() {
  need_podman
  start_registry
  push_app base tools/app:1
  built_project BUILDER podman
  printf 'FROM %s/tools/app:1\nCOPY nothing /\n' "$registry" >project/Containerfile
  expect_code 2 cntr image prepare build/cntr/images/app.yaml
  expect_output "Image app: $work/project/Containerfile cannot be built (exit code"
  expect_output nothing
  printf 'FROM docker-daemon:tools/app:1\n' >project/Containerfile
  expect_code 2 cntr image prepare build/cntr/images/app.yaml
  expect_output "Image app: its base docker-daemon:tools/app:1 of $work/project/Containerfile is not in a registry"
  printf 'FROM %s/tools/none:1\n' "$registry" >project/Containerfile
  expect_code 2 cntr image prepare build/cntr/images/app.yaml
  expect_output "Image app: Cannot read docker://$registry/tools/none:1"
  printf 'FROM %s/tools/app:1\n' "$registry" >project/Containerfile
  printf '[a-\n' >project/context/.dockerignore
  expect_code 2 cntr image prepare build/cntr/images/app.yaml
  expect_output "$work/project/context/.dockerignore:1: Bad pattern \"[a-\""
  rm project/context/.dockerignore
  begin_project <<<'cntr_add_image(app CONTAINERFILE Containerfile)'
  build_dir=$work/project/build
  configure
  expect_code 2 cntr image prepare project/build/cntr/images/app.yaml
  expect_output "Image app: the context $work/project holds the build tree"
  expect_equal scratch "" "$(ls cache/v1/tmp)"
}

test_without_a_builder() {
  need_bubblewrap
  begin_project <<<'cntr_add_image(app CONTAINERFILE Containerfile CONTEXT empty BUILDER buildah)
cntr_add_image(sif DEFINITION tools.def)'
  mkdir project/empty bin
  echo 'FROM scratch' >project/Containerfile
  printf 'Bootstrap: docker\nFrom: debian:12\n' >project/tools.def
  configure
  ln -s "$(command -v cntr)" bin/cntr
  expect_code 3 env PATH="$work/bin" cntr image prepare build/cntr/images/app.yaml
  expect_output "Image app: Cannot build $work/project/Containerfile: there is no buildah on PATH"
  expect_code 3 env PATH="$work/bin" cntr image prepare build/cntr/images/sif.yaml
  expect_output "Image sif: there is neither apptainer nor singularity on PATH to build it"
}
