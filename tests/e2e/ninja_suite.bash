# Projects with steps that cntr-ninja builds.

need_compiler() { need compiler c++ --version; }

use_cntr_ninja() {
  need_bubblewrap
  need_compiler
  export CNTR_E2E_MAKE_PROGRAM=$CNTR_E2E_PREFIX/bin/cntr-ninja
}

# The example: split -> monthly -> chart -> bundle, split -> records -> records.h -> plot (C++) -> chart.
weather() {
  use_cntr_ninja
  need busybox test -x /bin/busybox
  source_dir=$work/weather
  build_dir=$work/build
  cp -r "$here/../../examples/weather" "$source_dir"
  configure
  build_and_expect "bundle chart monthly records split"
}

compilations() { grep -c "Building CXX object" "$work/last.log" || true; }

test_weather_is_built_once() {
  weather
  expect_equal "files compiled" 5 "$(compilations)"
  build_and_expect ""
  expect_equal "files compiled" 0 "$(compilations)"
  quietly ctest --test-dir build
  expect_output "100% tests passed"
  find weather build -type f ! -name CMakeLists.txt ! -name '*.ninja' ! -path '*/.cntr_ninja/*' -exec touch {} +
  build_and_expect ""
  expect_equal "files compiled" 0 "$(compilations)"
}

test_weather_runs_what_an_edit_reaches() {
  weather
  sed -i '2s/$/ /' weather/steps/records.sh
  build_and_expect "records"
  expect_equal "files compiled" 0 "$(compilations)"
  local digest
  digest=$(sha256sum <build/weather.svg)
  sed -i '1s|^|// Drawn with as little as possible.\n|' weather/src/svg.h
  build
  expect_equal "files compiled" 2 "$(compilations)"
  expect_equal "the chart" "$digest" "$(sha256sum <build/weather.svg)"
  sed -i '2s/0\.0/0.1/' weather/data/weather.csv
  build_and_expect "bundle chart monthly records split"
  expect_equal "files compiled" 0 "$(compilations)"
  build_and_expect ""
}

test_weather_comes_back_from_the_cache() {
  weather
  rm build/monthly.csv build/weather.svg
  build_and_expect "" "chart monthly"
  rm -r build/cities build/weather.tar.gz
  build_and_expect "" "bundle split"
  build_and_expect ""
  quietly ctest --test-dir build
  expect_output "100% tests passed"
}

# cntr-check runs in every build, and finds what times do not tell.
test_weather_edits_that_times_hide() {
  weather
  touch -r build/monthly.csv times
  echo by hand >build/monthly.csv
  touch -r times build/monthly.csv
  build_and_expect "" "monthly"
  touch -r weather/steps/monthly.sh times
  sed -i '2s/$/ /' weather/steps/monthly.sh
  touch -r times weather/steps/monthly.sh
  build_and_expect "monthly"
  build_and_expect ""
}
