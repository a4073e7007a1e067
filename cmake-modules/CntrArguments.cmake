# The argument checker of the public functions, and the record of the call that is being checked.
#
# Arguments travel as lists of encoded words. A CMake list loses empty elements and breaks at
# semicolons, brackets and backslashes; an encoded word has none of them. Paths that Cntr accepts
# have none of the encoded characters either, so that an encoded path is the path itself.
#
# set() takes a value CACHE or PARENT_SCOPE for a keyword; string(CONCAT) does not.
cmake_policy(VERSION 3.25)

# Encodes the value of the variable in place. The escape character is ASCII 1.
function(_cntr_encode variable)
  string(CONCAT text "${${variable}}")
  if(text MATCHES "^[ -:<-Z^-~]+$")  # the common case: printable, none of ; [ ] and backslash
    return()
  endif()
  string(ASCII 1 mark)
  if(text STREQUAL "")
    set(text "${mark}E")
  else()
    string(REPLACE "${mark}" "${mark}A" text "${text}")
    string(REPLACE ";" "${mark}S" text "${text}")
    string(REPLACE "[" "${mark}L" text "${text}")
    string(REPLACE "]" "${mark}R" text "${text}")
    string(REPLACE "\\" "${mark}B" text "${text}")
  endif()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# Decodes the value of the variable in place.
function(_cntr_decode variable)
  string(CONCAT text "${${variable}}")
  if(text MATCHES "^[ -~]*$")
    return()
  endif()
  string(ASCII 1 mark)
  string(REPLACE "${mark}E" "" text "${text}")
  string(REPLACE "${mark}S" ";" text "${text}")
  string(REPLACE "${mark}L" "[" text "${text}")
  string(REPLACE "${mark}R" "]" text "${text}")
  string(REPLACE "${mark}B" "\\" text "${text}")
  string(REPLACE "${mark}A" "${mark}" text "${text}")
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# Puts the arguments of the calling function, encoded, into the list `words`. A macro, because only
# the ARGV<n> of the function itself hold the arguments exactly.
macro(_cntr_collect_arguments words)
  set(${words} "")
  set(_cntr_index 0)
  while(_cntr_index LESS ARGC)
    string(CONCAT _cntr_word "${ARGV${_cntr_index}}")
    if(NOT _cntr_word MATCHES "^[-A-Za-z0-9_./=]+$")  # saves time
      _cntr_encode(_cntr_word)
    endif()
    list(APPEND ${words} "${_cntr_word}")
    math(EXPR _cntr_index "${_cntr_index} + 1")
  endwhile()
endmacro()

# Text as it may stand between double quotes, in YAML and in messages.
function(_cntr_escape out text)
  if(text MATCHES "^[ !#-Z^-~]*$")  # printable, no quote, bracket or backslash
    set(${out} "${text}" PARENT_SCOPE)
    return()
  endif()
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n" text "${text}")
  string(REPLACE "\t" "\\t" text "${text}")
  string(REPLACE "\r" "\\r" text "${text}")
  string(ASCII 1 first)
  string(ASCII 31 last)
  string(ASCII 127 delete)
  if(text MATCHES "[${first}-${last}${delete}]")
    foreach(code RANGE 1 127)
      if(code GREATER 31 AND code LESS 127)
        continue()
      endif()
      string(ASCII ${code} character)
      math(EXPR hexadecimal "${code} + 256" OUTPUT_FORMAT HEXADECIMAL)
      string(SUBSTRING "${hexadecimal}" 3 2 digits)
      string(REPLACE "${character}" "\\x${digits}" text "${text}")
    endforeach()
  endif()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# --- The record of the call in progress: fields that are lists of encoded words.
#
# Global properties:
#   _CNTR_CALL                    the fields that have values
#   _CNTR_CALL_<field>            the values
#   _CNTR_CALL_NUMBER             of the call
#   _CNTR_NOTED:<field>:<value>   the number of the last call that noted the value, so that a call with
#                                 thousands of values needs no search in a list for each of them

function(_cntr_begin_call)
  get_property(fields GLOBAL PROPERTY _CNTR_CALL)
  foreach(field IN LISTS fields)
    set_property(GLOBAL PROPERTY _CNTR_CALL_${field} "")
  endforeach()
  set_property(GLOBAL PROPERTY _CNTR_CALL "")
  get_property(number GLOBAL PROPERTY _CNTR_CALL_NUMBER)
  math(EXPR number "${number} + 1")
  set_property(GLOBAL PROPERTY _CNTR_CALL_NUMBER ${number})
endfunction()

