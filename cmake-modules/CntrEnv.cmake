#[=[.rst:
.. command:: cntr_add_env

  Declares a conda environment that steps can run in::

    cntr_add_env(<name>
                 LOCK <file> | ENVIRONMENT <environment.yml>
                 [PLATFORM <platform>]
                 [LOCK_ENVIRONMENT <name>] [LOCK_CATEGORIES <name>...]
                 [REQUIREMENTS <requirements.txt>] [CHANNELS <channel>...]
                 [SOLVER auto|micromamba|mamba|conda|pixi|<path>] [PIN <file>]
                 [PREFIX <directory>]
                 [COMPRESSION zstd[:<level>]|lz4|gzip[:<level>]|xz[:<level>]]
                 [LINK_SCRIPTS ON|OFF|IGNORE])

  ``LOCK <file>``
    Which packages are in it: an explicit list, as ``conda list --explicit --sha256`` and
    ``conda-lock`` write it, a ``conda-lock.yml`` or a ``pixi.lock``. A relative path is below the
    source directory when it is there, else below the build directory; ``<mount>:<path>`` is a path
    in a mount (:command:`cntr_add_mount`). The build itself may make the file.

  ``ENVIRONMENT <environment.yml>``
    What the environment is asked to be, in place of a ``LOCK``. The user's solver is asked which
    packages that means, once: its answer is written beside the file, as
    ``<environment>.<platform>.lock``, to be kept in version control. When what the file says changed
    since, the next build solves again, or, with the variable ``CNTR_LOCKED`` on, fails; comments and
    formatting do not count. ``cntr env lock`` (target ``cntr-env-lock``) does the same without a
    build, and with ``--update`` it always solves.

  ``REQUIREMENTS <requirements.txt>``
    What the environment's pip is asked for as well, beside the ``pip`` section of the
    environment.yml. Wheels, and source distributions where there is no wheel, stand in the same lock;
    wheels are built from these in a sandbox, with what conda brings.

  ``CHANNELS <channel>...``
    The channels that are asked, in place of those that the environment.yml names.

  ``SOLVER <solver>``
    Which solver is asked: by default, or with ``auto``, the variable ``CNTR_CONDA_EXE``, the first of
    micromamba, mamba, conda and pixi on the ``PATH``, or what the variable ``CNTR_CONDA_INSTALLER``
    names: micromamba itself, or the shell script that installs Miniforge, as a file, or as a URL with
    ``#sha256=<sum>`` behind it. Both are variables of CMake or of the environment.

  ``PIN <file>``
    Another name for the lock, below the source directory.

  ``PLATFORM <platform>``
    conda's name of the platform, ``linux-64`` or ``linux-aarch64`` say. By default that of the
    machine.

  ``LOCK_ENVIRONMENT <name>``, ``LOCK_CATEGORIES <name>...``
    Which environment of a ``pixi.lock``, by default ``default``; which categories of a
    ``conda-lock.yml``, by default ``main``.

  ``PREFIX <directory>``
    The absolute path at which steps see the environment, by default ``/opt/cntr/env``. It need not
    exist on the host, nor in the image of a step.

  ``COMPRESSION <compression>``
    How the environment's file in the cache is compressed, by default ``zstd``. It does not change
    what steps see, so no step runs again when it changes.

  ``LINK_SCRIPTS ON|OFF|IGNORE``
    What becomes of scripts that packages want to run when they are installed: they run in a sandbox
    (the default), a package that has one is an error, or the package is taken without what its script
    would do.

  The environment is built when a step really runs in it: not when a step's result is in the cache.
  A comment in the lock, or another order of its packages, changes nothing. The target ``<name>``
  looks at the lock. docs/environments.md has the rest.

  .. code-block:: cmake

    cntr_add_env(tools LOCK conda-linux-64.lock)
    cntr_add_step(report
      ENV tools
      COMMAND python ${CMAKE_CURRENT_SOURCE_DIR}/report.py
      INPUTS report.py weather.csv
      OUTPUTS report.html)
#]=]
cmake_policy(VERSION 3.25)

