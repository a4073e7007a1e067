# The functions are known everywhere, the programs only where the package was found.
file(TOUCH "${CMAKE_CURRENT_SOURCE_DIR}/rootfs.tar")
cntr_add_image(box ROOTFS rootfs.tar)
cntr_add_step(step IMAGE box OUTPUTS step.txt)
