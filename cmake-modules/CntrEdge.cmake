# The target and the build rule of a step or an image.
cmake_policy(VERSION 3.25)

# The name must be free for a target of a step or an image.
function(_cntr_check_new_target name)
  if(name STREQUAL "")
    return()
  endif()
  _cntr_check_name("${name}")
  get_property(kind GLOBAL PROPERTY "_CNTR_KIND:${name}")
  if(NOT "${kind}" STREQUAL "")
    get_property(where GLOBAL PROPERTY "_CNTR_WHERE:${name}")
    string(REGEX REPLACE "^env$" "environment" kind "${kind}")
    _cntr_mistake("there is already the ${kind} \"${name}\" (${where})")
  elseif(TARGET "${name}")
    _cntr_mistake("there is already a target \"${name}\"")
  elseif(name MATCHES "^(all|ALL_BUILD|help|install|INSTALL|preinstall|clean|edit_cache|\
rebuild_cache|ZERO_CHECK|test|RUN_TESTS|package|PACKAGE|package_source|depend)$")
    _cntr_mistake("CMake keeps the name \"${name}\" for itself")
  endif()
  if(NOT TARGET cntr::cntr)
    _cntr_mistake("there is no target cntr::cntr: call find_package(Cntr) in this project")
  endif()
endfunction()

# Makes a step or an image known to the calls that follow. Also after mistakes, so that these do not
# get mistakes of their own.
function(_cntr_register kind name where)
  string(TOUPPER "${kind}" plural)
  get_property(known GLOBAL PROPERTY "_CNTR_KIND:${name}")
  if("${known}" STREQUAL "" AND NOT name STREQUAL "")
    set_property(GLOBAL PROPERTY "_CNTR_KIND:${name}" ${kind})
    set_property(GLOBAL PROPERTY "_CNTR_WHERE:${name}" "${where}")
    set_property(GLOBAL APPEND PROPERTY _CNTR_${plural}S "${name}")
    _cntr_register_outputs("${name}")
  endif()
  _cntr_noted(pending pending)
  _cntr_noted(mistakes mistakes)
  if(mistakes STREQUAL "")
    foreach(entry IN LISTS pending)
      set_property(GLOBAL APPEND PROPERTY _CNTR_PENDING "${name}|${entry}")
    endforeach()
  endif()
endfunction()

# A file that never exists: what depends on it runs in every build. One for each directory.
function(_cntr_always_run out)
  set(file "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/cntr-always-run")
  get_property(known DIRECTORY PROPERTY _CNTR_ALWAYS_RUN)
  if(NOT known)
    set_property(DIRECTORY PROPERTY _CNTR_ALWAYS_RUN TRUE)
    add_custom_command(OUTPUT "${file}" COMMENT "" VERBATIM)
    set_source_files_properties("${file}" PROPERTIES SYMBOLIC TRUE)
  endif()
  set(${out} "${file}" PARENT_SCOPE)
endfunction()

