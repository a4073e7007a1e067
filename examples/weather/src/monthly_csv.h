// Reads monthly.csv, the statistics of each city and month.
#pragma once

#include <array>
#include <istream>
#include <string>
#include <vector>

// In the order of the columns.
inline constexpr std::array kKinds = {"drizzle", "fog", "rain", "snow", "sun"};

struct Month {
  std::string city;
  std::string month;  // YYYY-MM
  int days = 0;
  double mean_temp_max = 0;
  double mean_temp_min = 0;
  double precipitation = 0;
  std::array<int, kKinds.size()> days_by_kind{};
};

// Throws std::runtime_error for a line that is not a month.
std::vector<Month> read_monthly_csv(std::istream& input);
