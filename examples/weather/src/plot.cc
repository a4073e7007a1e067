// plot <monthly.csv> > weather.svg: draws each city's temperatures, precipitation and kinds of
// days.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "monthly_csv.h"
#include "records.h"  // made from the data by the step "records"
#include "svg.h"

namespace {

constexpr double kWidth = 1200;
constexpr double kLeft = 84;
constexpr double kRight = kWidth - 48;
constexpr double kHeader = 128;
constexpr double kPanel = 424;  // height of one city
constexpr double kFooter = 44;

// A vertical scale: values from low to high, drawn from bottom up to top.
struct Scale {
  double low, high, top, bottom;

  double operator()(double value) const {
    return bottom - (value - low) / (high - low) * (bottom - top);
  }
};

constexpr std::array kMonthNames = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct KindStyle {
  std::string_view kind, colour;
};
constexpr std::array<KindStyle, kKinds.size()> kStack = {{{"sun", "#f6c445"},
                                                          {"fog", "#b8bec9"},
                                                          {"drizzle", "#9fd0e6"},
                                                          {"rain", "#4a90c2"},
                                                          {"snow", "#8f86d6"}}};

int days_of(const Month& month, std::string_view kind) {
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i] == kind) return month.days_by_kind[i];
  }
  return 0;
}

int month_number(std::string_view date) { return std::stoi(std::string(date.substr(5, 2))); }

// "18 Jul 2013"
std::string readable(std::string_view date) {
  return std::to_string(std::stoi(std::string(date.substr(8, 2)))) + " " +
         kMonthNames[static_cast<size_t>(month_number(date)) - 1] + " " +
         std::string(date.substr(0, 4));
}

// The temperatures that both cities need, so that they can be compared.
double lowest() {
  double value = 0;
  for (const CityRecords& records : kRecords) value = std::min(value, records.coldest.value);
  return std::floor(value / 10) * 10;
}

double highest() {
  double value = 0;
  for (const CityRecords& records : kRecords) value = std::max(value, records.hottest.value);
  return std::ceil(value / 10) * 10;
}

class CityPanel {
 public:
  CityPanel(Svg& svg, std::vector<Month> months, const CityRecords& records, double top,
            double most_rain)
      : svg_(svg),
        months_(std::move(months)),
        records_(records),
        slot_((kRight - kLeft) / static_cast<double>(months_.size())),
        temperature_{lowest(), highest(), top + 38, top + 234},
        rain_{0, std::ceil(most_rain / 50) * 50, top + 260, top + 338},
        kinds_top_(top + 352),
        kinds_bottom_(top + 380) {}

  void draw() {
    svg_.text(kLeft, temperature_.top - 16, "city", records_.city);
    svg_.text(kRight, temperature_.top - 16, "note",
              "wettest day: " + number(records_.wettest.value, 1) + " mm on " +
                  readable(records_.wettest.date));
    draw_years();
    draw_temperatures();
    draw_precipitation();
    draw_kinds();
    draw_records();
  }

 private:
  double middle(size_t index) const { return kLeft + slot_ * (static_cast<double>(index) + 0.5); }

  // Where a day lies, between the middles of its month and the next.
  double x_of(const Day& day) const {
    for (size_t i = 0; i < months_.size(); ++i) {
      if (months_[i].month == day.date.substr(0, 7)) {
        const double share =
            (std::stod(std::string(day.date.substr(8, 2))) - 0.5) / months_[i].days;
        return kLeft + slot_ * (static_cast<double>(i) + share);
      }
    }
    throw std::runtime_error("no month for " + std::string(day.date));
  }

  void draw_years() {
    for (size_t i = 0; i < months_.size(); ++i) {
      const double left = kLeft + slot_ * static_cast<double>(i);
      const std::string_view month = months_[i].month;
      const int number = month_number(month);
      if (number == 1) {
        if (i > 0) svg_.line(left, temperature_.top, left, kinds_bottom_, "year-line");
        svg_.text(left + slot_ * 6, kinds_bottom_ + 32, "year", month.substr(0, 4));
      }
      svg_.text(middle(i), kinds_bottom_ + 14, "month",
                std::string_view(kMonthNames[static_cast<size_t>(number) - 1]).substr(0, 1));
    }
  }

  void draw_temperatures() {
    for (double degrees = temperature_.low; degrees <= temperature_.high; degrees += 10) {
      const double y = temperature_(degrees);
      svg_.line(kLeft, y, kRight, y, degrees == 0 ? "zero" : "grid");
      svg_.text(kLeft - 10, y + 4, "tick", label(degrees, 0) + "°");
    }
    svg_.vertical_text(kLeft - 58, (temperature_.top + temperature_.bottom) / 2, "axis",
                       "temperature, °C");

    std::vector<Point> highs, lows;
    for (size_t i = 0; i < months_.size(); ++i) {
      highs.push_back({middle(i), temperature_(months_[i].mean_temp_max)});
      lows.push_back({middle(i), temperature_(months_[i].mean_temp_min)});
    }
    const std::string id = "warmth-" + std::to_string(std::lround(temperature_.top));
    svg_.vertical_gradient(id, temperature_(30), temperature_(-5),
                           {"#e2553a", "#f2d492", "#4f8fd0"});
    svg_.band(highs, lows, "band", id);
    svg_.curve(highs, "high");
    svg_.curve(lows, "low");
  }

