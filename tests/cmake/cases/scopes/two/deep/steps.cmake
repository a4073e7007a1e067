cntr_add_step(two-file HOST COMMAND echo OUTPUTS two-file.txt)