function(cntr_add_env)
  _cntr_begin_call()
  _cntr_collect_arguments(words)
  _cntr_parse_arguments(env "${words}"
    ONE LOCK ENVIRONMENT REQUIREMENTS SOLVER PIN PLATFORM LOCK_ENVIRONMENT PREFIX COMPRESSION
    LINK_SCRIPTS MANY LOCK_CATEGORIES CHANNELS STRICT LOCK_CATEGORIES CHANNELS)
  string(CONCAT name "${env_NAME}")
  _cntr_where(where cntr_add_env "${name}")

  _cntr_check_new_target("${name}")
  _cntr_add_sources_of_env()
  if(NOT "PREFIX" IN_LIST env_GIVEN)
    set(env_PREFIX "/opt/cntr/env")
  endif()
  _cntr_check_values_of_env()

  _cntr_register(env "${name}" "${where}")
  _cntr_mistakes_message(message cntr_add_env "${name}" "${env_KNOWN}")
  if(NOT message STREQUAL "")
    message(SEND_ERROR "${message}")
    return()
  endif()

  set_property(GLOBAL PROPERTY "_CNTR_PREFIX:${name}" "${env_PREFIX}")
  _cntr_directory(directory)
  set(identity "${directory}/envs/${name}.identity")
  set(depfile "")
  if("ENVIRONMENT" IN_LIST env_GIVEN)
    set(depfile "${directory}/envs/${name}.d")
    set_property(GLOBAL PROPERTY _CNTR_HAS_ENV_LOCK TRUE)
  endif()
  _cntr_env_spec(text "${name}" "${where}")
  _cntr_generate_spec(env "${name}" "${text}")
  _cntr_add_edge("${name}" "Looking at environment ${name}" COMMAND env prepare
                 OUTPUTS "${identity}" DEPFILE "${depfile}")
endfunction()

# The functions below read the env_* variables of cntr_add_env().

# Notes what says which packages are in the environment.
function(_cntr_add_sources_of_env)
  if("LOCK" IN_LIST env_GIVEN)
    _cntr_add_lock_of_env("${env_LOCK}")
  endif()
  if("ENVIRONMENT" IN_LIST env_GIVEN)
    _cntr_add_file_of_env(ENVIRONMENT "${env_ENVIRONMENT}" environment)
    _cntr_add_pin_of_env()
  endif()
  if("REQUIREMENTS" IN_LIST env_GIVEN)
    _cntr_add_file_of_env(REQUIREMENTS "${env_REQUIREMENTS}" requirements)
  endif()
  if("LOCK" IN_LIST env_SEEN AND "ENVIRONMENT" IN_LIST env_SEEN)
    _cntr_mistake("LOCK and ENVIRONMENT: give one of them; the lock of an environment.yml is named \
with PIN")
  elseif(NOT "LOCK" IN_LIST env_SEEN AND NOT "ENVIRONMENT" IN_LIST env_SEEN)
    _cntr_keyword_mistake("LOCK or ENVIRONMENT is missing")
  endif()
  foreach(keyword IN ITEMS REQUIREMENTS CHANNELS SOLVER PIN)
    if(keyword IN_LIST env_GIVEN AND NOT "ENVIRONMENT" IN_LIST env_SEEN)
      _cntr_mistake("${keyword} is for an ENVIRONMENT")
    endif()
  endforeach()
  foreach(keyword IN ITEMS LOCK_ENVIRONMENT LOCK_CATEGORIES)
    if(keyword IN_LIST env_GIVEN AND "ENVIRONMENT" IN_LIST env_SEEN)
      _cntr_mistake("${keyword} is for a LOCK")
    endif()
  endforeach()
endfunction()

# A file of the source tree that a lock is made from. No step may make it, as what it says is asked
# for before anything is built.
function(_cntr_add_file_of_env keyword text field)
  _cntr_input_path(path ${keyword} "${text}")
  if(path STREQUAL "")
    return()
  endif()
  _cntr_has_genex(genex "${path}")
  if(genex)
    _cntr_escape(shown "${text}")
    _cntr_mistake("${keyword}: \"${shown}\" has a generator expression: it must be a file")
  else()
    _cntr_use_file_of_env(${keyword} "${path}" "${text}" ${field})
  endif()
