# The same edges with Makefiles.
file(MAKE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/dir" "${CMAKE_CURRENT_SOURCE_DIR}/tree")
file(TOUCH "${CMAKE_CURRENT_SOURCE_DIR}/in put.txt")
cntr_add_image(tree ROOTFS tree)
cntr_add_step(fine IMAGE tree COMMAND true INPUTS "in put.txt" INPUT_DIRECTORIES dir
  OUTPUTS "o ut.txt")
cntr_add_step(next HOST COMMAND true INPUTS fine OUTPUTS next.txt)
add_custom_target(user SOURCES next.txt)
