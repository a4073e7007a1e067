# What is warned of, and is no mistake.
file(WRITE "${CMAKE_SOURCE_DIR}/cntr.lock" "cntr: lock
version: 1
images:
  - reference: \"docker://docker.io/library/debian:12\"
")
file(MAKE_DIRECTORY "${CMAKE_SOURCE_DIR}/big" "${CMAKE_SOURCE_DIR}/small")
file(TOUCH "${CMAKE_SOURCE_DIR}/big/Containerfile" "${CMAKE_SOURCE_DIR}/small/Containerfile")
foreach(number RANGE 5000)
  file(TOUCH "${CMAKE_SOURCE_DIR}/big/${number}")
endforeach()
file(MAKE_DIRECTORY "${CMAKE_SOURCE_DIR}/heavy")
file(TOUCH "${CMAKE_SOURCE_DIR}/heavy/Containerfile")
foreach(number RANGE 1)
  execute_process(COMMAND truncate -s 600M "${CMAKE_SOURCE_DIR}/heavy/data${number}")
endforeach()
cntr_add_image(latest REFERENCE debian:latest PULL always)
cntr_add_image(untagged REFERENCE docker://quay.io/project/tools PULL always)
cntr_add_image(unlocked REFERENCE debian:13)
cntr_add_image(locked REFERENCE docker://debian:12)
cntr_add_image(digest REFERENCE
  debian:12@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08)
cntr_add_image(local REFERENCE docker-daemon:tools:latest)
cntr_add_image(big CONTAINERFILE big/Containerfile)
cntr_add_image(small CONTAINERFILE small/Containerfile)
cntr_add_image(heavy CONTAINERFILE heavy/Containerfile)
string(REPEAT x 33000 long)
cntr_add_step(long IMAGE locked COMMAND true ENVIRONMENT "LONG=${long}")
cntr_add_step(short IMAGE locked COMMAND true ENVIRONMENT SHORT=1)
