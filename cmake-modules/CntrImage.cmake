#[=[.rst:
.. command:: cntr_add_image

  Declares an image that steps can run in::

    cntr_add_image(<name>
                   ROOTFS <directory or tar> | OCI_LAYOUT <directory>[:<tag>]
                   [DEPENDS <target or file>...])

  ``ROOTFS <directory or tar>``
    A root file system: a directory, or a tar archive with any compression.

  ``OCI_LAYOUT <directory>[:<tag>]``
    An OCI image layout, as ``skopeo copy ... oci:<directory>:<tag>`` and ``umoci`` write it. Its
    Env, WorkingDir, Entrypoint, Cmd and User hold for the steps. Without a tag the layout must have
    a single image.

  ``DEPENDS``
    What must be built before the source of the image is there.

  Relative paths are below the source directory when they are there, else below the build directory;
  ``<mount>:<path>`` is a path in a mount (:command:`cntr_add_mount`). The source may be made by the
  build itself, by a step or a custom command. The target ``<name>`` prepares the image.

  .. code-block:: cmake

    add_custom_command(
      OUTPUT rootfs.tar
      COMMAND mmdebstrap --variant=minbase bookworm rootfs.tar
      VERBATIM)
    cntr_add_image(debian ROOTFS rootfs.tar)
    cntr_add_image(python OCI_LAYOUT images/python:3.12)
#]=]
cmake_policy(VERSION 3.25)

function(cntr_add_image)
  _cntr_begin_call()
  _cntr_collect_arguments(words)
  _cntr_parse_arguments(image "${words}"
    ONE ROOTFS OCI_LAYOUT MANY DEPENDS STRICT DEPENDS)
  string(CONCAT name "${image_NAME}")
  _cntr_where(where cntr_add_image "${name}")

  _cntr_check_new_target("${name}")
  set(tag "")
  set(archive FALSE)
  if("ROOTFS" IN_LIST image_SEEN AND "OCI_LAYOUT" IN_LIST image_SEEN)
    _cntr_keyword_mistake("ROOTFS and OCI_LAYOUT exclude each other")
  elseif("ROOTFS" IN_LIST image_GIVEN)
    _cntr_add_image_source(archive ROOTFS "${image_ROOTFS}")
  elseif("OCI_LAYOUT" IN_LIST image_GIVEN)
    _cntr_split_tag(layout tag "${image_OCI_LAYOUT}")
    _cntr_add_image_source(archive OCI_LAYOUT "${layout}")
  elseif(NOT "ROOTFS" IN_LIST image_SEEN AND NOT "OCI_LAYOUT" IN_LIST image_SEEN)
    _cntr_keyword_mistake("ROOTFS or OCI_LAYOUT is missing")
  endif()
  foreach(word IN LISTS image_DEPENDS)
    _cntr_decode(word)
    _cntr_add_dependency("${word}")
  endforeach()

  _cntr_register(image "${name}" "${where}")
  _cntr_mistakes_message(message cntr_add_image "${name}" "${image_KNOWN}")
  if(NOT message STREQUAL "")
    message(SEND_ERROR "${message}")
    return()
  endif()

  _cntr_directory(directory)
  set(identity "${directory}/images/${name}.identity")
  set(depfile "")
  if(NOT archive)
    set(depfile "${directory}/images/${name}.d")
    _cntr_note(always TRUE)
  endif()
  _cntr_image_spec(text "${name}" "${where}" "${tag}" "${depfile}" "${identity}")
  _cntr_generate_spec(image "${name}" "${text}")
  _cntr_add_edge("${name}" "Preparing image ${name}" OUTPUTS "${identity}" COMMAND image prepare
                 DEPFILE "${depfile}")
endfunction()

