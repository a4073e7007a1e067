# An image `app` that prints a text, and a project with a step in it: what suites about images share.

# A layout with the image `app`, whose layer has busybox and /text with the given content.
make_app() { # <text>
  need umoci umoci --version
  local rootless=()
  [ "$(id -u)" = 0 ] || rootless=(--rootless)
  rm -rf layout bundle
  quietly umoci init --layout layout
  quietly umoci new --image layout:app
  quietly umoci unpack "${rootless[@]}" --image layout:app bundle
  [ -d busybox_root ] || make_busybox_root busybox_root
  cp -a busybox_root/. bundle/rootfs/
  echo "$1" >bundle/rootfs/text
  quietly umoci repack --image layout:app bundle
  quietly umoci config --image layout:app --config.env "TEXT=$1" --config.cmd cat --config.cmd /text
  rm -rf bundle
}

# A project with the image `app` of the given source, and the step `probe` that runs it.
app_project() { # <words of cntr_add_image>
  need_bubblewrap
  begin_project <<CMAKE
cntr_add_image(app $*)
cntr_add_step(probe IMAGE app STDOUT seen.txt)
CMAKE
  configure
}

# push_app <text> <name:tag>: pushes an image with that text.
push_app() {
  make_app "$1"
  push_image layout:app "$registry/$2"
}

identity_of() { sed -n 's/^identity: //p' "build/cntr/images/$1.identity"; }
locked() { sed -n "s/^    $1: //p" project/cntr.lock; }
