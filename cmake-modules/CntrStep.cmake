#[=[.rst:
.. command:: cntr_add_step

  Adds a command that runs in an image, or on the host, and there in a conda environment, with
  declared inputs and outputs::

    cntr_add_step(<name>
                  [IMAGE <image> | HOST] [ENV <environment>]
                  [COMMAND <argument>... | COMMAND -- <argument>...]
                  [INPUTS <file, target or step>...] [INPUT_DIRECTORIES <directory>...]
                  [OUTPUTS <file>...] [OUTPUT_DIRECTORIES <directory>...]
                  [OPTIONAL_OUTPUTS <file>...] [ALLOW_EXTERNAL]
                  [STDIN <file>] [STDOUT <file>] [STDERR <file>]
                  [DEPENDS <target or file>...]
                  [ENVIRONMENT <name>=<value>...] [PASS_ENVIRONMENT <name>...] [SECRETS <name>...]
                  [MOUNTS <host>:<container>[:ro|rw][:undeclared]...]
                  [WORKING_DIRECTORY <directory>]
                  [NETWORK none|host] [WRITABLE_ROOT] [GPUS <number>|all]
                  [RUNNER auto|bubblewrap|podman|apptainer|singularity|docker|host]
                  [TIMEOUT <duration>] [RETRIES <number>] [SUCCESS_CODES <code>...]
                  [CACHE ON|OFF] [LABELS <label>...] [COMMENT <text>] [EXCLUDE_FROM_ALL])

  The step runs again only when something changed that its result depends on: its command, image,
  variables, or the content of its inputs. It sees its inputs and nothing else of the project, and
  only its outputs come back. The target ``<name>`` runs the step, and is part of ``all`` unless
  ``EXCLUDE_FROM_ALL`` is given. docs/reference/cmake.md explains every keyword.

  .. code-block:: cmake

    cntr_add_image(debian ROOTFS rootfs.tar)
    cntr_add_step(monthly
      IMAGE debian
      COMMAND awk -f ${CMAKE_CURRENT_SOURCE_DIR}/monthly.awk
              ${CMAKE_CURRENT_SOURCE_DIR}/weather.csv
      INPUTS monthly.awk weather.csv
      STDOUT monthly.csv
      TIMEOUT 5min
      COMMENT "Monthly statistics")
    cntr_add_step(plot
      IMAGE debian
      COMMAND plot ${CMAKE_CURRENT_BINARY_DIR}/monthly.csv ${CMAKE_CURRENT_BINARY_DIR}/plot.svg
      INPUTS monthly
      OUTPUTS plot.svg)
#]=]
cmake_policy(VERSION 3.25)

function(cntr_add_step)
  _cntr_begin_call()
  _cntr_collect_arguments(words)
  _cntr_parse_arguments(step "${words}"
    FLAGS HOST ALLOW_EXTERNAL WRITABLE_ROOT EXCLUDE_FROM_ALL
    ONE IMAGE ENV STDIN STDOUT STDERR WORKING_DIRECTORY NETWORK GPUS RUNNER TIMEOUT RETRIES CACHE
        COMMENT
    MANY COMMAND INPUTS INPUT_DIRECTORIES OUTPUTS OUTPUT_DIRECTORIES OPTIONAL_OUTPUTS DEPENDS
         ENVIRONMENT PASS_ENVIRONMENT SECRETS MOUNTS SUCCESS_CODES LABELS
    STRICT INPUTS INPUT_DIRECTORIES OUTPUTS OUTPUT_DIRECTORIES OPTIONAL_OUTPUTS DEPENDS
           ENVIRONMENT MOUNTS SUCCESS_CODES)
  # An environment alone is one on the host.
  if("ENV" IN_LIST step_SEEN AND NOT "IMAGE" IN_LIST step_SEEN)
    set(step_HOST TRUE)
  endif()
  string(CONCAT name "${step_NAME}")
  _cntr_where(where cntr_add_step "${name}")

  _cntr_check_new_target("${name}")
  _cntr_check_environment_of_step()
  _cntr_check_values_of_step()
  _cntr_add_outputs_of_step()
  _cntr_add_inputs_of_step()
  _cntr_add_mounts_of_step()
  _cntr_add_working_directory_of_step()
  _cntr_check_overlaps()

  _cntr_register(step "${name}" "${where}")
  _cntr_mistakes_message(message cntr_add_step "${name}" "${step_KNOWN}")
  if(NOT message STREQUAL "")
    message(SEND_ERROR "${message}")
    return()
  endif()
  _cntr_lint_step("${name}" "${where}")
  _cntr_add_step_rules("${name}" "${where}")