# Adds a value to a field, once.
function(_cntr_note field value)
  _cntr_encode(value)
  get_property(number GLOBAL PROPERTY _CNTR_CALL_NUMBER)
  get_property(noted GLOBAL PROPERTY "_CNTR_NOTED:${field}:${value}")
  if(NOT "${noted}" STREQUAL number)
    set_property(GLOBAL PROPERTY "_CNTR_NOTED:${field}:${value}" ${number})
    set_property(GLOBAL APPEND PROPERTY _CNTR_CALL_${field} "${value}")
    set_property(GLOBAL APPEND PROPERTY _CNTR_CALL ${field})
  endif()
endfunction()

# Whether a field has a value.
function(_cntr_is_noted out field value)
  _cntr_encode(value)
  get_property(number GLOBAL PROPERTY _CNTR_CALL_NUMBER)
  get_property(noted GLOBAL PROPERTY "_CNTR_NOTED:${field}:${value}")
  set(${out} FALSE PARENT_SCOPE)
  if("${noted}" STREQUAL number)
    set(${out} TRUE PARENT_SCOPE)
  endif()
endfunction()

function(_cntr_noted field out)
  get_property(values GLOBAL PROPERTY _CNTR_CALL_${field})
  set(${out} "${values}" PARENT_SCOPE)
endfunction()

function(_cntr_mistake text)
  _cntr_note(mistakes "${text}")
endfunction()

# A mistake in the use of keywords: the message then lists the known ones.
function(_cntr_keyword_mistake text)
  _cntr_note(mistakes "${text}")
  _cntr_note(keyword_mistakes "${text}")
endfunction()

# All mistakes of the call as one message; empty when there are none.
function(_cntr_mistakes_message out function name known)
  _cntr_noted(mistakes mistakes)
  if(mistakes STREQUAL "")
    set(${out} "" PARENT_SCOPE)
    return()
  endif()
  _cntr_escape(name "${name}")
  set(message "${function}(${name}):")
  foreach(mistake IN LISTS mistakes)
    _cntr_decode(mistake)
    string(APPEND message "\n  ${mistake}")
  endforeach()
  _cntr_noted(keyword_mistakes keyword_mistakes)
  if(NOT keyword_mistakes STREQUAL "")
    list(JOIN known " " known)
    string(APPEND message "\nKnown keywords: ${known}")
  endif()
  set(${out} "${message}" PARENT_SCOPE)
endfunction()

# --- The parser.

# _cntr_parse_arguments(<prefix> <words> FLAGS ... ONE ... MANY ... STRICT ...)
#
# Sets, in the caller's scope, <prefix>_NAME and, for every keyword, <prefix>_<KEYWORD>: TRUE or
# FALSE for FLAGS, the decoded value for ONE, encoded words for MANY; and <prefix>_SEEN, the
# keywords of the call, <prefix>_GIVEN, those without the ones that lack their value, and
# <prefix>_KNOWN, all keywords. A word in capitals among the values
# of STRICT is taken for a misspelt keyword unless it names something that exists.
# COMMAND among MANY takes everything to the end of the call when its first value is "--".
function(_cntr_parse_arguments prefix words)
  cmake_parse_arguments(PARSE_ARGV 2 syntax "" "" "FLAGS;ONE;MANY;STRICT")
  set(known ${syntax_FLAGS} ${syntax_ONE} ${syntax_MANY})
  set(seen "")
  set(given "")
  foreach(keyword IN LISTS known)
    set(value_${keyword} "")
  endforeach()

  set(name "")
  if(NOT words STREQUAL "")
    list(POP_FRONT words name)
    _cntr_decode(name)
  endif()
  if(name STREQUAL "")
    _cntr_keyword_mistake("the name is missing")
  elseif(name IN_LIST known)
    _cntr_keyword_mistake("the name is missing: the first argument is the keyword \"${name}\"")
    list(PREPEND words "${name}")
    set(name "")
  endif()

  # What the next word belongs to: a keyword of MANY or ONE, "one more" after the value of ONE,
  # "ignored" after a mistake, or nothing.
  set(current "")
  set(to_the_end FALSE)
  set(ended_command FALSE)
  foreach(word IN LISTS words)
    if(to_the_end)
      list(APPEND value_COMMAND "${word}")
    elseif(word IN_LIST known)
      if(current IN_LIST syntax_ONE)
        _cntr_keyword_mistake("${current} has no value")
        list(REMOVE_ITEM given ${current})
      endif()
      if(word IN_LIST seen)
        _cntr_keyword_mistake("${word} is given more than once")
        if("COMMAND" IN_LIST seen)
          set(ended_command TRUE)
        endif()
        set(current ignored)
      elseif(word IN_LIST syntax_FLAGS)
        set(current "")
      else()
        string(CONCAT current ${word})
      endif()
      list(APPEND seen ${word})
      list(APPEND given ${word})
    elseif(current STREQUAL "ignored")
      continue()
    elseif(current IN_LIST syntax_ONE)
      string(CONCAT value_${current} "${word}")
      set(current "one more")
    elseif(current STREQUAL "COMMAND" AND word STREQUAL "--" AND value_COMMAND STREQUAL "")
      set(to_the_end TRUE)
    elseif(current IN_LIST syntax_STRICT AND word MATCHES "^[A-Z][A-Z_]+[A-Z]$")
      _cntr_exists_by_name(exists ${current} "${word}")
      if(exists)
        list(APPEND value_${current} "${word}")
      else()
        _cntr_keyword_mistake("unknown keyword \"${word}\" (a file of that name: \"./${word}\")")
        set(current ignored)
      endif()
    elseif(current IN_LIST syntax_MANY)
      list(APPEND value_${current} "${word}")
    else()
      _cntr_decode(word)
      _cntr_escape(word "${word}")
      _cntr_keyword_mistake("unknown keyword \"${word}\"")
      set(current ignored)
    endif()
  endforeach()
  if(current IN_LIST syntax_ONE)
    _cntr_keyword_mistake("${current} has no value")
    list(REMOVE_ITEM given ${current})
  endif()
  if(ended_command)
    _cntr_keyword_mistake("a keyword ends COMMAND; to pass such a word to the program, write \
COMMAND -- <argument>... at the end of the call")
  endif()

  set(${prefix}_NAME "${name}" PARENT_SCOPE)
  set(${prefix}_SEEN "${seen}" PARENT_SCOPE)
  set(${prefix}_GIVEN "${given}" PARENT_SCOPE)
  set(${prefix}_KNOWN "${known}" PARENT_SCOPE)
  foreach(keyword IN LISTS syntax_FLAGS)
    if(keyword IN_LIST given)
      set(${prefix}_${keyword} TRUE PARENT_SCOPE)
    else()
      set(${prefix}_${keyword} FALSE PARENT_SCOPE)
    endif()
  endforeach()
  foreach(keyword IN LISTS syntax_ONE)
    if(keyword IN_LIST given)
      _cntr_decode(value_${keyword})
    endif()
    set(${prefix}_${keyword} "${value_${keyword}}" PARENT_SCOPE)
  endforeach()
  foreach(keyword IN LISTS syntax_MANY)
    set(${prefix}_${keyword} "${value_${keyword}}" PARENT_SCOPE)
  endforeach()
