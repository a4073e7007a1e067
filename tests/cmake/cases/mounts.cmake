# cntr_add_mount() and MOUNTS: what is refused.
file(MAKE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/dir")
file(TOUCH "${CMAKE_CURRENT_SOURCE_DIR}/file.txt")
cntr_add_mount()
cntr_add_mount(one)
cntr_add_mount(one two three)
cntr_add_mount(relative srv/data)
cntr_add_mount(missing /no/such/directory)
cntr_add_mount(file "${CMAKE_CURRENT_SOURCE_DIR}/file.txt")
cntr_add_mount("bad name" "/bad;path")
cntr_add_mount(usr /usr/../usr/)
cntr_add_mount(usr /usr/share)

cntr_add_step(syntax HOST COMMAND true
  MOUNTS dir dir:opt dir:/opt:rx dir:/opt:undeclared:ro :/opt "" "dir:/opt:ro:rw")
cntr_add_step(containers HOST COMMAND true
  MOUNTS dir:/ dir:/src dir:/build/x dir:/proc/1 dir:/tmp dir:/opt/../dev
  dir:/mnt/x dir:/opt/x dir:/opt/./x/)
cntr_add_step(hosts HOST COMMAND true MOUNTS /etc:/opt/a dir:/opt/b:rw no:/opt/c usr:no:/opt/d
  usr:../etc:/opt/e usr:/opt/f:rw)
cntr_add_step(fine HOST COMMAND true MOUNTS ./dir:/opt/a usr:/opt/b:ro usr:share:/opt/c
  /usr:/opt/d dir:/opt/e:rw:undeclared usr:share:/opt/f:undeclared build-dir:/opt/g:rw)
cntr_add_step(inputs HOST COMMAND true INPUTS usr:no.txt usr:../etc/passwd nomount:x
  INPUT_DIRECTORIES usr:no)
