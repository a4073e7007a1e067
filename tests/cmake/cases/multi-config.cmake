# With several configurations each has its own specs and images.
file(TOUCH "${CMAKE_CURRENT_SOURCE_DIR}/rootfs.tar")
cntr_add_image(box ROOTFS rootfs.tar)
cntr_add_step(made IMAGE box COMMAND build "$<CONFIG>" OUTPUTS "out-$<CONFIG>.txt")
