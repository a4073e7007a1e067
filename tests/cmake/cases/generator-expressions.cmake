# Generator expressions in every value; what is not one stays as it is.
add_executable(tool IMPORTED)
set_target_properties(tool PROPERTIES IMPORTED_LOCATION "/opt/a \"tool\"\\n")
add_executable(ns::tool ALIAS tool)
set_target_properties(tool PROPERTIES FILES
  "${CMAKE_CURRENT_SOURCE_DIR}/a.txt;${CMAKE_CURRENT_SOURCE_DIR}/b.txt")
cntr_add_step(make HOST
  COMMAND "$<TARGET_FILE:tool>" "-I$<TARGET_FILE:ns::tool>/" "$<IF:1,yes,no>" "$<0:gone>" "$<1:a;b>"
          "a\"b$<1:,>c\\" "$<1:x> > $< y, z" " $<1:lead>" "$<1:#> - x: y" "# $<1:x>" "two
  $<1:lines>

" "$<SEMICOLON>" "[$<1:x>;" "$<1:$<1:deep>>" "\t$<1:tab>" "\r$<1:carriage>" "a$<b" "a$<b" ">"
  ENVIRONMENT "A=$<TARGET_FILE_NAME:tool>" "B=$<1:x>
y"
  INPUTS "$<TARGET_PROPERTY:tool,FILES>"
         "$<0:/x>" "${CMAKE_CURRENT_SOURCE_DIR}/$<1:a>.txt"
  OUTPUTS "out-$<1:x>.txt"
  WORKING_DIRECTORY "$<1:/opt>"
  COMMENT "Make $<1:it>")
cntr_add_step(make2 HOST
  COMMAND "$<TARGET_FILE:tool>"
  INPUTS "$<0:/x>" "$<1:${CMAKE_CURRENT_SOURCE_DIR}/a.txt>" tool
  OUTPUTS "${CMAKE_CURRENT_BINARY_DIR}/$<1:x>.txt")
cntr_add_step(none HOST COMMAND true INPUTS "$<0:/x>")
cntr_add_step(some HOST COMMAND true INPUTS "$<1:${CMAKE_CURRENT_SOURCE_DIR}/a.txt>")
