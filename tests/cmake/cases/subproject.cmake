# The project that has Cntr below it with add_subdirectory().
