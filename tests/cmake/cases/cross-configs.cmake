# Known only when the whole project has been read.
cntr_add_step(made HOST COMMAND true OUTPUTS "out-$<CONFIG>.txt")
set(CMAKE_CROSS_CONFIGS all)
