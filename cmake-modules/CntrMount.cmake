#[=[.rst:
.. command:: cntr_add_mount

  Names a directory of the host that lies elsewhere on every machine::

    cntr_add_mount(<name> <host path>)

  INPUTS, INPUT_DIRECTORIES, STDIN and MOUNTS of :command:`cntr_add_step` and the sources of
  :command:`cntr_add_image` may then name what is in it as ``<name>:<path>``. A step sees the
  directory as ``/mnt/<name>``; the host path is in no signature, so that results are shared between
  machines that have the same data at different places.

  .. code-block:: cmake

    set(WEATHER_DATA "/srv/weather" CACHE PATH "Where the raw data are")
    cntr_add_mount(data "${WEATHER_DATA}")
    cntr_add_step(monthly
      IMAGE debian
      COMMAND awk -f ${CMAKE_CURRENT_SOURCE_DIR}/monthly.awk /mnt/data/seattle.csv
      INPUTS monthly.awk data:seattle.csv
      STDOUT monthly.csv)
#]=]
cmake_policy(VERSION 3.25)

function(cntr_add_mount)
  _cntr_begin_call()
  _cntr_collect_arguments(words)
  list(LENGTH words count)
  set(name "")
  if(NOT count EQUAL 2)
    _cntr_mistake("write cntr_add_mount(<name> <host path>): two arguments, not ${count}")
  else()
    list(GET words 0 name)
    list(GET words 1 path)
    _cntr_decode(name)
    _cntr_decode(path)
    _cntr_check_name("${name}")
    _cntr_check_mount_path("${path}")
    get_property(other GLOBAL PROPERTY "_CNTR_MOUNT:${name}")
    if(NOT "${other}" STREQUAL "")
      _cntr_mistake("there is already the mount \"${name}\", as ${other}")
    endif()
  endif()

  _cntr_mistakes_message(message cntr_add_mount "${name}" "")
  if(NOT message STREQUAL "")
    message(SEND_ERROR "${message}")
    return()
  endif()
  _cntr_absolute(path "/" "${path}")
  set_property(GLOBAL PROPERTY "_CNTR_MOUNT:${name}" "${path}")
  set_property(GLOBAL APPEND PROPERTY _CNTR_MOUNTS "${name}")
endfunction()

function(_cntr_check_mount_path path)
  _cntr_check_path(ok "the host path" "${path}")
  _cntr_escape(shown "${path}")
  if(NOT ok)
    return()
  elseif(NOT path MATCHES "^/")
    _cntr_mistake("the host path \"${shown}\" is relative: it must be absolute")
  elseif(NOT EXISTS "${path}")
    _cntr_mistake("the host path \"${shown}\" does not exist on this machine")
  elseif(NOT IS_DIRECTORY "${path}")
    _cntr_mistake("the host path \"${shown}\" is not a directory")
  endif()
endfunction()
