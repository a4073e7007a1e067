# Manifests as people and other generators write them, built with real compilers.

# As cmake does with configure_file(), whether or not the manifest comes out the same.
test_files_that_are_made_beside_the_manifest() {
  cat >build.ninja <<'MANIFEST'
rule generate
  command = cp config beside && touch build.ninja
  generator = 1
rule cat
  command = echo $out >>../ran && cat $in >$out
build build.ninja: generate config
build out: cat beside
MANIFEST
  echo one >config
  cp config beside
  tick
  touch build.ninja
  build_and_expect out
  put config two
  build_and_expect out
  expect_file out two
  expect_clean
}

# What a program loads is not in its own bytes.
test_shared_libraries_are_inputs_of_what_a_program_makes() {
  only_cntr
  manifest <<'MANIFEST'
build inner.so: cat inner
build outer.so.1.2: head outer | inner.so
build program: head source | outer.so.1.2
build made: head program
build other.so: head source | other.sources
build other.sources: cat inner
build unrelated: head outer | other.so.TOC
build other.so.TOC: head outer
MANIFEST
  echo inner >inner
  echo outer >outer
  echo source >source
  build_and_expect "inner.so made other.so other.so.TOC other.sources outer.so.1.2 program unrelated"
  put inner changed
  build_and_expect "inner.so made other.so other.sources outer.so.1.2 program"
  expect_clean
}

# The names in a directory do not tell what is in its files.
test_directories_that_a_command_makes() {
  only_cntr
  manifest <<'MANIFEST'
rule mkdir
  command = echo $out >>../ran && mkdir -p $out
rule split
  command = echo $out >>../ran && mkdir -p $out && head -n 1 $in >$out/first && tail -n 1 $in >$out/last
rule join
  command = echo $out >>../ran && cat $in/first $in/last >$out
build parts: split in
build joined: join parts
build place: mkdir
build place/copy: cat in || place
MANIFEST
  put in $'a\nb\n'
  build_and_expect "joined parts place place/copy"
  expect_clean
  put in $'a\nc\n'
  build_and_expect "joined parts place/copy"
  expect_file joined $'a\nc'
  expect_clean
}

test_programs_under_other_names() {
  only_cntr
  cat >build.ninja <<MANIFEST
rule install
  command = cp \$in \$out && chmod +x \$out
rule run
  command = \$program >$PWD/\$out
build tool: install tool.in
build $PWD/other: install other.in
build by_whole_path: run || tool
  program = $PWD/tool
build from_elsewhere: run || tool
  program = cd .. && tree/tool
build by_short_path: run || $PWD/other
  program = ./other
MANIFEST
  printf '#!/bin/sh\necho one\n' >tool.in
  cp tool.in other.in
  ninja_
  ninja_
  expect_message "ninja: no work to do."
  put tool.in $'#!/bin/sh\necho two\n'
  put other.in $'#!/bin/sh\necho three\n'
  ninja_
  expect_file by_whole_path two
  expect_file from_elsewhere two
  expect_file by_short_path three
  ninja_
  expect_message "ninja: no work to do."
}

