# cntr_add_layer(<name> SOURCES <file>... [USES <layer>...] [LIBRARIES <target>...])
#
# One folder, one static library: cntr_<name>. USES are the layers that it may include and link;
# LIBRARIES are third-party targets, which only its own sources see.

# cntr is started once for each step, so it must load fast: a static library where there is one.
list(PREPEND CMAKE_FIND_LIBRARY_SUFFIXES .a)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_library(CNTR_YAML_CPP yaml-cpp REQUIRED)
mark_as_advanced(CNTR_YAML_CPP)

function(cntr_configure_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                           -Wold-style-cast -Woverloaded-virtual)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 warns of "a" + std::string (gcc.gnu.org/PR105329).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(CNTR_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CNTR_SANITIZE STREQUAL "address")
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all
                                             -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  elseif(CNTR_SANITIZE STREQUAL "thread")
    target_compile_options(${target} PRIVATE -fsanitize=thread -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=thread)
  endif()
endfunction()

function(cntr_add_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES;LIBRARIES")
  add_library(cntr_${name} STATIC ${arg_SOURCES})
  cntr_configure_target(cntr_${name})
  target_include_directories(cntr_${name} PUBLIC ${PROJECT_SOURCE_DIR}/executor)
  list(TRANSFORM arg_USES PREPEND cntr_)
  target_link_libraries(cntr_${name} PUBLIC ${arg_USES} PRIVATE ${arg_LIBRARIES})
endfunction()
