# split_cities.sh <weather.csv> <directory>: one CSV file for each city, without the city's column,
# called after the city.
mkdir "$2" || exit
awk -v directory="$2" '
  BEGIN { FS = OFS = "," }
  NR == 1 { sub(/^location,/, ""); header = $0; next }
  {
    file = directory "/" $1 ".csv"
    if (!(file in started)) { print header > file; started[file] = 1 }
    sub(/^[^,]*,/, "")
    print > file
  }
' "$1"