endfunction()

# The functions below read the step_* variables of cntr_add_step().

function(_cntr_check_environment_of_step)
  string(CONCAT image "${step_IMAGE}")
  if("IMAGE" IN_LIST step_SEEN AND step_HOST)
    _cntr_keyword_mistake("IMAGE and HOST exclude each other")
  elseif(NOT "IMAGE" IN_LIST step_SEEN AND NOT step_HOST)
    _cntr_keyword_mistake("IMAGE <image>, ENV <environment> or HOST is missing")
  elseif(step_HOST AND step_COMMAND STREQUAL "")
    _cntr_keyword_mistake("a step without an IMAGE needs a COMMAND")
  elseif("COMMAND" IN_LIST step_SEEN AND step_COMMAND STREQUAL "")
    _cntr_keyword_mistake("COMMAND has no arguments")
  endif()
  get_property(kind GLOBAL PROPERTY "_CNTR_KIND:${image}")
  if("IMAGE" IN_LIST step_GIVEN AND NOT "${kind}" STREQUAL "image")
    _cntr_escape(shown "${image}")
    _cntr_mistake("IMAGE: there is no image \"${shown}\": declare it first, with cntr_add_image()")
  endif()
  string(CONCAT env "${step_ENV}")
  get_property(kind GLOBAL PROPERTY "_CNTR_KIND:${env}")
  if("ENV" IN_LIST step_GIVEN AND NOT "${kind}" STREQUAL "env")
    _cntr_escape(shown "${env}")
    _cntr_mistake("ENV: there is no environment \"${shown}\": declare it first, with cntr_add_env()")
  endif()
  if(NOT image STREQUAL "" AND step_RUNNER STREQUAL "host")
    _cntr_mistake("RUNNER host cannot run an image")
  elseif(step_HOST AND step_RUNNER MATCHES "^(podman|apptainer|singularity|docker)$")
    _cntr_mistake("RUNNER ${step_RUNNER} needs an IMAGE")
  endif()
  if(step_HOST AND step_WRITABLE_ROOT)
    _cntr_mistake("WRITABLE_ROOT needs an IMAGE: the root of the host is never writable")
  endif()
endfunction()

# What some systems and runners cannot pass on.
function(_cntr_lint_step name where)
  string(LENGTH "${step_ENVIRONMENT}" length)
  if(length GREATER 32768)
    _cntr_lint("${where}" "step ${name}: ENVIRONMENT has ${length} bytes: put what is so long into a \
file")
  endif()
endfunction()

function(_cntr_check_values_of_step)
  if("NETWORK" IN_LIST step_GIVEN)
    _cntr_check_word(NETWORK "${step_NETWORK}" none host)
  endif()
  if("RUNNER" IN_LIST step_GIVEN)
    _cntr_check_word(RUNNER "${step_RUNNER}"
                     auto bubblewrap podman apptainer singularity docker host)
  endif()
  if("GPUS" IN_LIST step_GIVEN AND NOT step_GPUS MATCHES "^(all|[1-9][0-9]?[0-9]?)$")
    _cntr_escape(shown "${step_GPUS}")
    _cntr_mistake("GPUS cannot be \"${shown}\": it is a number from 1 to 999, or all")
  endif()
  if("CACHE" IN_LIST step_GIVEN)
    _cntr_check_word(CACHE "${step_CACHE}" ON OFF)
  endif()
  if("TIMEOUT" IN_LIST step_GIVEN)
    _cntr_check_duration(TIMEOUT "${step_TIMEOUT}")
  endif()
  if("RETRIES" IN_LIST step_GIVEN)
    _cntr_check_number(RETRIES "${step_RETRIES}" 1000)
  endif()
  foreach(code IN LISTS step_SUCCESS_CODES)
    _cntr_decode(code)
    _cntr_check_number(SUCCESS_CODES "${code}" 255)
  endforeach()
  set(names "")
  foreach(variable IN LISTS step_ENVIRONMENT)
    string(FIND "${variable}" "=" position)
    if(position EQUAL -1)
      _cntr_decode(variable)
      _cntr_escape(shown "${variable}")
      _cntr_mistake("ENVIRONMENT: \"${shown}\" is not <name>=<value>")
    else()
      string(SUBSTRING "${variable}" 0 ${position} variable)
      _cntr_encode(variable)
      list(APPEND names "${variable}")
    endif()
  endforeach()
  _cntr_check_variable_names(ENVIRONMENT "${names}")
  _cntr_check_variable_names(PASS_ENVIRONMENT "${step_PASS_ENVIRONMENT}")
  _cntr_check_variable_names(SECRETS "${step_SECRETS}")
