# cmake -P check_includes.cmake -- <root>
#
# Reads every C++ file below <root>/executor and <root>/generator, and fails on an #include of a layer
# that its own layer may not use, and on a third-party header outside the files that wrap it.
cmake_minimum_required(VERSION 3.25)

# Each layer, and the layers that it may use.
set(base_uses "")
set(spec_uses base)
set(ninja_uses base)
set(squashfs_uses base)
set(store_uses base)
set(mount_uses base)
set(archive_uses base)
set(mount_uses base)
set(image_uses archive base spec squashfs store)
set(env_uses archive base mount runner spec squashfs store)
set(runner_uses base spec)
set(build_uses base spec store image env mount runner)
set(engine_uses base spec ninja store build)
set(report_uses base spec store)
set(cli_uses base spec ninja squashfs store mount image env runner build engine report)
set(generator_uses base spec)

# Each third-party header, and the files that may include it.
set(third_party
  "^openssl/"          "^executor/base/(digest|md5)\\.cc$"
  "^yaml-cpp/"         "^executor/spec/(yaml_map\\.(h|cc)|[a-z_]+_yaml\\.cc)$"
  "^sqlite3\\.h$"      "^executor/store/sqlite\\.cc$"
  "^zstd\\.h$"         "^executor/store/zstd\\.cc$"
  "^archive(_entry)?\\.h$" "^executor/archive/tar_reader\\.(h|cc)$"
  "^zlib\\.h$"         "^executor/archive/byte_source\\.cc$"
  "^sqfs/"             "^executor/squashfs/(block_compressor|image_file|image_writer|inode_writer)\\.cc$"
  "^xxhash\\.h$"       "^executor/base/fast_hash\\.cc$"
  "^nlohmann/"         "^executor/base/json_reader\\.cc$"
  "^CLI/"              "^(executor/cli/|generator/generate_main\\.cc$)")

# The C++ library, and what the system has.
set(system "^([a-z_]+|(sys|linux|net|arpa|netinet)/[a-z0-9_]+\\.h|(dirent|errno|fcntl|ftw|getopt|grp|limits|locale|poll|pwd|sched|signal|spawn|stdio|stdlib|string|termios|time|unistd)\\.h)$")

# What is wrong with an include of `header` in angle brackets; empty when nothing is.
function(check_system_header file header result)
  set(${result} "" PARENT_SCOPE)
  if(header MATCHES "${system}")
    return()
  endif()
  set(pairs ${third_party})
  while(pairs)
    list(POP_FRONT pairs header_regex file_regex)
    if(header MATCHES "${header_regex}")
      if(NOT file MATCHES "${file_regex}")
        set(${result} "<${header}> may be included only in files like ${file_regex}" PARENT_SCOPE)
      endif()
      return()
    endif()
  endwhile()
  string(CONCAT text "<${header}> is not a known header; third-party headers are listed in "
                     "tests/layers/check_includes.cmake")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# The same for an include in quotes.
function(check_project_header file layer header result)
  set(${result} "" PARENT_SCOPE)
  if(layer STREQUAL "generator" AND EXISTS ${root}/generator/${header})
    return()
  endif()
  if(NOT header MATCHES "^([a-z]+)/[a-z_0-9]+\\.h$")
    set(${result} "\"${header}\" does not name a header as \"<layer>/<file>.h\"" PARENT_SCOPE)
    return()
  endif()
  set(used ${CMAKE_MATCH_1})
  if(NOT used STREQUAL layer AND NOT used IN_LIST ${layer}_uses)
    list(JOIN ${layer}_uses ", " allowed)
    set(${result} "\"${header}\" is of a layer that ${layer} may not use; it may use: ${allowed}"
        PARENT_SCOPE)
  endif()
endfunction()

set(root ${CMAKE_ARGV4})
file(GLOB_RECURSE files RELATIVE ${root}
     ${root}/executor/*.h ${root}/executor/*.cc ${root}/generator/*.h ${root}/generator/*.cc)
list(LENGTH files file_count)
if(file_count EQUAL 0)
  message(FATAL_ERROR "no C++ files below ${root}/executor and ${root}/generator")
endif()

set(mistakes 0)
foreach(file IN LISTS files)
  if(file MATCHES "^executor/([^/]+)/")
    set(layer ${CMAKE_MATCH_1})
  else()
    set(layer generator)
  endif()
  if(NOT DEFINED ${layer}_uses)
    message(NOTICE "${file}: ${layer} is not a layer")
    math(EXPR mistakes "${mistakes} + 1")
    continue()
  endif()
  file(STRINGS ${root}/${file} includes REGEX "^[ \t]*#[ \t]*include")
  foreach(line IN LISTS includes)
    if(line MATCHES "include[ \t]*<([^>]+)>")
      check_system_header(${file} ${CMAKE_MATCH_1} mistake)
    elseif(line MATCHES "include[ \t]*\"([^\"]+)\"")
      check_project_header(${file} ${layer} ${CMAKE_MATCH_1} mistake)
    else()
      set(mistake "cannot read ${line}")
    endif()
    if(mistake)
      message(NOTICE "${file}: ${mistake}")
      math(EXPR mistakes "${mistakes} + 1")
    endif()
  endforeach()
endforeach()

if(mistakes GREATER 0)
  message(FATAL_ERROR "${mistakes} wrong includes; the rules are at the top of tests/layers/check_includes.cmake")
endif()
message(STATUS "${file_count} files include only what their layers may use")