# Notes the source of the image. `archive`: whether it is a file for certain, and not a directory.
function(_cntr_add_image_source archive keyword text)
  set(${archive} FALSE PARENT_SCOPE)
  get_property(kind GLOBAL PROPERTY "_CNTR_KIND:${text}")
  if("${kind}" STREQUAL "step")
    get_property(path GLOBAL PROPERTY "_CNTR_MAKES:${text}")
    list(LENGTH path count)
    if(NOT count EQUAL 1)
      _cntr_mistake("${keyword}: the step \"${text}\" makes ${count} outputs: name the one that is \
the image")
      return()
    endif()
  else()
    _cntr_input_path(path ${keyword} "${text}")
  endif()
  if(path STREQUAL "")
    return()
  endif()
  get_property(type GLOBAL PROPERTY "_CNTR_TYPE:${path}")
  set(is_archive FALSE)
  if("${type}" STREQUAL "file" OR (EXISTS "${path}" AND NOT IS_DIRECTORY "${path}")
     OR (NOT EXISTS "${path}" AND NOT "${type}" STREQUAL "directory"
         AND path MATCHES "\\.(tar(\\.[a-z0-9]+)?|t[gbxz]z2?|tzst)$"))
    set(is_archive TRUE)
  endif()
  _cntr_escape(shown "${text}")
  if(is_archive AND keyword STREQUAL "OCI_LAYOUT")
    _cntr_mistake("OCI_LAYOUT: \"${shown}\" is a file: it must be a directory")
  elseif(NOT is_archive AND IS_DIRECTORY "${path}" AND keyword STREQUAL "OCI_LAYOUT"
         AND NOT EXISTS "${path}/oci-layout" AND "${type}" STREQUAL "")
    _cntr_mistake("OCI_LAYOUT: \"${shown}\" is not an OCI layout: it has no file oci-layout")
  endif()
  _cntr_note(source "${path}")
  _cntr_has_genex(genex "${path}")
  if(genex)
    _cntr_note(files "${path}")
    _cntr_add_targets_of_genex("${path}")
  else()
    _cntr_is_below(contains_build "${CMAKE_BINARY_DIR}" "${path}")
    if(contains_build)
      _cntr_mistake("${keyword}: \"${shown}\" contains the build tree ${CMAKE_BINARY_DIR}")
    endif()
    _cntr_check_presence(${keyword} "${path}" "${text}" TRUE)
    _cntr_depend_on_path(${keyword} "${path}" "${text}")
  endif()
  set(${archive} ${is_archive} PARENT_SCOPE)
endfunction()

# <directory>[:<tag>]. A tag has no slash (OCI distribution specification).
function(_cntr_split_tag directory tag text)
  set(${directory} "${text}" PARENT_SCOPE)
  set(${tag} "" PARENT_SCOPE)
  _cntr_absolute(whole "${CMAKE_CURRENT_SOURCE_DIR}" "${text}")
  if(text MATCHES "^(.+):([A-Za-z0-9_][A-Za-z0-9_.-]*)$" AND NOT EXISTS "${whole}")
    set(before "${CMAKE_MATCH_1}")
    set(after "${CMAKE_MATCH_2}")
    get_property(mount GLOBAL PROPERTY "_CNTR_MOUNT:${before}")
    if("${mount}" STREQUAL "")
      set(${directory} "${before}" PARENT_SCOPE)
      set(${tag} "${after}" PARENT_SCOPE)
    endif()
  endif()
endfunction()

function(_cntr_image_spec out name where tag depfile identity)
  _cntr_noted(source source)
  set(key rootfs)
  if(NOT image_OCI_LAYOUT STREQUAL "")
    set(key oci_layout)
  endif()
  set(spec "cntr: image\nversion: 1\n")
  _cntr_append_entry(spec name "${name}")
  _cntr_append_entry(spec location "${where}")
  _cntr_append_entry(spec ${key} "${source}")
  _cntr_append_entry(spec tag "${tag}")
  if(NOT depfile STREQUAL "")
    _cntr_append_entry(spec depfile "${depfile}")
    _cntr_append_entry(spec depfile_target "${identity}")
  endif()
  set(${out} "${spec}" PARENT_SCOPE)
endfunction()
