# Run in the build tree: checks monthly.csv, weather.svg and weather.tar.gz.
cmake_minimum_required(VERSION 3.25)

function(expect_equal what found expected)
  if(NOT found STREQUAL expected)
    message(SEND_ERROR "${what}: found ${found}, expected ${expected}")
  endif()
endfunction()

function(expect_count file regex expected)
  file(READ ${file} text)
  string(REGEX MATCHALL "${regex}" found "${text}")
  list(LENGTH found count)
  expect_equal("${file}: how often ${regex}" "${count}" "${expected}")
endfunction()

# The header, then 48 months of two cities; the coldest and the wettest month.
file(STRINGS monthly.csv months)
list(LENGTH months lines)
expect_equal("monthly.csv: lines" "${lines}" "97")
foreach(known IN ITEMS "New York,2015-02,28,0.38,-8.54,59.9,1,0,0,9,18"
                       "Seattle,2015-12,31,8.38,3.83,284.5,0,2,25,0,4")
  if(NOT known IN_LIST months)
    message(SEND_ERROR "monthly.csv: there is no line ${known}")
  endif()
endforeach()

# A bar of precipitation for each month, a band of temperatures for each city, the records.
expect_count(weather.svg "<rect class=\"rain\"[^>]*><title>[0-9-]+: [0-9.]+ mm<" 96)
expect_count(weather.svg "<path class=\"band\"" 2)
expect_count(weather.svg ">(New York|Seattle)</text>" 2)
expect_count(weather.svg ">37\\.8° on 18 Jul 2013</text>" 1)
expect_count(weather.svg ">wettest day: 55\\.9 mm on 15 Mar 2015</text>" 1)

# The archive holds both, byte by byte.
file(REMOVE_RECURSE unpacked)
file(ARCHIVE_EXTRACT INPUT weather.tar.gz DESTINATION unpacked)
foreach(name IN ITEMS monthly.csv weather.svg)
  file(SHA256 ${name} original)
  file(SHA256 unpacked/${name} packed)
  expect_equal("weather.tar.gz: ${name}" "${packed}" "${original}")
endforeach()
file(REMOVE_RECURSE unpacked)
