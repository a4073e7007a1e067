# What cannot be an input.
file(MAKE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/dir" "${CMAKE_CURRENT_BINARY_DIR}/made")
file(TOUCH "${CMAKE_CURRENT_SOURCE_DIR}/file.txt" "${CMAKE_CURRENT_SOURCE_DIR}/README")
add_library(interface INTERFACE)
add_custom_target(utility)
cntr_add_image(image ROOTFS dir)
cntr_add_step(no-outputs HOST COMMAND true)
cntr_add_step(files HOST COMMAND true OUTPUTS files.txt OUTPUT_DIRECTORIES files.d)

cntr_add_step(missing HOST COMMAND true INPUTS "${CMAKE_CURRENT_SOURCE_DIR}/no.txt" file.txt README
  INPUT_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/no" STDIN "${CMAKE_CURRENT_SOURCE_DIR}/no-stdin"
  DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/no-depends")
cntr_add_step(kinds HOST COMMAND true INPUTS interface utility image no-outputs dir files.d
  INPUT_DIRECTORIES file.txt files.txt no-outputs)
cntr_add_step(outside IMAGE image COMMAND true INPUTS /etc/passwd INPUT_DIRECTORIES /etc)
cntr_add_step(outside-host HOST COMMAND true INPUTS /etc/passwd /no/such/file)
cntr_add_step(characters HOST COMMAND true INPUTS "" "a;b" "x[1].txt" "a#b" DEPENDS "" "a;b")
cntr_add_step(genex HOST COMMAND "$<TARGET_FILE:$<1:files>>" INPUTS "a/$<1:b>.txt")
cntr_add_step(capitals HOST COMMAND true INPUTS file.txt OUTPTS b.txt)

cntr_add_step(build-tree HOST COMMAND true
  INPUT_DIRECTORIES "${CMAKE_BINARY_DIR}" "${CMAKE_SOURCE_DIR}/.."
  OUTPUTS build-tree.txt)
cntr_add_step(cycle HOST COMMAND true INPUTS "${CMAKE_CURRENT_BINARY_DIR}/cycle.txt"
  INPUT_DIRECTORIES made OUTPUTS cycle.txt made/x/y.txt)
cntr_add_step(cycle2 HOST COMMAND true INPUTS "${CMAKE_CURRENT_BINARY_DIR}/cycle.d/a"
  INPUT_DIRECTORIES "${CMAKE_CURRENT_BINARY_DIR}/cycle.d/b" OUTPUT_DIRECTORIES cycle.d)
cntr_add_step(empty-command IMAGE image COMMAND)
cntr_add_step(out.txt HOST COMMAND true OUTPUTS out.txt)
