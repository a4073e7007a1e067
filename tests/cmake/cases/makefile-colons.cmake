# Makefiles cannot take a colon in a path.
file(TOUCH "${CMAKE_CURRENT_SOURCE_DIR}/10:30.csv")
cntr_add_mount(data "${CMAKE_CURRENT_SOURCE_DIR}")
cntr_add_step(colon HOST COMMAND true INPUTS 10:30.csv data:10:30.csv OUTPUTS a:b)