  void draw_precipitation() {
    for (double millimetres = 0; millimetres <= rain_.high; millimetres += 100) {
      const double y = rain_(millimetres);
      svg_.line(kLeft, y, kRight, y, millimetres == 0 ? "zero" : "grid");
      svg_.text(kLeft - 10, y + 4, "tick", label(millimetres, 0));
    }
    svg_.vertical_text(kLeft - 58, (rain_.top + rain_.bottom) / 2, "axis", "precip., mm");
    for (size_t i = 0; i < months_.size(); ++i) {
      const double y = rain_(months_[i].precipitation);
      svg_.bar(middle(i) - slot_ * 0.34, y, slot_ * 0.68, rain_.bottom - y, "rain",
               months_[i].month + ": " + number(months_[i].precipitation, 1) + " mm");
    }
  }

  void draw_kinds() {
    svg_.text(kLeft - 10, (kinds_top_ + kinds_bottom_) / 2 + 4, "tick", "days");
    for (size_t i = 0; i < months_.size(); ++i) {
      double y = kinds_bottom_;
      for (const KindStyle& style : kStack) {
        const int days = days_of(months_[i], style.kind);
        const double height = (kinds_bottom_ - kinds_top_) * days / months_[i].days;
        y -= height;
        if (days > 0) {
          svg_.bar(middle(i) - slot_ * 0.46, y, slot_ * 0.92, height, style.kind,
                   months_[i].month + ": " + std::to_string(days) + " days of " +
                       std::string(style.kind));
        }
      }
    }
  }

  void draw_records() {
    mark(records_.hottest, "hottest");
    mark(records_.coldest, "coldest");
  }

  void mark(const Day& day, std::string_view css_class) {
    const double x = x_of(day);
    const double y = temperature_(day.value);
    svg_.dot(x, y, css_class);
    svg_.text(x + 10, y + 4, "record", label(day.value, 1) + "° on " + readable(day.date));
  }

  Svg& svg_;
  std::vector<Month> months_;
  const CityRecords& records_;
  double slot_;
  Scale temperature_, rain_;
  double kinds_top_, kinds_bottom_;
};

constexpr std::string_view kStyle = R"(
    text { font-family: Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif; fill: #5b6472; }
    .title { font-size: 30px; font-weight: 700; fill: #1d2430; }
    .subtitle { font-size: 15px; }
    .city { font-size: 19px; font-weight: 700; fill: #1d2430; }
    .tick { font-size: 12px; text-anchor: end; }
    .axis { font-size: 12px; text-anchor: middle; }
    .month { font-size: 9.5px; text-anchor: middle; fill: #8b93a1; }
    .year { font-size: 13px; font-weight: 600; text-anchor: middle; }
    .note { font-size: 13px; text-anchor: end; }
    .record { font-size: 12px; fill: #1d2430; stroke: #fbfaf7; stroke-width: 3px; paint-order: stroke; }
    .legend, .footer { font-size: 12.5px; }
    .page { fill: #fbfaf7; }
    .grid { stroke: #e4e2dc; }
    .zero { stroke: #a9acb3; }
    .year-line { stroke: #d3d1ca; stroke-dasharray: 2 4; }
    .band { fill-opacity: 0.55; }
    .high, .low { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
    .high { stroke: #d9573f; }
    .low { stroke: #3d79b8; }
    .hottest, .coldest { stroke: #fbfaf7; stroke-width: 1.5; }
    .hottest { fill: #d9573f; }
    .coldest { fill: #3d79b8; }
)";

void draw_header(Svg& svg) {
  svg.text(kLeft, 52, "title", "Four years of weather");
  svg.text(kLeft, 78, "subtitle", "New York and Seattle, month by month, 2012 to 2015");
  double x = kLeft;
  const double y = 106;
  auto entry = [&](std::string_view css_class, double height, const std::string& name) {
    svg.bar(x, y - height / 2, 16, height, css_class, name);
    svg.text(x + 22, y + 4.5, "legend", name);
    x += 22 + 6.6 * static_cast<double>(name.size()) + 24;
  };
  entry("hottest", 4, "mean daily high");
  entry("coldest", 4, "mean daily low");
  svg.text(x, y + 4.5, "legend", "days of");
  x += 62;
  for (const KindStyle& style : kStack) entry(style.kind, 12, std::string(style.kind));
}

void draw(const std::vector<Month>& months, std::ostream& output) {
  double most_rain = 0;
  for (const Month& month : months) most_rain = std::max(most_rain, month.precipitation);

  const double height = kHeader + kPanel * static_cast<double>(std::size(kRecords)) + kFooter;
  std::string style(kStyle);
  for (const KindStyle& kind : kStack) {
    style += "    ." + std::string(kind.kind) + " { fill: " + std::string(kind.colour) + "; }\n";
  }
  Svg svg(kWidth, height, "Weather of New York and Seattle, 2012 to 2015", style);
  draw_header(svg);
  double top = kHeader;
  for (const CityRecords& records : kRecords) {
    std::vector<Month> mine;
    std::copy_if(months.begin(), months.end(), std::back_inserter(mine),
                 [&](const Month& month) { return month.city == records.city; });
    CityPanel(svg, std::move(mine), records, top, most_rain).draw();
    top += kPanel;
  }
  svg.text(kLeft, height - 20, "footer",
           "Data: NOAA, daily observations. Dots mark the hottest and the coldest day.");
  output << svg.finish();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::runtime_error("usage: plot <monthly.csv>");
  std::ifstream input(argv[1]);
  if (!input) throw std::runtime_error(std::string("cannot read ") + argv[1]);
  draw(read_monthly_csv(input), std::cout);
} catch (const std::exception& error) {
  std::fprintf(stderr, "plot: %s\n", error.what());
  return 1;
}
