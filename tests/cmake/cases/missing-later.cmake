# What can only be missed when the whole project is read: the build tree's part.
file(TOUCH "${CMAKE_CURRENT_BINARY_DIR}/there.txt")
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/there")
cntr_add_step(fine HOST COMMAND true
  INPUTS there.txt later.txt by-command.txt by-product.txt marked.txt
  INPUT_DIRECTORIES there later.d parts
  DEPENDS later-target later.txt)
cntr_add_step(missing HOST COMMAND true
  INPUTS never.txt "sub/a b.txt"
  INPUT_DIRECTORIES never.d
  DEPENDS never-target never/file
  STDIN never.stdin)
foreach(name IN ITEMS a b)
  cntr_add_step(${name} HOST COMMAND true INPUTS loop-${name}.txt)
endforeach()
cntr_add_step(names HOST COMMAND true INPUTS later later-target)
cntr_add_step(in-directory HOST COMMAND true INPUTS later.d/x.txt optional.txt later.d)
cntr_add_image(gone ROOTFS gone.tar)

add_custom_target(later-target)
cntr_add_step(later HOST COMMAND true OUTPUTS later.txt OUTPUT_DIRECTORIES later.d
  OPTIONAL_OUTPUTS optional.txt)
cntr_add_step(part HOST COMMAND true OUTPUTS parts/1.txt)
add_custom_command(OUTPUT by-command.txt COMMAND true BYPRODUCTS by-product.txt VERBATIM)
set_source_files_properties(marked.txt PROPERTIES GENERATED TRUE)
