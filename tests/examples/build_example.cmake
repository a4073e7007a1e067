# cmake -D SOURCE=<example> -D WORK=<directory> -D PREFIX=<installed Cntr> -D GENERATOR=<generator>
#       -P build_example.cmake
#
# Builds the example as a user does, runs its tests, and checks by the journal how many steps were
# executed and how many were restored from the cache.
cmake_minimum_required(VERSION 3.25)

find_program(BUBBLEWRAP bwrap)
if(NOT BUBBLEWRAP)
  if("$ENV{CNTR_TESTS_MUST_RUN}" MATCHES "bubblewrap")
    message(FATAL_ERROR "bubblewrap is not installed, and CNTR_TESTS_MUST_RUN asks for it")
  endif()
  message(NOTICE "SKIPPED: bubblewrap is not installed")
  return()
endif()

file(REMOVE_RECURSE ${WORK})
file(COPY ${SOURCE}/ DESTINATION ${WORK}/source)
set(build ${WORK}/build)
set(journal ${build}/cntr/journal.jsonl)
set(ENV{CNTR_CACHE_DIR} ${WORK}/cache)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}: ${result}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect what found expected)
  if(NOT found STREQUAL expected)
    message(FATAL_ERROR "${what}: ${found}, expected ${expected}")
  endif()
endfunction()

function(count_steps result out)
  set(lines "")
  if(EXISTS ${journal})
    file(STRINGS ${journal} lines REGEX "\"result\":\"${result}\"")
  endif()
  list(LENGTH lines count)
  set(${out} ${count} PARENT_SCOPE)
endfunction()

# build_and_count(<when> <executed> <restored>): what the build must do.
function(build_and_count when executed restored)
  count_steps(executed executed_before)
  count_steps(restored restored_before)
  run(${CMAKE_COMMAND} --build ${build} --parallel 2)
  count_steps(executed executed_after)
  count_steps(restored restored_after)
  math(EXPR executed_now "${executed_after} - ${executed_before}")
  math(EXPR restored_now "${restored_after} - ${restored_before}")
  message(STATUS "${when}: ${executed_now} steps executed, ${restored_now} restored")
  expect("${when}: steps executed" ${executed_now} ${executed})
  expect("${when}: steps restored" ${restored_now} ${restored})
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(configure)
  run(${CMAKE_COMMAND} -S ${WORK}/source -B ${build} -G ${GENERATOR} -D CMAKE_PREFIX_PATH=${PREFIX})
endfunction()

function(check_results)
  run(${CMAKE_CTEST_COMMAND} --test-dir ${build} --output-on-failure --no-tests=error)
endfunction()

configure()
build_and_count("first build" 5 0)
check_results()
file(SHA256 ${build}/weather.svg first_chart)

build_and_count("second build" 0 0)

file(REMOVE_RECURSE ${build})
configure()
build_and_count("build tree deleted" 0 5)
check_results()
file(SHA256 ${build}/weather.svg chart)
expect("the chart from the cache" ${chart} ${first_chart})

# One degree more on a day that holds no record: records.h keeps its bytes, so nothing is compiled.
file(READ ${WORK}/source/data/weather.csv data)
string(REPLACE "Seattle,2014-03-03,10.7,14.4," "Seattle,2014-03-03,10.7,15.4," changed "${data}")
if(changed STREQUAL data)
  message(FATAL_ERROR "the data have no line for Seattle, 2014-03-03, with 14.4 degrees")
endif()
file(WRITE ${WORK}/source/data/weather.csv "${changed}")
build_and_count("one number changed" 5 0)
if(output MATCHES "Building CXX")
  message(FATAL_ERROR "the C++ program was compiled again:\n${output}")
endif()

file(WRITE ${WORK}/source/data/weather.csv "${data}")
build_and_count("the number changed back" 0 5)
file(SHA256 ${build}/weather.svg chart)
expect("the chart of the old data" ${chart} ${first_chart})

file(REMOVE_RECURSE ${WORK})
