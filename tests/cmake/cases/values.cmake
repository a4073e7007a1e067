# Values that a keyword does not take.
cntr_add_step(timeouts HOST COMMAND true TIMEOUT "5 parsecs")
cntr_add_step(timeout-zero HOST COMMAND true TIMEOUT 0s)
cntr_add_step(timeout-fraction HOST COMMAND true TIMEOUT 1.5h)
cntr_add_step(timeout-empty HOST COMMAND true TIMEOUT "")
cntr_add_step(words HOST COMMAND true NETWORK yes RUNNER rkt CACHE TRUE GPUS 0)
cntr_add_step(numbers HOST COMMAND true RETRIES -1 SUCCESS_CODES 0 256 "" two)
cntr_add_step(retries HOST COMMAND true RETRIES 1001)
cntr_add_step(variables HOST COMMAND true
  ENVIRONMENT A=1 B "=x" 1C=2 "D E=3" A=2
  PASS_ENVIRONMENT F "G=H" A F
  SECRETS "" I F)
cntr_add_step(only-nameless HOST COMMAND true ENVIRONMENT =x)
cntr_add_step(image HOST COMMAND true RUNNER docker WRITABLE_ROOT)
cntr_add_step(image2 HOST COMMAND true RUNNER apptainer GPUS some)
cntr_add_step(unknown-image IMAGE nobody COMMAND true RUNNER host)
cntr_add_step(empty-image IMAGE "" COMMAND true)
cntr_add_step(good HOST COMMAND true TIMEOUT 1500ms RETRIES 0 SUCCESS_CODES 0 255 NETWORK none
  CACHE ON RUNNER host GPUS all ENVIRONMENT "A=x;y" B= "_c9=[")