endfunction()

# Notes the file as `field` of the spec, and that the environment depends on it.
function(_cntr_use_file_of_env keyword path text field)
  get_property(type GLOBAL PROPERTY "_CNTR_TYPE:${path}")
  if("${type}" STREQUAL "directory" OR IS_DIRECTORY "${path}")
    _cntr_escape(shown "${text}")
    _cntr_mistake("${keyword}: \"${shown}\" is a directory: it must be a file")
    return()
  endif()
  _cntr_note(${field} "${path}")
  _cntr_check_presence(${keyword} "${path}" "${text}" TRUE)
  _cntr_depend_on_path(${keyword} "${path}" "${text}")
endfunction()

# Notes where the lock of an environment.yml is.
function(_cntr_add_pin_of_env)
  if("PIN" IN_LIST env_GIVEN)
    _cntr_check_path(ok PIN "${env_PIN}")
    if(ok)
      _cntr_absolute(path "${CMAKE_CURRENT_SOURCE_DIR}" "${env_PIN}")
      _cntr_note(lock "${path}")
    endif()
    return()
  endif()
  set(platform "${env_PLATFORM}")
  if(platform STREQUAL "")
    # As env::host_platform() says it.
    set(names x86_64 64 i686 32 aarch64 aarch64 armv7l armv7l ppc64le ppc64le s390x s390x
        riscv64 riscv64)
    list(FIND names "${CMAKE_HOST_SYSTEM_PROCESSOR}" place)
    if(place EQUAL -1)
      _cntr_mistake("conda has no name for ${CMAKE_HOST_SYSTEM_PROCESSOR}: give PLATFORM")
      return()
    endif()
    math(EXPR place "${place} + 1")
    list(GET names ${place} name)
    set(platform "linux-${name}")
  endif()
  _cntr_noted(environment path)
  if(NOT path STREQUAL "")
    cmake_path(REMOVE_EXTENSION path LAST_ONLY)
    _cntr_note(lock "${path}.${platform}.lock")
  endif()
endfunction()

# Notes the lock: a file, or a step that makes one.
function(_cntr_add_lock_of_env text)
  get_property(kind GLOBAL PROPERTY "_CNTR_KIND:${text}")
  if("${kind}" STREQUAL "step")
    get_property(path GLOBAL PROPERTY "_CNTR_MAKES:${text}")
    list(LENGTH path count)
    if(NOT count EQUAL 1)
      _cntr_mistake("LOCK: the step \"${text}\" makes ${count} outputs: name the one that is the \
lock")
      return()
    endif()
  else()
    _cntr_input_path(path LOCK "${text}")
  endif()
  if(path STREQUAL "")
    return()
  endif()
  _cntr_has_genex(genex "${path}")
  if(genex)
    _cntr_note(lock "${path}")
    _cntr_note(files "${path}")
    _cntr_add_targets_of_genex("${path}")
  else()
    _cntr_use_file_of_env(LOCK "${path}" "${text}" lock)
  endif()
endfunction()

