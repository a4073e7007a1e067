# A step that a deferred call declares after the project was read.
function(declare_late)
  cntr_add_step(late HOST COMMAND true INPUTS early OUTPUTS late.txt)
endfunction()
cntr_add_step(early HOST COMMAND true OUTPUTS early.txt)
cmake_language(DEFER CALL declare_late)
