set(prefix "${work}/package/prefix")
set(moved "${work}/package/moved")
execute_process(
  COMMAND "${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}"
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE installed RELATIVE "${prefix}" "${prefix}/*")
file(GLOB sources RELATIVE "${modules}" "${modules}/*.cmake")
set(expected bin/cntr bin/cntr-generate)
foreach(file IN LISTS sources ITEMS CntrConfig.cmake CntrConfigVersion.cmake)
  list(APPEND expected lib/cmake/Cntr/${file})
endforeach()
list(SORT expected)
list(SORT installed)
expect_equal("What is installed" "${expected}" "${installed}")

# The package may be moved after installation.
file(RENAME "${prefix}" "${moved}")
set(source "${source}/consumer")
set(build "${work}/package/consumer")
set(options -D "CMAKE_PREFIX_PATH=${moved}")
configure()
expect_match(build.ninja
  "COMMAND = cd ${build} && ${moved}/bin/cntr run --die-with-parent ${build}/cntr/steps/top.yaml")

function(expect_not_found version message)
  file(WRITE "${work}/package/other/CMakeLists.txt" "cmake_minimum_required(VERSION 3.25)
project(Other LANGUAGES NONE)
find_package(Cntr ${version} REQUIRED)\n")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -S "${work}/package/other" -B "${work}/package/other/build"
            -G "${generator}" -D "CMAKE_PREFIX_PATH=${moved}"
    RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE err)
  string(REGEX REPLACE "[ \n]+" " " err "${err}")
  if(result EQUAL 0 OR NOT err MATCHES "${message}")
    message(SEND_ERROR "find_package(Cntr ${version}) gave ${result}: ${err}")
  endif()
endfunction()
expect_not_found(9.7 "compatible with requested version \"9.7\"")
expect_not_found(9.9 "compatible with requested version \"9.9\"")
file(REMOVE "${moved}/bin/cntr-generate")
expect_not_found(9.8 "The program cntr-generate of this package is not there")