endfunction()

# Whether a value of INPUTS, INPUT_DIRECTORIES or DEPENDS names a target or a file that is there.
function(_cntr_exists_by_name out keyword word)
  set(exists FALSE)
  if(NOT keyword MATCHES "OUTPUT" AND (TARGET "${word}"
     OR EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${word}"
     OR EXISTS "${CMAKE_CURRENT_BINARY_DIR}/${word}"))
    set(exists TRUE)
  endif()
  set(${out} ${exists} PARENT_SCOPE)
endfunction()

# --- Values.

# Names of steps, images and mounts.
function(_cntr_check_name name)
  string(LENGTH "${name}" length)
  if(NOT name MATCHES "^[A-Za-z0-9_][A-Za-z0-9_.+-]*$" OR length GREATER 128)
    _cntr_escape(name "${name}")
    _cntr_mistake("bad name \"${name}\": a name has letters, digits and _ . + -, starts with a \
letter, digit or _, and is at most 128 characters long")
  endif()
endfunction()

# _cntr_check_word(<keyword> <value> <word>...): the value must be one of the words.
function(_cntr_check_word keyword value)
  if(NOT value IN_LIST ARGN)
    list(JOIN ARGN ", " words)
    _cntr_escape(value "${value}")
    _cntr_mistake("${keyword} cannot be \"${value}\": it is one of ${words}")
  endif()
endfunction()

# A whole number from 0 to `max`.
function(_cntr_check_number keyword value max)
  if(NOT value MATCHES "^[0-9][0-9]?[0-9]?[0-9]?$" OR value GREATER max)
    _cntr_escape(value "${value}")
    _cntr_mistake("${keyword} cannot be \"${value}\": it is a whole number from 0 to ${max}")
  endif()
endfunction()

function(_cntr_check_duration keyword value)
  if(NOT value MATCHES "^0*[1-9][0-9]*(ms|s|min|h|d)?$")
    _cntr_escape(value "${value}")
    _cntr_mistake("${keyword} cannot be \"${value}\": it is a positive whole number with a unit: \
500ms, 90s, 10min, 2h, 1d")
  endif()
endfunction()

# Names of environment variables; `words` are encoded. A name may stand in one list only.
function(_cntr_check_variable_names keyword words)
  foreach(word IN LISTS words)
    _cntr_decode(word)
    _cntr_escape(shown "${word}")
    if(NOT word MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
      _cntr_mistake("${keyword}: \"${shown}\" is not the name of a variable")
      continue()
    endif()
    _cntr_is_noted(repeated variables "${word}")
    if(repeated)
      _cntr_mistake("${keyword}: the variable ${word} is given more than once")
    endif()
    _cntr_note(variables "${word}")
  endforeach()
endfunction()