function(_cntr_check_values_of_env)
  _cntr_escape(platform "${env_PLATFORM}")
  _cntr_escape(prefix "${env_PREFIX}")
  _cntr_escape(compression "${env_COMPRESSION}")
  if("PLATFORM" IN_LIST env_GIVEN AND NOT env_PLATFORM MATCHES "^linux-[a-z0-9_]+$")
    _cntr_mistake("PLATFORM cannot be \"${platform}\": it is conda's name of one that runs Linux, \
such as linux-64 or linux-aarch64")
  endif()
  string(LENGTH "${env_PREFIX}" length)
  _cntr_absolute(absolute "/" "${env_PREFIX}")
  if(NOT env_PREFIX MATCHES "^(/[^]/ \t\r\n;\"'`$\\[]+)+$" OR length GREATER 200
     OR NOT absolute STREQUAL env_PREFIX)
    _cntr_mistake("PREFIX cannot be \"${prefix}\": it is a normal absolute path of at most 200 \
characters, without blanks, quotes, brackets, ; $ and \\ in it and without a slash at its end")
  elseif(env_PREFIX MATCHES "^/((src|build|mnt|proc|dev|sys)(/.*)?|tmp)$")
    _cntr_mistake("PREFIX: nothing can be mounted at ${env_PREFIX}")
  endif()
  if("COMPRESSION" IN_LIST env_GIVEN AND NOT env_COMPRESSION MATCHES
     "^(zstd(:([1-9]|1[0-9]|2[0-2]))?|lz4|gzip(:[1-9])?|xz(:[0-9])?)$")
    _cntr_mistake("COMPRESSION cannot be \"${compression}\": it is zstd, zstd:1 to zstd:22, lz4, \
gzip, gzip:1 to gzip:9, xz or xz:0 to xz:9")
  endif()
  if("LINK_SCRIPTS" IN_LIST env_GIVEN)
    _cntr_check_word(LINK_SCRIPTS "${env_LINK_SCRIPTS}" ON OFF IGNORE)
  endif()
  if("LOCK_ENVIRONMENT" IN_LIST env_GIVEN AND "LOCK_CATEGORIES" IN_LIST env_GIVEN)
    _cntr_mistake("LOCK_ENVIRONMENT is for a pixi.lock and LOCK_CATEGORIES for a conda-lock.yml: \
give one of them")
  endif()
endfunction()

function(_cntr_env_spec out name where)
  _cntr_noted(lock lock)
  set(spec "cntr: env\nversion: 1\n")
  _cntr_append_entry(spec name "${name}")
  _cntr_append_entry(spec location "${where}")
  _cntr_append_entry(spec lock "${lock}")
  if("ENVIRONMENT" IN_LIST env_GIVEN)
    _cntr_append_request_of_env(spec "${name}")
  endif()
  _cntr_append_entry(spec platform "${env_PLATFORM}")
  _cntr_append_entry(spec lock_environment "${env_LOCK_ENVIRONMENT}")
  _cntr_append_list(spec lock_categories ${env_LOCK_CATEGORIES})
  _cntr_append_entry(spec prefix "${env_PREFIX}")
  _cntr_append_entry(spec compression "${env_COMPRESSION}")
  string(TOLOWER "${env_LINK_SCRIPTS}" link_scripts)
  _cntr_append_entry(spec link_scripts "${link_scripts}")
  set(${out} "${spec}" PARENT_SCOPE)
endfunction()

# What the lock is made from, as a mapping in the spec.
function(_cntr_append_request_of_env variable name)
  _cntr_noted(environment environment)
  _cntr_noted(requirements requirements)
  _cntr_directory(directory)
  set(solver "${env_SOLVER}")
  if(solver STREQUAL "" OR solver STREQUAL "auto")
    set(solver "${CNTR_CONDA_EXE}")
  endif()
  set(installer "${CNTR_CONDA_INSTALLER}")
  foreach(path IN ITEMS solver installer)
    if("${${path}}" MATCHES "/" AND NOT "${${path}}" MATCHES "^https?://")
      _cntr_absolute(${path} "${CMAKE_CURRENT_SOURCE_DIR}" "${${path}}")
    endif()
  endforeach()
  set(request "")
  _cntr_append_entry(request environment "${environment}")
  _cntr_append_entry(request requirements "${requirements}")
  _cntr_append_list(request channels ${env_CHANNELS})
  _cntr_append_entry(request solver "${solver}")
  _cntr_append_entry(request installer "${installer}")
  if(CNTR_LOCKED)
    string(APPEND request "locked: true\n")
  endif()
  _cntr_append_entry(request depfile "${directory}/envs/${name}.d")
  _cntr_append_entry(request depfile_target "${directory}/envs/${name}.identity")
  string(REGEX REPLACE "\n$" "" request "${request}")
  string(REPLACE "\n" "\n  " request "${request}")
  set(${variable} "${${variable}}request:\n  ${request}\n" PARENT_SCOPE)
endfunction()
