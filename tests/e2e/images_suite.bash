# Images of an OCI layout.

# layout:app, made by umoci: two layers, of which the second removes, replaces and hides.
make_layout() {
  need umoci umoci --version
  local rootless=()
  [ "$(id -u)" = 0 ] || rootless=(--rootless)
  quietly umoci init --layout layout
  quietly umoci new --image layout:app
  edit_layer() { # commands in the unpacked root
    quietly umoci unpack "${rootless[@]}" --image layout:app bundle
    (cd bundle/rootfs && eval "$1")
    quietly umoci repack --image layout:app bundle
    rm -rf bundle
  }
  make_busybox_root tree
  edit_layer "cp -a $work/tree/. . && mkdir -p app/sub app/opaque srv &&
    echo removed >app/removed && echo first >app/changed && echo sub >app/sub/file &&
    echo hidden >app/opaque/hidden && echo hard >app/hard && ln app/hard srv/linked &&
    mkdir -m 700 home && echo own >home/own && chmod 600 home/own && { chown -R 1234 home || true; } &&
    ln -s ../app/hard srv/soft && echo 'app:x:1234:1234::/app:/bin/sh' >>etc/passwd &&
    printf '#!/bin/sh\nprintf \"entry <%%s>\\\\n\" \"\$@\"\n' >app/entry && chmod 755 app/entry"
  edit_layer "rm app/removed && rm -r app/sub app/opaque && mkdir app/opaque &&
    echo shown >app/opaque/shown && echo second >app/changed"
}

layout_project() { # <umoci config options> -- <words of the step>
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  [ -d layout ] || make_layout
  [ ${#options[@]} = 0 ] || quietly umoci config --image layout:app "${options[@]}"
  need_bubblewrap
  begin_project <<CMAKE
cntr_add_image(app OCI_LAYOUT $work/layout:app)
cntr_add_step(probe IMAGE app STDOUT seen.txt $*)
CMAKE
  configure
  build
}

test_layers_of_a_layout_are_applied() {
  layout_project -- 'COMMAND sh -c [[
cd /app && find . | sort && cat changed /srv/linked /srv/soft
stat -c %h hard
test hard -ef /srv/linked && echo one file]]'
  expect_seen . ./changed ./entry ./hard ./opaque ./opaque/shown second hard hard 2 "one file"
}

test_the_config_of_a_layout_is_honoured() {
  layout_project --config.env GREETING=hello --config.env PATH=/bin --config.workingdir /app \
    --config.entrypoint /app/entry --config.cmd default --config.cmd "two words" --
  expect_seen "entry <default>" "entry <two words>"
  layout_project -- 'COMMAND "my own"'
  expect_seen "entry <my own>"
  layout_project --clear=config.entrypoint -- 'COMMAND sh -c "pwd; env" ENVIRONMENT EXTRA=1'
  expect_equal seen "/app EXTRA=1 GREETING=hello HOME=/tmp LANG=C.UTF-8 PATH=/bin PWD=/app TMPDIR=/tmp" \
    "$(sort build/seen.txt | grep -v SHLVL | tr '\n' ' ' | sed 's/ $//')"
}

test_the_user_of_a_layout_is_honoured() {
  layout_project --config.user app -- 'OUTPUTS made.txt COMMAND sh -c "id -u; id -g; cat /home/own; echo x >made.txt"'
  expect_seen 1234 1234 own
  expect_equal owner "$(id -u):$(id -g)" "$(stat -c %u:%g build/made.txt)"
}

test_ordinary_user_has_layers() { as_ordinary_user test_layers_of_a_layout_are_applied; }
test_ordinary_user_has_the_user_of_a_layout() { as_ordinary_user test_the_user_of_a_layout_is_honoured; }
