// check_monthly <weather.csv> <monthly.csv>: computes the statistics again, in whole tenths, and
// compares. Prints each difference.
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "monthly_csv.h"

namespace {

struct Sums {
  long days = 0, highs = 0, lows = 0, precipitation = 0;  // in tenths, but the days
  std::map<std::string, int> days_by_kind;
};

using Statistics = std::map<std::pair<std::string, std::string>, Sums>;  // by city and month

// "-16.0" is -160.
long tenths(const std::string& text) { return std::lround(std::stod(text) * 10); }

std::ifstream opened(const char* path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(std::string("cannot read ") + path);
  return file;
}

Statistics computed(std::istream& weather) {
  Statistics statistics;
  std::string line;
  std::getline(weather, line);  // the header
  while (std::getline(weather, line)) {
    std::istringstream fields(line);
    std::string city, date, precipitation, high, low, wind, kind;
    for (std::string* field : {&city, &date, &precipitation, &high, &low, &wind, &kind}) {
      std::getline(fields, *field, ',');
    }
    Sums& sums = statistics[{city, date.substr(0, 7)}];
    ++sums.days;
    sums.highs += tenths(high);
    sums.lows += tenths(low);
    sums.precipitation += tenths(precipitation);
    ++sums.days_by_kind[kind];
  }
  return statistics;
}

int differences = 0;

void compare(const Month& month, const char* what, double found, double expected,
             double tolerance) {
  if (std::abs(found - expected) <= tolerance) return;
  ++differences;
  std::printf("%s %s: %s is %.3f, should be %.3f\n", month.city.c_str(), month.month.c_str(), what,
              found, expected);
}

void check(const Month& month, const Sums& sums) {
  const double days = static_cast<double>(sums.days);
  compare(month, "days", month.days, days, 0);
  compare(month, "mean_temp_max", month.mean_temp_max, sums.highs / days / 10, 0.00501);
  compare(month, "mean_temp_min", month.mean_temp_min, sums.lows / days / 10, 0.00501);
  compare(month, "precipitation", month.precipitation, sums.precipitation / 10.0, 0.001);
  for (size_t i = 0; i < kKinds.size(); ++i) {
    const auto found = sums.days_by_kind.find(kKinds[i]);
    compare(month, kKinds[i], month.days_by_kind[i],
            found == sums.days_by_kind.end() ? 0 : found->second, 0);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) throw std::runtime_error("usage: check_monthly <weather.csv> <monthly.csv>");
  std::ifstream weather = opened(argv[1]);
  std::ifstream results = opened(argv[2]);
  Statistics expected = computed(weather);
  for (const Month& month : read_monthly_csv(results)) {
    const auto sums = expected.find({month.city, month.month});
    if (sums == expected.end())
      throw std::runtime_error("repeated or unknown month: " + month.city + " " + month.month);
    check(month, sums->second);
    expected.erase(sums);
  }
  for (const auto& [key, sums] : expected) {
    ++differences;
    std::printf("%s %s: missing\n", key.first.c_str(), key.second.c_str());
  }
  return differences == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "check_monthly: %s\n", error.what());
  return 1;
}
