expect_match(build.ninja "/built/cntr run --die-with-parent ${build}/cntr/steps/first.yaml")
expect_no_match(cmake_install.cmake "CntrConfig")
