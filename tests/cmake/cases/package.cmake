# Stands for Cntr itself: the modules and two files instead of the programs.