# _cntr_add_edge(<name> <comment> COMMAND <cntr arguments> [DEPFILE <file>] [ALL] OUTPUTS <file>...)
#
# The custom command and the target of a step or an image. The spec of the call is the last argument
# of the command.
function(_cntr_add_edge name comment)
  cmake_parse_arguments(PARSE_ARGV 2 edge "ALL" "DEPFILE" "COMMAND;OUTPUTS")
  get_property(kind GLOBAL PROPERTY "_CNTR_KIND:${name}")
  _cntr_directory(directory)
  set(kind_of_edge "${kind}")
  set(spec "${directory}/${kind}s/${name}.yaml")
  _cntr_noted(files files)
  _cntr_noted(targets targets)
  _cntr_noted(always always)
  list(APPEND files "${spec}")
  set(all "")
  if(edge_ALL)
    set(all ALL)
  endif()
  set(command "$<TARGET_FILE:cntr::cntr>" ${edge_COMMAND} "${spec}")
  # Steps and images are not in DEPENDS of the custom command, where they would become dependencies
  # of every target that the command is part of. Ninja orders them by their files; under Makefiles
  # two targets must not run the same command at the same time.
  set(before "")
  if(NOT CMAKE_GENERATOR MATCHES "Ninja")
    _cntr_noted(producers before)
  endif()
  foreach(target IN LISTS targets)
    get_property(kind GLOBAL PROPERTY "_CNTR_KIND:${target}")
    if(NOT "${kind}" STREQUAL "")
      list(REMOVE_ITEM targets "${target}")
      list(APPEND before "${target}")
    endif()
  endforeach()
  if("${edge_OUTPUTS}" STREQUAL "")
    add_custom_target("${name}" ${all} COMMAND ${command} DEPENDS ${files}
                      COMMENT "${comment}" VERBATIM)
    if(NOT "${targets}${before}" STREQUAL "")
      add_dependencies("${name}" ${targets} ${before})
    endif()
    return()
  endif()
  if(kind_of_edge STREQUAL "step")
    list(APPEND files "${directory}/state/${name}.stamp")
  endif()
  if(NOT always STREQUAL "")
    _cntr_always_run(file)
    list(APPEND files "${file}")
  endif()
  set(depfile "")
  if(NOT "${edge_DEPFILE}" STREQUAL "")
    set(depfile DEPFILE "${edge_DEPFILE}")
  endif()
  add_custom_command(OUTPUT ${edge_OUTPUTS} COMMAND ${command} DEPENDS ${files} ${targets}
                     ${depfile} COMMENT "${comment}" VERBATIM)
  add_custom_target("${name}" ${all} DEPENDS ${edge_OUTPUTS})
  if(NOT before STREQUAL "")
    add_dependencies("${name}" ${before})
  endif()
endfunction()

# The target cntr-check: one process at the beginning of every build that makes the stamp of a step
# newer when something of it changed that no modification time shows (docs/reference/commands.md).
function(_cntr_add_check)
  get_property(steps GLOBAL PROPERTY _CNTR_STEPS)
  list(FILTER steps INCLUDE REGEX ".")
  set(stamps "")
  set(targets "")
  _cntr_directory(directory)
  foreach(step IN LISTS steps)
    if(TARGET "${step}")
      list(APPEND stamps "${directory}/state/${step}.stamp")
      list(APPEND targets "${step}")
    endif()
  endforeach()
  if(targets STREQUAL "" OR TARGET cntr-check)
    return()
  endif()
  # Byproducts, because Makefiles would touch all outputs of a command when one is newer.
  add_custom_target(cntr-check
    COMMAND "$<TARGET_FILE:cntr::cntr>" check "${directory}"
    BYPRODUCTS ${stamps}
    COMMENT "Looking for changes" VERBATIM)
  foreach(target IN LISTS targets)
    add_dependencies("${target}" cntr-check)
  endforeach()
endfunction()

# The target cntr-env-lock: writes the locks of environments (docs/reference/commands.md).
function(_cntr_add_env_lock)
  get_property(wanted GLOBAL PROPERTY _CNTR_HAS_ENV_LOCK)
  if(NOT wanted OR TARGET cntr-env-lock OR NOT TARGET cntr::cntr)
    return()
  endif()
  _cntr_directory(directory)
  add_custom_target(cntr-env-lock
    COMMAND "$<TARGET_FILE:cntr::cntr>" env lock -C "${directory}"
    COMMENT "Locking environments" VERBATIM USES_TERMINAL)
endfunction()

# The target cntr-lock: writes cntr.lock (docs/reference/commands.md).
function(_cntr_add_lock)
  get_property(wanted GLOBAL PROPERTY _CNTR_HAS_LOCK)
  if(NOT wanted OR TARGET cntr-lock OR NOT TARGET cntr::cntr)
    return()
  endif()
  _cntr_directory(directory)
  add_custom_target(cntr-lock
    COMMAND "$<TARGET_FILE:cntr::cntr>" lock -C "${directory}"
    COMMENT "Locking image references" VERBATIM USES_TERMINAL)
endfunction()
