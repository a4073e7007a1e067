set(source "${work}/spaces/so urce's $x")
set(build "${work}/spaces/bu ild $$ & co")