# As GN writes them: a file of rules for each toolchain, thin archives, response files, stamps for
# groups, and inputs that stand in depfiles.
gn_like_tree() {
  need compiler c++ --version
  need ar ar --version
  mkdir -p out/obj src
  cat >build.ninja <<'MANIFEST'
ninja_required_version = 1.7.2
builddir = out
pool link_pool
  depth = 1
rule gn
  command = cp gn.in build.ninja
  generator = 1
include toolchain.ninja
subninja obj/net.ninja
subninja obj/app.ninja
build all: phony out/all.stamp
build out/all.stamp: stamp out/app out/net.stamp
default all
MANIFEST
  mkdir obj
  cat >toolchain.ninja <<'MANIFEST'
rule cxx
  command = c++ -MMD -MF $out.d $defines -c $in -o $out
  depfile = $out.d
  deps = gcc
  description = CXX $out
rule alink
  command = rm -f $out && ar -rcsDT $out @$out.rsp
  rspfile = $out.rsp
  rspfile_content = $in_newline
  description = AR $out
rule link
  command = c++ -o $out -Wl,--start-group @$out.rsp -Wl,--end-group
  rspfile = $out.rsp
  rspfile_content = $in $libs
  pool = link_pool
  description = LINK $out
rule stamp
  command = touch $out
  description = STAMP $out
rule split
  command = sh src/split.sh $in $out
  restat = 1
  description = ACTION $in
MANIFEST
  cat >obj/net.ninja <<'MANIFEST'
defines = -DNAME=\"net\"
build out/obj/net.o: cxx src/net.cc || out/headers.stamp
build out/obj/wire.o: cxx src/wire.cc || out/headers.stamp
  defines = -DNAME=\"wire\"
build out/obj/libnet.a: alink out/obj/net.o out/obj/wire.o
build out/a.h out/b.h out/c.h | out/split.log: split src/headers.txt | src/split.sh
build out/headers.stamp: stamp out/a.h out/b.h out/c.h
build out/net.stamp: stamp out/obj/libnet.a out/headers.stamp
MANIFEST
  cat >obj/app.ninja <<'MANIFEST'
build out/obj/app.o: cxx src/app.cc || out/headers.stamp
build out/app: link out/obj/app.o out/obj/libnet.a
MANIFEST
  cat >src/split.sh <<'SCRIPT'
input=$1
shift
for name; do
  line=$(grep "^$(basename "$name") " "$input") || continue
  echo "#define ${line#* }" >new
  cmp -s new "$name" || cp new "$name"
done
rm -f new
date >out/split.log
SCRIPT
  printf 'a.h A 1\nb.h B 2\nc.h C 3\n' >src/headers.txt
  printf '#include "../out/a.h"\nconst char* net() { return NAME; }\nint a() { return A; }\n' >src/net.cc
  printf '#include "../out/b.h"\nconst char* wire() { return NAME; }\nint b() { return B; }\n' >src/wire.cc
  cat >src/app.cc <<'CXX'
#include <stdio.h>
const char* net();
const char* wire();
int a();
int b();
int main() { printf("%s %s %d %d\n", net(), wire(), a(), b()); }
CXX
}

test_a_tree_as_gn_writes_it() {
  gn_like_tree
  ninja_
  expect_equal "app" "net wire 1 2" "$(out/app)"
  ninja_
  expect_message "ninja: no work to do."
  put src/headers.txt $'a.h A 1\nb.h B 5\nc.h C 3\n'
  ninja_
  expect_equal "app" "net wire 1 5" "$(out/app)"
  expect_output "CXX out/obj/wire.o"
  expect_no_output_of "CXX out/obj/net.o"
  put src/net.cc $'#include "../out/c.h"\nconst char* net() { return NAME "!"; }\nint a() { return C; }\n'
  ninja_
  expect_equal "app" "net! wire 3 5" "$(out/app)"
  ninja_
  expect_message "ninja: no work to do."
  sed -i 's/wire\\"/wave\\"/' obj/net.ninja
  ninja_
  expect_equal "app" "net! wave 3 5" "$(out/app)"
  expect_missing out/app.rsp out/obj/libnet.a.rsp
  ninja_ -t clean
  expect_missing out/app out/a.h out/obj/net.o
  ninja_
  expect_equal "app" "net! wave 3 5" "$(out/app)"
}

# A thin archive has equal bytes when what it names has changed.
test_thin_archives_change_with_their_members() {
  gn_like_tree
  ninja_
  keeping_times src/wire.cc sed -i 's/NAME;/"WIRE";/' src/wire.cc
  is_cntr || touch src/wire.cc
  ninja_
  expect_equal "app" "net WIRE 1 2" "$(out/app)"
  is_cntr || return 0
  put src/wire.cc "$(cat src/wire.cc) // the same"
  ninja_
  expect_no_output_of "LINK"
  expect_no_output_of "AR"
}

# clang writes the times of headers into *.pch and compares them when it uses it.
test_headers_that_are_precompiled() {
  only_cntr
  cat >build.ninja <<'MANIFEST'
rule precompile
  command = echo $out >>../ran; stat -c '%y' all.h | cat - $in >$out; echo $out: all.h >$out.d
  depfile = $out.d
  deps = gcc
rule compile
  command = echo $out >>../ran; test "$$(head -n 1 all.h.pch)" = "$$(stat -c '%y' all.h)" && cat $in >$out
build all.h.pch: precompile list
build a.o: compile a.c | all.h.pch
build b.o: compile b.c | all.h.pch
MANIFEST
  touch list all.h a.c b.c
  put a.c one
  put b.c two
  build_and_expect "a.o all.h.pch b.o"
  expect_clean
  tick
  touch all.h
  build_and_expect all.h.pch
  expect_clean
  touch -d '2 days ago' all.h
  put a.c three
  build_and_expect "a.o all.h.pch"
  put all.h changed
  build_and_expect "a.o all.h.pch b.o"
  put all.h.pch 'by hand'
  build_and_expect all.h.pch
  expect_clean
  cp -a . ../copy
  cd ../copy
  build_and_expect all.h.pch
  expect_clean
}
