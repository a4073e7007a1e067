#include "monthly_csv.h"

#include <sstream>
#include <stdexcept>

namespace {

Month parse_month(const std::string& line) {
  std::istringstream fields(line);
  std::string field;
  auto next = [&] {
    if (!std::getline(fields, field, ',')) throw std::runtime_error("too few columns: " + line);
    return field;
  };
  Month month;
  month.city = next();
  month.month = next();
  month.days = std::stoi(next());
  month.mean_temp_max = std::stod(next());
  month.mean_temp_min = std::stod(next());
  month.precipitation = std::stod(next());
  for (int& days : month.days_by_kind) days = std::stoi(next());
  return month;
}

}  // namespace

std::vector<Month> read_monthly_csv(std::istream& input) {
  std::vector<Month> months;
  std::string line;
  std::getline(input, line);  // the header
  while (std::getline(input, line)) months.push_back(parse_month(line));
  return months;
}
