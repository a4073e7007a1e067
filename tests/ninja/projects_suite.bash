# Languages with modules, Meson, Cntr itself, and trees that ninja built.

source "$here/projects.bash"

# --- languages with modules -----------------------------------------------------------------------

test_fortran_modules() {
  need_project_tools
  need gfortran gfortran --version
  mkdir source
  cat >source/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(Modules LANGUAGES Fortran)
add_library(shapes STATIC shapes.f90 numbers.f90)
add_executable(app app.f90)
target_link_libraries(app shapes)
CMAKE
  cat >source/numbers.f90 <<'F90'
module numbers
  integer, parameter :: side = 3
contains
  integer function twice(n)
    integer, intent(in) :: n
    twice = 2 * n
  end function
end module
F90
  cat >source/shapes.f90 <<'F90'
module shapes
  use numbers
contains
  integer function area()
    area = side * twice(side)
  end function
end module
F90
  cat >source/app.f90 <<'F90'
program app
  use shapes
  print '(i0)', area()
end program
F90
  configure
  build
  expect_equal "area" 18 "$(build/app)"
  expect_nothing_built
  # What a function does is no part of its module's interface.
  put source/numbers.f90 "$(sed 's/2 \* n/4 * n/' source/numbers.f90)"
  build
  expect_equal "area" 36 "$(build/app)"
  expect_no_output_of "Building Fortran object CMakeFiles/app.dir"
  expect_nothing_built
  put source/numbers.f90 "$(sed 's/side = 3/side = 5/' source/numbers.f90)"
  build
  expect_equal "area" 100 "$(build/app)"
  # The other way round: numbers is made of a module that is new.
  put source/units.f90 $'module units\n  integer, parameter :: unit = 7\nend module\n'
  sed -i 's/numbers.f90)/numbers.f90 units.f90)/' source/CMakeLists.txt
  put source/numbers.f90 "$(sed 's/^module numbers/&\n  use units/; s/side = 5/side = unit/' source/numbers.f90)"
  build
  expect_equal "area" 196 "$(build/app)"
  expect_nothing_built
  put source/units.f90 $'module units\n  use shapes\n  integer, parameter :: unit = 7\nend module\n'
  expect_code 1 cmake --build build
  expect_output "cycle"
  put source/units.f90 $'module units\n  integer, parameter :: unit = 7\nend module\n'
  build
  expect_equal "area" 196 "$(build/app)"
  expect_nothing_built
}

# A compiler with modules that this CMake can use.
need_cxx_modules() {
  need_project_tools
  local version
  version=$(cmake --version | head -n 1 | cut -d ' ' -f 3)
  version_at_least 3.28 "$version" || skip "CMake $version has no modules of C++20, 3.28 has"
  local candidate
  for candidate in "${CXX:-c++}" g++-{20,19,18,17,16,15,14} clang++-{22,21,20,19,18,17,16}; do
    command -v "$candidate" >/dev/null || continue
    printf '%s\n' 'cmake_minimum_required(VERSION 3.28)' 'project(Probe LANGUAGES CXX)' \
      'add_library(probe)' 'target_compile_features(probe PUBLIC cxx_std_20)' \
      'target_sources(probe PUBLIC FILE_SET CXX_MODULES FILES probe.cc)' >probe.txt
    rm -rf probe
    mkdir probe
    mv probe.txt probe/CMakeLists.txt
    echo 'export module probe;' >probe/probe.cc
    cmake -S probe -B probe/build -G Ninja -DCMAKE_MAKE_PROGRAM="$NINJA" -DCMAKE_CXX_COMPILER="$candidate" \
      >last.log 2>&1 || continue
    cxx=$candidate
    return
  done
  skip "no compiler with modules of C++20 is here: g++ 14, clang 16 or later"
}

test_cxx_modules() {
  need_cxx_modules
  mkdir source
  cat >source/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.28)
project(Modules LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
add_library(shapes STATIC)
target_sources(shapes PUBLIC FILE_SET CXX_MODULES FILES shapes.cc numbers.cc)
add_executable(app main.cc)
target_link_libraries(app shapes)
CMAKE
  echo 'export module numbers; export constexpr int side = 3;' >source/numbers.cc
  echo 'export module shapes; import numbers; export int area() { return side * side; }' >source/shapes.cc
  echo 'import shapes; int main() { return area(); }' >source/main.cc
  configure -DCMAKE_CXX_COMPILER="$cxx"
  build
  expect_code 9 build/app
  expect_nothing_built
  put source/numbers.cc 'export module numbers; export constexpr int side = 4;'
  build
  expect_code 16 build/app
  expect_nothing_built
  put source/main.cc 'import shapes; import numbers; int main() { return area() + side; }'
  build
  expect_code 20 build/app
  expect_nothing_built
}

