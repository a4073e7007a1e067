# records.sh <directory of cities>: the extreme days of each city, as a C++ header.
set -e
cat <<'EOT'
// The extreme days of each city; made from the data, do not edit.
#pragma once

#include <string_view>

struct Day {
  std::string_view date;  // YYYY-MM-DD
  double value;           // degrees Celsius, or millimetres
};

struct CityRecords {
  std::string_view city;
  Day hottest, coldest, wettest;
};

inline constexpr CityRecords kRecords[] = {
EOT
for file in "$1"/*.csv; do
  awk -v city="$(basename "$file" .csv)" '
    BEGIN { FS = "," }
    FNR == 1 { next }
    FNR == 2 || $3 > hottest { hottest = $3 + 0; hottest_on = $1 }
    FNR == 2 || $4 < coldest { coldest = $4 + 0; coldest_on = $1 }
    FNR == 2 || $2 > wettest { wettest = $2 + 0; wettest_on = $1 }
    END {
      printf "    {\"%s\", {\"%s\", %.1f}, {\"%s\", %.1f}, {\"%s\", %.1f}},\n", city, hottest_on,
             hottest, coldest_on, coldest, wettest_on, wettest
    }
  ' "$file"
done
echo '};'
