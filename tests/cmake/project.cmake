# The project of every case.
cmake_minimum_required(VERSION 3.25)
project(Case LANGUAGES NONE)
add_executable(cntr::cntr IMPORTED GLOBAL)
set_target_properties(cntr::cntr PROPERTIES IMPORTED_LOCATION /no/such/cntr)
include("${modules}/Cntr.cmake")
include("${case}.cmake")
