# cmake -D CHECK=<script> -D TREE=<root> -P check_the_check.cmake
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${CMAKE_COMMAND} -P ${CHECK} -- ${TREE}
                RESULT_VARIABLE result OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
if(result EQUAL 0)
  message(SEND_ERROR "the check accepts ${TREE}")
endif()

foreach(expected IN ITEMS
    "executor/base/third_party.h: <boost/optional.hpp> is not a known header"
    "executor/base/third_party.h: \"error.h\" does not name a header as \"<layer>/<file>.h\""
    "executor/store/uses_build.cc: <sqlite3.h> may be included only in files like ^executor/store/sqlite"
    "executor/store/uses_build.cc: \"build/step_runner.h\" is of a layer that store may not use; it may use: base"
    "executor/toys/toy.cc: toys is not a layer"
    "generator/reads_cache.cc: \"store/cache.h\" is of a layer that generator may not use; it may use: base, spec"
    "6 wrong includes")
  string(FIND "${printed}" "${expected}" position)
  if(position EQUAL -1)
    message(SEND_ERROR "the check does not print:\n  ${expected}\nbut:\n${printed}")
  endif()
endforeach()
