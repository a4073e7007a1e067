# monthly.sh <directory of cities>: statistics of each city and month, as CSV.
echo city,month,days,mean_temp_max,mean_temp_min,precipitation,drizzle,fog,rain,snow,sun
awk '
  BEGIN { FS = OFS = "," }
  function end_month() {
    if (days) {
      print city, month, days, sprintf("%.2f", highs / days), sprintf("%.2f", lows / days),
            sprintf("%.1f", water), n["drizzle"] + 0, n["fog"] + 0, n["rain"] + 0, n["snow"] + 0,
            n["sun"] + 0
    }
    days = highs = lows = water = 0
    split("", n)
  }
  FNR == 1 {
    end_month()
    city = FILENAME
    sub(/.*\//, "", city)
    sub(/\.csv$/, "", city)
    month = ""
    next
  }
  {
    if (substr($1, 1, 7) != month) { end_month(); month = substr($1, 1, 7) }
    days++; water += $2; highs += $3; lows += $4; n[$6]++
  }
  END { end_month() }
' "$1"/*.csv
