# The statement that makes `output`: its inputs must be exactly `inputs`, its order-only inputs must
# hold `order`, if any.
file(READ "${build}/build.ninja" graph)
string(REPLACE "$ " "+" graph "${graph}")
function(expect_edge output inputs order)
  string(REGEX REPLACE "cntr/steps/([^ ]+)[.]yaml" "\\0 cntr/state/\\1.stamp" inputs "${inputs}")
  string(REGEX MATCH
         "\nbuild ${output}( [^|\n]*)? \\| [^\n:]*: CUSTOM_COMMAND([^|\n]*)( \\|\\| ([^\n]*))?\n"
         edge "${graph}")
  string(STRIP "${CMAKE_MATCH_2}" actual)
  set(actual_order " ${CMAKE_MATCH_4} ")
  expect_equal("The inputs of ${output}" "${inputs}" "${actual}")
  if(NOT order STREQUAL "" AND NOT actual_order MATCHES " ${order} ")
    message(SEND_ERROR "The order-only inputs of ${output} are${actual_order}without ${order}")
  endif()
endfunction()

set(always CMakeFiles/cntr-always-run)
expect_edge(cntr/images/tar.identity "${source}/rootfs.tar cntr/images/tar.yaml" "")
expect_edge(cntr/images/tree.identity "cntr/images/tree.yaml ${always}" "")
expect_edge(plain.txt "${source}/in+1.txt ${source}/dep.txt cntr/images/tar.identity \
cntr/steps/plain.yaml" utility)
expect_edge(by-path.txt "second.txt cntr/images/tree.identity cntr/steps/by-path.yaml" "")
expect_edge(by-name.txt "plain.txt second.txt cntr/steps/by-name.yaml" "")
expect_edge(tools.txt "cntr/steps/tools.yaml /opt/tool" "")
expect_edge(stdout.txt "by-path.txt cntr/steps/streams.yaml" "")
expect_edge("out\\+dir" "cntr/steps/directories.yaml" "")
expect_edge(in-directory.txt "out+dir cntr/steps/in-directory.yaml ${always}" "")
expect_edge(of-directory.txt "out+dir cntr/steps/of-directory.yaml ${always}" "")
expect_edge(optional.txt "cntr/steps/optional.yaml" "")
expect_edge(of-optional.txt "optional.txt cntr/steps/of-optional.yaml ${always}" "")
expect_edge(passed.txt "cntr/steps/passed.yaml" "")
expect_edge(after.txt "plain.txt cntr/steps/after.yaml" no-outputs)
expect_edge(parts.txt "cntr/steps/parts.yaml ${always}" part)

foreach(pattern IN ITEMS
    "\nbuild plain\\.txt second\\.txt \\|"
    "\nbuild stdout\\.txt stderr\\.txt \\|"
    "\nbuild ${always} [^\n]*: phony\n"
    "COMMAND = cd ${build} && /no/such/cntr run --die-with-parent ${build}/cntr/steps/plain\\.yaml\n"
    "COMMAND = cd ${build} && /no/such/cntr image prepare ${build}/cntr/images/tar\\.yaml\n"
    "steps/plain\\.yaml\n  DESC = Running step plain\n  restat = 1\n"
    "steps/directories\\.yaml &&[^\n]*\n  DESC = All \\$\\$directories; \\[1\\]\n"
    "images/tar\\.yaml\n  DESC = Preparing image tar\n  restat = 1\n"
    "\nbuild CMakeFiles/no-outputs [^\n]*: CUSTOM_COMMAND by-path\\.txt [^\n]*\\.yaml \\|\\| [^\n]*utility\n")
  if(NOT graph MATCHES "${pattern}")
    message(SEND_ERROR "build.ninja does not match ${pattern}")
  endif()
endforeach()
if(NOT graph MATCHES "\nbuild all: phony ([^\n]*)")
  message(SEND_ERROR "There is no target all")
endif()
set(all " ${CMAKE_MATCH_1} ")
if(NOT all MATCHES " plain " OR NOT all MATCHES " no-outputs "
   OR all MATCHES " (by-name|tar|utility) ")
  message(SEND_ERROR "all is${all}")
endif()