endfunction()

function(_cntr_add_outputs_of_step)
  foreach(pair IN ITEMS OUTPUTS:file OUTPUT_DIRECTORIES:directory OPTIONAL_OUTPUTS:optional)
    string(REGEX MATCH "(.*):(.*)" pair "${pair}")
    set(keyword ${CMAKE_MATCH_1})
    set(type ${CMAKE_MATCH_2})
    foreach(word IN LISTS step_${keyword})
      _cntr_decode(word)
      _cntr_add_output(${keyword} ${type} "${word}" ${step_ALLOW_EXTERNAL})
    endforeach()
  endforeach()
  foreach(keyword IN ITEMS STDOUT STDERR)
    if(keyword IN_LIST step_GIVEN)
      _cntr_add_output(${keyword} file "${step_${keyword}}" ${step_ALLOW_EXTERNAL})
    endif()
  endforeach()
endfunction()

function(_cntr_add_inputs_of_step)
  set(anywhere FALSE)
  if(step_HOST OR step_ALLOW_EXTERNAL)
    set(anywhere TRUE)
  endif()
  foreach(word IN LISTS step_INPUTS)
    _cntr_decode(word)
    _cntr_add_input(INPUTS "${word}" ${anywhere})
  endforeach()
  foreach(word IN LISTS step_INPUT_DIRECTORIES)
    _cntr_decode(word)
    _cntr_add_input_directory(INPUT_DIRECTORIES "${word}" ${anywhere})
  endforeach()
  foreach(word IN LISTS step_DEPENDS)
    _cntr_decode(word)
    _cntr_add_dependency("${word}")
  endforeach()
  if("STDIN" IN_LIST step_GIVEN)
    _cntr_add_input_file(STDIN "${step_STDIN}" ${anywhere})
  endif()
  foreach(word IN LISTS step_COMMAND step_ENVIRONMENT)
    _cntr_decode(word)
    _cntr_add_targets_of_genex("${word}")
  endforeach()
endfunction()

# MOUNTS <host>:<container>[:ro|rw][:undeclared]. Notes one entry for each mount.
function(_cntr_add_mounts_of_step)
  set(containers "")
  get_property(prefix GLOBAL PROPERTY "_CNTR_PREFIX:${step_ENV}")
  foreach(word IN LISTS step_MOUNTS)
    _cntr_decode(word)
    _cntr_escape(shown "${word}")
    if(NOT word MATCHES "^(.+):(/[^:]*)(:(ro|rw))?(:undeclared)?$")
      _cntr_mistake("MOUNTS: \"${shown}\" is not <host>:<container>[:ro|rw][:undeclared] with an \
absolute container path")
      continue()
    endif()
    string(CONCAT host "${CMAKE_MATCH_1}")
    set(container "${CMAKE_MATCH_2}")
    set(mode ro)
    if(NOT "${CMAKE_MATCH_4}" STREQUAL "")
      set(mode ${CMAKE_MATCH_4})
    endif()
    set(undeclared false)
    if(NOT "${CMAKE_MATCH_5}" STREQUAL "")
      set(undeclared true)
    endif()
    _cntr_absolute(container "/" "${container}")
    if(container MATCHES "^/((src|build|mnt|proc|dev|sys)(/.*)?|tmp)?$")
      _cntr_mistake("MOUNTS: nothing can be mounted at ${container}")
    elseif(container IN_LIST containers)
      _cntr_mistake("MOUNTS: two mounts at ${container}")
    endif()
    if(NOT "${prefix}" STREQUAL "")
      _cntr_is_below(hidden "${container}" "${prefix}")
      _cntr_is_below(hiding "${prefix}" "${container}")
      if(hidden OR hiding)
        _cntr_mistake("MOUNTS: ${container} and the environment at ${prefix} are in each other's way")
      endif()
    endif()
    list(APPEND containers "${container}")
    _cntr_mount_source(path "${host}" "${shown}" ${mode} ${undeclared})
    if(NOT path STREQUAL "")
      _cntr_note(step_mounts "${path}|${container}|${mode}|${undeclared}")
      if(undeclared)
        _cntr_note(always TRUE)
      endif()
    endif()
  endforeach()
