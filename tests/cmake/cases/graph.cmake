# The edges of the build graph.
file(MAKE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/dir" "${CMAKE_CURRENT_SOURCE_DIR}/tree")
file(TOUCH "${CMAKE_CURRENT_SOURCE_DIR}/in 1.txt" "${CMAKE_CURRENT_SOURCE_DIR}/rootfs.tar"
     "${CMAKE_CURRENT_SOURCE_DIR}/dep.txt")
add_executable(tool IMPORTED)
set_target_properties(tool PROPERTIES IMPORTED_LOCATION /opt/tool)
add_custom_target(utility)
cntr_add_image(tar ROOTFS rootfs.tar)
cntr_add_image(tree ROOTFS tree)
cntr_add_step(plain IMAGE tar INPUTS "in 1.txt" DEPENDS dep.txt utility
  OUTPUTS plain.txt second.txt)
cntr_add_step(by-path IMAGE tree INPUTS "${CMAKE_CURRENT_BINARY_DIR}/second.txt"
  OUTPUTS by-path.txt)
cntr_add_step(by-name HOST COMMAND true INPUTS plain OUTPUTS by-name.txt EXCLUDE_FROM_ALL)
cntr_add_step(tools HOST COMMAND "$<TARGET_FILE:tool>" ENVIRONMENT "T=$<TARGET_FILE:tool>"
  OUTPUTS tools.txt)
cntr_add_step(streams HOST COMMAND cat STDIN by-path.txt STDOUT stdout.txt STDERR stderr.txt)
cntr_add_step(directories HOST COMMAND true INPUT_DIRECTORIES dir OUTPUT_DIRECTORIES "out dir"
  COMMENT "All $directories; [1]")
cntr_add_step(in-directory HOST COMMAND true INPUTS "out dir/x.txt" OUTPUTS in-directory.txt)
cntr_add_step(of-directory HOST COMMAND true INPUT_DIRECTORIES "out dir" OUTPUTS of-directory.txt)
cntr_add_step(optional HOST COMMAND true OUTPUTS optional.txt OPTIONAL_OUTPUTS maybe.txt)
cntr_add_step(of-optional HOST COMMAND true INPUTS maybe.txt OUTPUTS of-optional.txt)
cntr_add_step(passed HOST COMMAND true PASS_ENVIRONMENT SEED OUTPUTS passed.txt)
cntr_add_step(no-outputs HOST COMMAND true INPUTS by-path DEPENDS utility)
cntr_add_step(after HOST COMMAND true DEPENDS no-outputs plain OUTPUTS after.txt)
cntr_add_step(part HOST COMMAND true OUTPUTS parts/1.txt)
cntr_add_step(parts HOST COMMAND true INPUT_DIRECTORIES parts OUTPUTS parts.txt)
add_custom_target(user SOURCES plain.txt)
