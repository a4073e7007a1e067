foreach(config IN ITEMS Debug Release)
  expect_match(cntr/${config}/steps/made.yaml
               "image: \\|2-\n    ${build}/cntr/${config}/images/box.yaml\n")
  expect_match(cntr/${config}/steps/made.yaml "  - \\|2-\n    ${config}\n")
  expect_match(cntr/${config}/steps/made.yaml "configuration: \\|2-\n  ${config}\n")
  expect_match(cntr/${config}/steps/made.yaml
               "outputs:\n  - \\|2-\n    ${build}/out-${config}.txt\n")
  expect_match(cntr/${config}/images/box.yaml "rootfs: \"${source}/rootfs.tar\"\n")
  expect_match(cntr/${config}/workflow.yaml "steps:\n  - \"made\"\nimages:\n  - \"box\"\n")
  expect_match(CMakeFiles/impl-${config}.ninja "cntr run --die-with-parent ${build}/cntr/${config}/steps/made.yaml")
  expect_match(CMakeFiles/impl-${config}.ninja
               "cntr image prepare ${build}/cntr/${config}/images/box.yaml")
  expect_match(CMakeFiles/impl-${config}.ninja
               "out-${config}\\.txt[^\n]*cntr/${config}/images/box.identity")
endforeach()
