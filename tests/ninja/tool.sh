#!/bin/sh
# tool <operation> <edge> <text> <number of outputs> <output>... <input>...
# What the commands of random graphs do; World.run() in model.py does the same. @SALT@ stands for a
# number, so that there are different releases of it.
set -e
salt=@SALT@
operation=$1 name=$2 text=$3 count=$4
shift 4
echo "$name" >>"$EDGE_LOG"
out=$1 others=
shift
while [ "$count" -gt 1 ]; do others="$others $1"; shift; count=$((count - 1)); done

stop() {
  case $text in *messy*) echo partial >"$out" ;; esac
  exit 3
}

for file; do
  [ -e "$file" ] || stop
  [ -d "$file" ] && continue
  IFS= read -r line <"$file" || :
  case $line in FAIL*) stop ;; esac
done

# $seen: what a source includes, in the order of a walk
find_includes() {
  while IFS= read -r line; do
    case $line in '#include '*) ;; *) continue ;; esac
    line=${line#\#include }
    case " $seen " in *" $line "*) continue ;; esac
    [ -f "$line" ] || stop
    seen="$seen $line"
    find_includes "$line"
  done <"$1"
}

first_lines() {
  for file; do
    line=
    IFS= read -r line <"$file" || :
    echo "$line"
  done
}

# The first 40 lines of each, and of what a command left beside it; without starting a process.
contents() {
  for file; do
    for part in "$file" "$file.side"; do
      [ -f "$part" ] || continue
      printf '%s\n' "$part:"
      lines=0
      while [ $lines -lt 40 ] && IFS= read -r line; do
        printf '%s\n' "$line"
        lines=$((lines + 1))
      done <"$part"
    done
  done
  echo "$salt $text"
}

case $operation in
hash)
  contents "$@" >"$out"
  ;;
head)
  { first_lines "$@"; echo "$salt"; } >"$out"
  ;;
slow)
  echo half >"$out"
  sleep 0.01
  contents "$@" >"$out"
  ;;
keep)
  new=$(first_lines "$@"; echo .)
  if [ ! -f "$out" ] || [ "$(cat "$out")" != "$new" ]; then echo "$new" >"$out"; fi
  ;;
stamp)
  contents "$@" >"$out.side"
  : >"$out"
  ;;
list)
  (cd "$1" && echo *) >"$out"
  ;;
gcc | file | msvc)
  seen=
  find_includes "$1"
  contents "$1" $seen >"$out"
  if [ "$operation" = msvc ]; then
    echo "a line of output"
    for file in $seen; do echo "Note: including file: $file"; done
  else
    echo "$out: \\" >"$out.d"
    for file in "$1" $seen; do echo " $file \\"; done >>"$out.d"
  fi
  ;;
rsp)
  { cat "$out.rsp"; echo; contents "$@"; } >"$out"
  ;;
scan)
  echo 'ninja_dyndep_version = 1' >"$out"
  for file; do
    provides= requires=
    while IFS= read -r line; do
      case $line in
      'provides '*) provides=${line#provides } ;;
      'requires '*) requires="$requires ${line#requires }" ;;
      esac
    done <"$file"
    made=${file#src/}
    echo "build ${made%.m}.mo${provides:+ | $provides}: dyndep${requires:+ |$requires}" >>"$out"
  done
  ;;
module)
  provides= requires=
  while IFS= read -r line; do
    case $line in
    'provides '*) provides=${line#provides } ;;
    'requires '*) requires="$requires ${line#requires }" ;;
    esac
  done <"$1"
  contents "$1" $requires >"$out"
  [ -z "$provides" ] || first_lines "$1" >"$provides"
  ;;
esac
for other in $others; do { echo "$other"; first_lines "$out"; } >"$other"; done