endfunction()

# The host path of a mount. The name of a cntr_add_mount() alone is its whole directory.
function(_cntr_mount_source out text shown mode undeclared)
  set(${out} "" PARENT_SCOPE)
  get_property(named GLOBAL PROPERTY "_CNTR_MOUNT:${text}")
  if(NOT "${named}" STREQUAL "")
    string(APPEND text ":.")
  endif()
  _cntr_input_path(path MOUNTS "${text}")
  if(path STREQUAL "")
    return()
  endif()
  _cntr_has_genex(genex "${path}")
  if(genex)
    _cntr_add_targets_of_genex("${path}")
    set(${out} "${path}" PARENT_SCOPE)
    return()
  endif()
  _cntr_place(place "${path}")
  _cntr_path_in_mount(in_mount "${text}")
  if(place STREQUAL "elsewhere" AND in_mount STREQUAL "")
    _cntr_mistake("MOUNTS: the host path of \"${shown}\" lies outside the source tree, the build \
tree and the mounts: declare its directory with cntr_add_mount()")
  elseif(NOT place STREQUAL "build" AND mode STREQUAL "rw" AND NOT undeclared)
    _cntr_mistake("MOUNTS: \"${shown}\" is writable and lies outside the build tree: mount it :ro, \
or write :rw:undeclared")
  elseif(NOT place STREQUAL "build" AND NOT EXISTS "${path}")
    _cntr_mistake("MOUNTS: the host path of \"${shown}\" does not exist (${path})")
  endif()
  set(${out} "${path}" PARENT_SCOPE)
endfunction()

# A relative WORKING_DIRECTORY is below the build side; an absolute one may be a path of the image.
function(_cntr_add_working_directory_of_step)
  if(NOT "WORKING_DIRECTORY" IN_LIST step_GIVEN)
    return()
  endif()
  _cntr_path_in_mount(path "${step_WORKING_DIRECTORY}")
  if(path STREQUAL "")
    string(CONCAT path "${step_WORKING_DIRECTORY}")
  endif()
  _cntr_check_path(ok WORKING_DIRECTORY "${path}")
  if(NOT ok)
    return()
  elseif(NOT path MATCHES "^\\$<")
    _cntr_absolute(path "${CMAKE_CURRENT_BINARY_DIR}" "${path}")
    _cntr_place(place "${path}")
  endif()
  _cntr_note(working_directory "${path}")
endfunction()

function(_cntr_add_step_rules name where)
  _cntr_directory(directory)
  if(NOT step_HOST)
    _cntr_note(producers "${step_IMAGE}")
    _cntr_note(files "${directory}/images/${step_IMAGE}.identity")
  endif()
  if(NOT step_ENV STREQUAL "")
    _cntr_note(producers "${step_ENV}")
    _cntr_note(files "${directory}/envs/${step_ENV}.identity")
  endif()
  _cntr_noted(outputs outputs)
  _cntr_noted(output_directories output_directories)
  _cntr_noted(optional_outputs optional_outputs)
  _cntr_noted(input_directories input_directories)
  list(APPEND outputs ${output_directories})
  set(depfile "")
  if(NOT outputs STREQUAL "" AND NOT input_directories STREQUAL "")
    set(depfile "${directory}/steps/${name}.d")
  endif()
  _cntr_step_spec(text "${name}" "${where}" "${depfile}" "${outputs}")
  _cntr_generate_spec(step "${name}" "${text}")

  set(all ALL)
  if(step_EXCLUDE_FROM_ALL)
    set(all "")
  endif()
  set(comment "Running step ${name}")
  if(NOT step_COMMENT STREQUAL "")
    string(REPLACE "\n" " " comment "${step_COMMENT}")
  endif()
  _cntr_add_edge("${name}" "${comment}" ${all} OUTPUTS ${outputs}
                 COMMAND run --die-with-parent DEPFILE "${depfile}")
  # Ninja's clean removes files only.
  set_property(DIRECTORY APPEND PROPERTY ADDITIONAL_CLEAN_FILES
               ${output_directories} ${optional_outputs})
endfunction()
