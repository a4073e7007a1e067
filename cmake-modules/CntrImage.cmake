#[=[.rst:
.. command:: cntr_add_image

  Declares an image that steps can run in::

    cntr_add_image(<name>
                   ROOTFS <directory or tar>
                   | OCI_LAYOUT <directory>[:<tag>]
                   | REFERENCE <reference>
                   | ARCHIVE <file>
                   | SIF <file>
                   | CONTAINERFILE <file> [CONTEXT <directory>] [TARGET <stage>]
                     [BUILD_ARGS <name>=<value>...] [BUILDER podman|buildah|docker]
                   | DEFINITION <file>
                   [PLATFORM linux/<architecture>[/<variant>]]
                   [PULL missing|never|always]
                   [DEPENDS <target or file>...])

  ``ROOTFS <directory or tar>``
    A root file system: a directory, or a tar archive with any compression.

  ``OCI_LAYOUT <directory>[:<tag>]``
    An OCI image layout, as ``skopeo copy ... oci:<directory>:<tag>`` and ``umoci`` write it. Its
    Env, WorkingDir, Entrypoint, Cmd and User hold for the steps. Without a tag the layout must have
    a single image.

  ``REFERENCE <reference>``
    ``[docker://][<host>/]<name>:<tag>`` or ``...@sha256:<digest>`` is an image in a registry. What a
    tag means is written to ``cntr.lock`` in the top-level source directory, once, and holds until
    ``cntr lock --update`` (target ``cntr-lock``). ``docker-daemon:<name>:<tag>`` and
    ``containers-storage:<name>:<tag>`` are images that Docker, or podman and buildah, have on this
    machine; they are looked at in every build.

  ``ARCHIVE <file>``
    What ``docker save`` and ``podman save`` write, or an OCI layout in a tar archive, plain or
    compressed; one image.

  ``SIF <file>``
    An image of Apptainer or Singularity.

  ``CONTAINERFILE <file>``
    The build makes the image, with ``BUILDER`` or the first of podman, buildah and docker that is
    there. ``CONTEXT`` is the directory of the file unless given; what its ``.dockerignore`` leaves
    out does not count. The image is built again when the file, what counts of the context, TARGET,
    BUILD_ARGS, PLATFORM or a locked base change, and by ``cntr image build <name>``.

  ``DEFINITION <file>``
    A definition file, built by apptainer or singularity.

  ``PLATFORM``
    Which image of several; without it the machine's. For OCI images.

  ``PULL``
    With ``never`` nothing is fetched: what is not in the cache is an error. With ``always`` a tag is
    not locked, and every build asks the registry what it means.

  ``DEPENDS``
    What must be built before the source of the image is there.

  Relative paths are below the source directory when they are there, else below the build directory;
  ``<mount>:<path>`` is a path in a mount (:command:`cntr_add_mount`). The source may be made by the
  build itself, by a step or a custom command. The target ``<name>`` prepares the image.

  Variables: with ``CNTR_LOCKED`` a reference that is not in ``cntr.lock`` is an error. Warnings
  about images and steps are errors with ``CNTR_LINT_ERRORS``.

  .. code-block:: cmake

    add_custom_command(
      OUTPUT rootfs.tar
      COMMAND mmdebstrap --variant=minbase bookworm rootfs.tar
      VERBATIM)
    cntr_add_image(debian ROOTFS rootfs.tar)
    cntr_add_image(python OCI_LAYOUT images/python:3.12)
    cntr_add_image(tools REFERENCE docker://quay.io/project/tools:2.1)
    cntr_add_image(model CONTAINERFILE Containerfile CONTEXT model)
#]=]
cmake_policy(VERSION 3.25)

# A property, because a variable would be of the directory that included this file.
set_property(GLOBAL PROPERTY _CNTR_IMAGE_SOURCES
             ROOTFS OCI_LAYOUT REFERENCE ARCHIVE SIF CONTAINERFILE DEFINITION)

function(cntr_add_image)
  _cntr_begin_call()
  _cntr_collect_arguments(words)
  _cntr_parse_arguments(image "${words}"
    ONE ROOTFS OCI_LAYOUT REFERENCE ARCHIVE SIF CONTAINERFILE CONTEXT TARGET BUILDER DEFINITION
        PLATFORM PULL
    MANY BUILD_ARGS DEPENDS STRICT DEPENDS)
  string(CONCAT name "${image_NAME}")
  _cntr_where(where cntr_add_image "${name}")

  _cntr_check_new_target("${name}")
  _cntr_check_keywords_of_image()
  set(tag "")
  _cntr_add_source_of_image(tag)
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
  _cntr_lint_image("${name}" "${where}")

  _cntr_directory(directory)
  set(identity "${directory}/images/${name}.identity")
  set(depfile "")
  _cntr_noted(always always)
  if(NOT always STREQUAL "")
    set(depfile "${directory}/images/${name}.d")
  endif()
  _cntr_image_spec(text "${name}" "${where}" "${tag}" "${depfile}" "${identity}")
  _cntr_generate_spec(image "${name}" "${text}")
  _cntr_add_edge("${name}" "Preparing image ${name}" OUTPUTS "${identity}" COMMAND image prepare
                 DEPFILE "${depfile}")
endfunction()

# The functions below read the image_* variables of cntr_add_image().

function(_cntr_check_keywords_of_image)
  set(sources "")
  get_property(all_sources GLOBAL PROPERTY _CNTR_IMAGE_SOURCES)
  foreach(keyword IN LISTS all_sources)
    if(keyword IN_LIST image_SEEN)
      list(APPEND sources ${keyword})
    endif()
  endforeach()
  list(LENGTH sources count)
  if(count EQUAL 0)
    list(JOIN all_sources ", " known)
    _cntr_keyword_mistake("the source is missing: one of ${known}")
    return()
  elseif(count GREATER 1)
    list(JOIN sources " and " sources)
    _cntr_keyword_mistake("${sources} exclude each other")
    return()
  endif()
  foreach(keyword IN ITEMS CONTEXT TARGET BUILD_ARGS BUILDER)
    if(keyword IN_LIST image_SEEN AND NOT sources STREQUAL "CONTAINERFILE")
      _cntr_keyword_mistake("${keyword} needs a CONTAINERFILE")
    endif()
  endforeach()
  if("PLATFORM" IN_LIST image_GIVEN)
    if(sources MATCHES "^(ROOTFS|SIF|DEFINITION)$")
      _cntr_keyword_mistake("PLATFORM is for OCI images, not for a ${sources}")
    elseif(NOT image_PLATFORM MATCHES "^linux/[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)?$")
      _cntr_escape(shown "${image_PLATFORM}")
      _cntr_mistake("PLATFORM cannot be \"${shown}\": it is linux/<architecture> or \
linux/<architecture>/<variant>")
    endif()
  endif()
  if("PULL" IN_LIST image_SEEN AND NOT sources MATCHES "^(REFERENCE|CONTAINERFILE)$")
    _cntr_keyword_mistake("PULL needs a REFERENCE or a CONTAINERFILE")
  elseif("PULL" IN_LIST image_GIVEN)
    _cntr_check_word(PULL "${image_PULL}" missing never always)
  endif()
  if("BUILDER" IN_LIST image_GIVEN)
    _cntr_check_word(BUILDER "${image_BUILDER}" podman buildah docker)
  endif()
  foreach(argument IN LISTS image_BUILD_ARGS)
    _cntr_decode(argument)
    if(NOT argument MATCHES "^[A-Za-z_][A-Za-z0-9_]*=")
      _cntr_escape(shown "${argument}")
      _cntr_mistake("BUILD_ARGS: \"${shown}\" is not <name>=<value>")
    endif()
  endforeach()
endfunction()

# Notes source, and whether times of files tell of its changes (always). Sets `tag`.
function(_cntr_add_source_of_image tag)
  set(archive FALSE)
  if("ROOTFS" IN_LIST image_GIVEN)
    _cntr_add_image_source(archive ROOTFS "${image_ROOTFS}")
  elseif("OCI_LAYOUT" IN_LIST image_GIVEN)
    _cntr_split_tag(layout found "${image_OCI_LAYOUT}")
    set(${tag} "${found}" PARENT_SCOPE)
    _cntr_add_image_source(archive OCI_LAYOUT "${layout}")
  elseif("REFERENCE" IN_LIST image_GIVEN)
    _cntr_canonical_reference(reference "${image_REFERENCE}")
    _cntr_note(reference "${reference}")
  elseif("CONTAINERFILE" IN_LIST image_GIVEN)
    _cntr_add_image_source(unused CONTAINERFILE "${image_CONTAINERFILE}")
    if("CONTEXT" IN_LIST image_GIVEN)
      _cntr_input_path(context CONTEXT "${image_CONTEXT}")
    else()
      _cntr_noted(source file)
      cmake_path(GET file PARENT_PATH context)
    endif()
    if(NOT context STREQUAL "")
      _cntr_check_presence(CONTEXT "${context}" "${image_CONTEXT}" TRUE)
      _cntr_depend_on_path(CONTEXT "${context}" "${image_CONTEXT}")
      _cntr_note(context "${context}")
    endif()
  else()
    foreach(keyword IN ITEMS ARCHIVE SIF DEFINITION)
      if(keyword IN_LIST image_GIVEN)
        _cntr_add_image_source(unused ${keyword} "${image_${keyword}}")
      endif()
    endforeach()
  endif()
  if(NOT archive)
    _cntr_note(always TRUE)
  endif()
endfunction()

# The reference in full: "debian" is docker://docker.io/library/debian:latest. What is wrong with it
# is a mistake here as far as it can be seen.
function(_cntr_canonical_reference out text)
  set(${out} "${text}" PARENT_SCOPE)
  _cntr_escape(shown "${text}")
  set(component "[a-z0-9]+([._-]+[a-z0-9]+)*")
  string(REPEAT "[0-9a-f]" 64 digest)
  if(text MATCHES "^(docker-daemon|containers-storage):[!-,.-~][!-~]*$")
    return()
  elseif(text MATCHES "^(docker-archive|oci-archive|oci|dir|sif):")
    _cntr_mistake("REFERENCE: \"${shown}\" is no reference: files are named with ARCHIVE, \
OCI_LAYOUT or SIF")
    return()
  elseif(NOT text MATCHES "^(docker://)?([A-Za-z0-9.:-]+/)?${component}(/${component})*\
(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:${digest})?$")
    _cntr_mistake("REFERENCE: \"${shown}\" is no reference: it is [docker://][<host>/]<name>:<tag> \
or ...@sha256:<digest>, docker-daemon:<name>:<tag> or containers-storage:<name>:<tag>")
    return()
  endif()
  string(REGEX REPLACE "^docker://" "" name "${text}")
  if(NOT name MATCHES "^(localhost|[^/]*[.:][^/]*)/")
    if(name MATCHES "/")
      string(PREPEND name "docker.io/")
    else()
      string(PREPEND name "docker.io/library/")
    endif()
  endif()
  if(name MATCHES "@")
    string(REGEX REPLACE ":[^:/@]+@" "@" name "${name}")
  elseif(NOT name MATCHES ":[^/]*$")
    string(APPEND name ":latest")
  endif()
  set(${out} "docker://${name}" PARENT_SCOPE)
endfunction()

# --- Warnings.

# A warning, or an error with CNTR_LINT_ERRORS.
function(_cntr_lint where text)
  set(kind WARNING)
  if(CNTR_LINT_ERRORS)
    set(kind SEND_ERROR)
  endif()
  message(${kind} " ${where}: ${text}")
endfunction()

function(_cntr_lint_image name where)
  _cntr_noted(reference reference)
  if(reference MATCHES "^docker://.*[^@]:latest$")
    _cntr_lint("${where}" "image ${name}: ${reference}: the tag \"latest\" says nothing of what the \
steps run in: name a version")
  endif()
  set(lock "${CMAKE_SOURCE_DIR}/cntr.lock")
  if(reference MATCHES "^docker://[^@]*$" AND EXISTS "${lock}" AND NOT image_PULL STREQUAL "always")
    file(STRINGS "${lock}" lines REGEX "reference:")
    string(FIND "${lines}" "\"${reference}\"" position)
    if(position EQUAL -1)
      _cntr_lint("${where}" "image ${name}: ${reference} is not in ${lock}: build the target \
cntr-lock, and put the file under version control")
    endif()
  endif()
  _cntr_noted(context context)
  if(NOT context STREQUAL "")
    _cntr_noted(source file)
    _cntr_lint_context("${name}" "${where}" "${context}" "${file}")
  endif()
endfunction()

# A context without an ignore file is easily more than what is meant.
function(_cntr_lint_context name where context containerfile)
  foreach(ignore IN ITEMS "${containerfile}.containerignore" "${containerfile}.dockerignore"
          "${context}/.containerignore" "${context}/.dockerignore")
    if(EXISTS "${ignore}")
      return()
    endif()
  endforeach()
  file(GLOB_RECURSE files LIST_DIRECTORIES FALSE "${context}/*")
  list(LENGTH files count)
  set(most 5000)
  set(advice "leave out what the image does not need, in a .dockerignore")
  if(count GREATER most)
    _cntr_lint("${where}" "image ${name}: the context ${context} has ${count} files: ${advice}")
    return()
  endif()
  set(bytes 0)
  set(most 1024)
  foreach(file IN LISTS files)
    if(EXISTS "${file}")
      file(SIZE "${file}" size)
      math(EXPR bytes "${bytes} + ${size}")
    endif()
  endforeach()
  math(EXPR mebibytes "${bytes} >> 20")
  if(mebibytes GREATER_EQUAL most)
    _cntr_lint("${where}" "image ${name}: the context ${context} has ${mebibytes} MiB: ${advice}")
  endif()
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
  elseif(keyword MATCHES "^(ARCHIVE|SIF|CONTAINERFILE|DEFINITION)$" AND IS_DIRECTORY "${path}")
    _cntr_mistake("${keyword}: \"${shown}\" is a directory: it must be a file")
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
  set(spec "cntr: image\nversion: 1\n")
  _cntr_append_entry(spec name "${name}")
  _cntr_append_entry(spec location "${where}")
  get_property(all_sources GLOBAL PROPERTY _CNTR_IMAGE_SOURCES)
  foreach(keyword IN LISTS all_sources)
    if(keyword IN_LIST image_GIVEN)
      string(TOLOWER ${keyword} key)
    endif()
  endforeach()
  if(key STREQUAL "reference")
    _cntr_noted(reference value)
  else()
    _cntr_noted(source value)
  endif()
  _cntr_append_entry(spec ${key} "${value}")
  if(key STREQUAL "containerfile")
    _cntr_noted(context context)
    _cntr_append_entry(spec context "${context}")
    _cntr_append_entry(spec target "${image_TARGET}")
    _cntr_append_list(spec build_args ${image_BUILD_ARGS})
    _cntr_append_entry(spec builder "${image_BUILDER}")
  endif()
  _cntr_append_entry(spec tag "${tag}")
  _cntr_append_entry(spec platform "${image_PLATFORM}")
  _cntr_append_entry(spec pull "${image_PULL}")
  if(key STREQUAL "containerfile" OR value MATCHES "^docker://")
    _cntr_append_entry(spec lock "${CMAKE_SOURCE_DIR}/cntr.lock")
    if(CNTR_LOCKED)
      string(APPEND spec "locked: true\n")
    endif()
    set_property(GLOBAL PROPERTY _CNTR_HAS_LOCK TRUE)
  endif()
  if(NOT depfile STREQUAL "")
    _cntr_append_entry(spec depfile "${depfile}")
    _cntr_append_entry(spec depfile_target "${identity}")
  endif()
  set(${out} "${spec}" PARENT_SCOPE)
endfunction()
