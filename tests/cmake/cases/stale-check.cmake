file(TOUCH "${build}/cntr/steps/gone.d" "${build}/cntr/steps/kept.d"
     "${build}/cntr/images/gone-image.identity" "${build}/cntr/images/kept-image.identity")
execute_process(COMMAND touch -d @1000000000 "${build}/cntr/steps/kept.yaml"
                COMMAND_ERROR_IS_FATAL ANY)
list(APPEND options -D second=ON)
configure()
file(GLOB_RECURSE files RELATIVE "${build}/cntr" "${build}/cntr/*")
list(SORT files)
expect_equal("The files" "images/kept-image.identity;images/kept-image.yaml;steps/kept.d;\
steps/kept.yaml;workflow.yaml" "${files}")
expect_match(cntr/workflow.yaml "steps:\n  - \"kept\"\nimages:\n  - \"kept-image\"\n$")
# A spec that did not change is not touched, so that nothing is built for nothing.
file(TIMESTAMP "${build}/cntr/steps/kept.yaml" after "%s" UTC)
expect_equal("The modification time" 1000000000 "${after}")
