# Every keyword in one step, and the spec's bytes.
file(MAKE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/data" "${CMAKE_CURRENT_SOURCE_DIR}/elsewhere/sub")
file(TOUCH "${CMAKE_CURRENT_SOURCE_DIR}/plot.py" "${CMAKE_CURRENT_SOURCE_DIR}/names.txt"
     "${CMAKE_CURRENT_SOURCE_DIR}/elsewhere/x.csv" "${CMAKE_CURRENT_SOURCE_DIR}/rootfs.tar.zst")
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/scratch")
cntr_add_mount(far "${CMAKE_CURRENT_SOURCE_DIR}/elsewhere/")
cntr_add_mount(unused "${CMAKE_CURRENT_SOURCE_DIR}/data")
cntr_add_image(debian ROOTFS rootfs.tar.zst)
cntr_add_step(monthly
  IMAGE debian
  COMMAND awk -f monthly.awk
  INPUTS plot.py far:x.csv ../source/plot.py "${CMAKE_CURRENT_SOURCE_DIR}/./plot.py"
  INPUT_DIRECTORIES data/ far:sub
  OUTPUTS monthly.csv "sub dir/a.csv"
  OUTPUT_DIRECTORIES tables/
  OPTIONAL_OUTPUTS warnings.txt
  STDIN names.txt STDOUT monthly.csv STDERR monthly.log
  ENVIRONMENT LC_ALL=C "TITLE=a = b"
  PASS_ENVIRONMENT SEED ALPHA
  SECRETS TOKEN AKEY
  MOUNTS data:/opt/input far:sub:/opt/sub:ro far:/opt/far:rw:undeclared scratch:/opt/scratch:rw
  WORKING_DIRECTORY work/dir
  NETWORK host WRITABLE_ROOT GPUS 2 RUNNER podman
  TIMEOUT 10min RETRIES 2 SUCCESS_CODES 0 3
  CACHE OFF LABELS stats slow COMMENT "Monthly statistics"
  EXCLUDE_FROM_ALL)
cntr_add_step(outside IMAGE debian WORKING_DIRECTORY /opt/app ALLOW_EXTERNAL
  OUTPUTS "${CMAKE_CURRENT_SOURCE_DIR}/generated.h" far:made.txt)
cntr_add_step(bare IMAGE debian)
