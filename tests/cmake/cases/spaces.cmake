# A source and a build directory with spaces and other signs in their names.
file(TOUCH "${CMAKE_CURRENT_SOURCE_DIR}/in put.txt")
file(MAKE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/in dir")
cntr_add_step(odd HOST COMMAND cat "in put.txt" INPUTS "in put.txt" INPUT_DIRECTORIES "in dir"
  OUTPUTS "o'u\$t.txt")
