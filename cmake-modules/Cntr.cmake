#[=[.rst:
Cntr
----

Containers as steps of a CMake build. Include this module through ``find_package(Cntr)``,
``add_subdirectory()`` or FetchContent; all three offer the same functions:

* :command:`cntr_add_image` declares what steps run in,
* :command:`cntr_add_env` declares a conda environment for steps,
* :command:`cntr_add_step` declares a step,
* :command:`cntr_add_mount` names a directory of the host that lies elsewhere on every machine,

and the same programs as targets: ``cntr::cntr`` and ``cntr::generate``.
#]=]
include_guard(GLOBAL)

include("${CMAKE_CURRENT_LIST_DIR}/CntrArguments.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CntrPaths.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CntrGraph.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CntrEdge.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CntrSpec.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CntrFinish.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CntrMount.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CntrImage.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CntrEnv.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CntrStepSpec.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CntrStep.cmake")
