# What a program gets is what was written, argument by argument.
string(ASCII 1 one)
string(ASCII 8 eight)
string(ASCII 27 escape)
string(ASCII 31 last)
string(ASCII 127 delete)
set(list a b "" c)
set(inputs_with_brackets "[x" "y]")
cntr_add_step(plain HOST COMMAND
  prog "" " " "a b" "a;b" ";" ";;" "a\\;b" "[" "]" "[x" "y]" "[[" "]]" "[=[" "]=]" "a[1;2]b" "\\"
  "\\\\"
  "a\\" "\\n" "\"" "\"q\"" "'" "''" "`x`" "$" "$$" "$HOME" "\${x}" "\${" "@x@" "$<" ">" "a $< b"
  "$<0" "%d" "#" "# no comment" "//" "-" "--" "-x" "--lead=1" "*" "?" "~" "!" "&" "&&"
  "|" "<" ">" "(" ")"
  "line
two" "\ntrailing\n" "\r\n" "\ttab" "é ü 漢 😀" "@A" "@@" ":" "a: b" "- x" "{a: b}" "null"
  "true" "1" "0x1"
  "${one}" "${one}A;${one}E" "${eight}${escape}${last}${delete}" "\\x41" "=" "a=b" ON OFF NOTFOUND
  x-NOTFOUND AND NOT OR IF ARGN ARGV ARGC ARGV0 PARENT_SCOPE FORCE APPEND PROPERTY ITEMS LISTS
  ${list} "${list}" ${inputs_with_brackets})
cntr_add_step(keywords HOST COMMAND -- -- INPUTS OUTPUTS IMAGE HOST COMMAND DEPENDS CACHE
  EXCLUDE_FROM_ALL COMMENT STDOUT "" -- OUTPTS)
cntr_add_step(one-dash HOST COMMAND tool -- -x OUTPUTS one-dash.txt)
cntr_add_step(no-argument HOST COMMAND "prog with spaces")
cntr_add_step(values HOST COMMAND true
  ENVIRONMENT "A=" "B==" "C=a;b" "D=[" "E=\\" "F=\"\n\t" "G=$H" "I=CACHE" "J=$<" "K= k "
  COMMENT "a;[\"\\$x
y"
  LABELS "a;b" "" "[c" CACHE-1
  STDOUT "o u 't\$.txt")
