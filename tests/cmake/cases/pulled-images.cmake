# cntr_add_image(): sources that are fetched or built.
file(MAKE_DIRECTORY "${CMAKE_SOURCE_DIR}/context")
file(TOUCH "${CMAKE_SOURCE_DIR}/Containerfile" "${CMAKE_SOURCE_DIR}/context/.dockerignore"
  "${CMAKE_SOURCE_DIR}/tools.sif" "${CMAKE_SOURCE_DIR}/tools.tar" "${CMAKE_SOURCE_DIR}/tools.def")
set(CNTR_LOCKED ON)
cntr_add_image(short REFERENCE debian:12 PLATFORM linux/arm64/v8 PULL never)
cntr_add_image(digest REFERENCE
  quay.io/a/b:1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08)
cntr_add_image(daemon REFERENCE docker-daemon:tools:1)
cntr_add_image(archive ARCHIVE tools.tar)
cntr_add_image(sif SIF tools.sif)
cntr_add_image(definition DEFINITION tools.def)
cntr_add_image(built CONTAINERFILE Containerfile CONTEXT context TARGET final
  BUILD_ARGS "A=1" "B=two words; and more" BUILDER podman)