# --- Meson ----------------------------------------------------------------------------------------

meson_project() {
  need_project_tools
  need meson meson --version
  export NINJA
  mkdir source
  cat >source/meson.build <<'MESON'
project('shop', 'cpp')
price = custom_target('price', input : 'price.txt', output : 'price.h', capture : true,
  command : ['sed', 's/.*/#define PRICE &/', '@INPUT@'])
bill = static_library('bill', 'bill.cc', price)
shop = executable('shop', 'shop.cc', link_with : bill)
test('shop', shop)
MESON
  echo 5 >source/price.txt
  echo 'int bill(int count);' >source/bill.h
  echo '#include "bill.h"
#include "price.h"
int bill(int count) { return count * PRICE; }' >source/bill.cc
  echo '#include "bill.h"
#include <stdio.h>
int main() { printf("%d\n", bill(3)); }' >source/shop.cc
  quietly meson setup build source
}

meson_build() { ninja_ -C build "$@"; }

test_meson() {
  meson_project
  meson_build
  expect_equal "bill" 15 "$(build/shop)"
  meson_build
  expect_output "ninja: no work to do."
  meson_build test
  expect_output "shop"
  meson_build
  expect_output "ninja: no work to do."
  put source/bill.h $'int bill(int count);  // in euros\nint discount();\n'
  meson_build
  expect_output "bill.cc.o"
  expect_output "shop.cc.o"
  put source/price.txt 7
  meson_build
  expect_equal "bill" 21 "$(build/shop)"
  quietly meson compile -C build
  expect_output "ninja: no work to do."
  meson_build clean
  expect_missing build/shop
  meson_build
  expect_equal "bill" 21 "$(build/shop)"
}

test_meson_reconfigures() {
  only_cntr
  meson_project
  meson_build
  quietly meson setup --reconfigure build source
  meson_build
  expect_output "ninja: no work to do."
  tick
  sed -i "s/'bill.cc', price)/'bill.cc', price, cpp_args : '-DUNUSED')/" source/meson.build
  meson_build
  expect_output "Regenerating build files."
  expect_output "bill.cc.o"
  expect_no_output_of "shop.cc.o"
  meson_build
  expect_output "ninja: no work to do."
}

# --- Cntr itself ----------------------------------------------------------------------------------

test_cntr_itself() {
  need_project_tools
  [ -e "$here/../../CMakeLists.txt" ] || skip "the sources of Cntr are not around these tests"
  local source launcher=()
  source=$(realpath "$here/../..")
  if command -v ccache >/dev/null; then
    export CCACHE_BASEDIR=$source CCACHE_NOHASHDIR=true
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  configure -DCMAKE_BUILD_TYPE=Debug -DCNTR_BUILD_TESTS=ON -DCNTR_WARNINGS_AS_ERRORS=ON "${launcher[@]}"
  build --target cntr_base cntr-supervisor
  expect_nothing_built --target cntr_base cntr-supervisor
  configure
  expect_nothing_built --target cntr_base cntr-supervisor
  expect_exists build/bin/cntr-supervisor
}

# --- trees of ninja -------------------------------------------------------------------------------

test_cmake_tree_of_ninja() {
  only_cntr
  need_stock
  many_targets
  quietly cmake -S source -B build -G Ninja -DCMAKE_MAKE_PROGRAM="$stock"
  build
  quietly "$stock" -C build
  expect_output "ninja: no work to do."
  configure
  expect_nothing_built
  expect_nothing_built
  put source/step.h $'#define STEP 2\n'
  build
  expect_built "base.cc.o libbase.a part_one.cc.o app summary.txt checked.stamp"
}

test_cmake_tree_goes_back_to_ninja() {
  only_cntr
  need_reader_of_v7
  many_targets_built
  put source/step.h $'#define STEP 2\n'
  build
  quietly "$stock" -C build
  expect_output "ninja: no work to do."
  quietly cmake -S source -B build -G Ninja -DCMAKE_MAKE_PROGRAM="$stock"
  expect_nothing_built
  put source/step.h $'#define STEP 3\n'
  build
  expect_summary 3 38
  configure
  build
  expect_summary 3 38
  expect_nothing_built
}

test_meson_tree_of_ninja() {
  only_cntr
  need_stock
  NINJA=$stock meson_project
  quietly "$stock" -C build
  meson_build
  expect_output "ninja: no work to do."
}
