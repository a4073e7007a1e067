#include "svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + number(value, 1) + "\"";
}

std::string css(std::string_view css_class) { return " class=\"" + std::string(css_class) + "\""; }

std::string coordinates(Point point) { return number(point.x, 1) + " " + number(point.y, 1); }

// The slopes of a monotone cubic through points of equal distance (Fritsch and Carlson, 1980).
std::vector<double> slopes(const std::vector<Point>& points) {
  std::vector<double> slope(points.size(), 0);
  for (size_t i = 1; i + 1 < points.size(); ++i) {
    const double before = (points[i].y - points[i - 1].y) / (points[i].x - points[i - 1].x);
    const double after = (points[i + 1].y - points[i].y) / (points[i + 1].x - points[i].x);
    if (before * after > 0) slope[i] = 2 * before * after / (before + after);
  }
  return slope;
}

// The Bezier segments from the first point to the last.
std::string segments(const std::vector<Point>& points) {
  const std::vector<double> slope = slopes(points);
  std::string out;
  for (size_t i = 0; i + 1 < points.size(); ++i) {
    const double third = (points[i + 1].x - points[i].x) / 3;
    out += " C " + coordinates({points[i].x + third, points[i].y + slope[i] * third}) + ", " +
           coordinates({points[i + 1].x - third, points[i + 1].y - slope[i + 1] * third}) + ", " +
           coordinates(points[i + 1]);
  }
  return out;
}

}  // namespace

std::string number(double value, int digits) {
  char buffer[64];
  const int length = std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return std::string(buffer, static_cast<size_t>(length));
}

std::string label(double value, int digits) {
  const std::string text = number(std::abs(value), digits);
  return value < 0 ? "\u2212" + text : text;
}

Svg::Svg(double width, double height, std::string_view title, std::string_view style) {
  const std::string w = number(width, 0), h = number(height, 0);
  out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + w + " " + h + "\" width=\"" +
         w + "\" height=\"" + h + "\" role=\"img\">\n  <title>" + escaped(title) +
         "</title>\n  <style>" + std::string(style) + "  </style>\n" +
         "  <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n";
}

void Svg::text(double x, double y, std::string_view css_class, std::string_view content) {
  out_ += "  <text" + css(css_class) + attribute("x", x) + attribute("y", y) + ">" +
          escaped(content) + "</text>\n";
}

void Svg::vertical_text(double x, double y, std::string_view css_class, std::string_view content) {
  out_ += "  <text" + css(css_class) + " transform=\"translate(" + coordinates({x, y}) +
          ") rotate(-90)\">" + escaped(content) + "</text>\n";
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view css_class) {
  out_ += "  <line" + css(css_class) + attribute("x1", x1) + attribute("y1", y1) +
          attribute("x2", x2) + attribute("y2", y2) + "/>\n";
}

void Svg::dot(double x, double y, std::string_view css_class) {
  out_ += "  <circle" + css(css_class) + attribute("cx", x) + attribute("cy", y) + " r=\"4.5\"/>\n";
}

void Svg::bar(double x, double y, double width, double height, std::string_view css_class,
              std::string_view hint) {
  out_ += "  <rect" + css(css_class) + attribute("x", x) + attribute("y", y) +
          attribute("width", width) + attribute("height", height) + " rx=\"1\"><title>" +
          escaped(hint) + "</title></rect>\n";
}

void Svg::curve(const std::vector<Point>& points, std::string_view css_class) {
  if (points.empty()) return;
  out_ += "  <path" + css(css_class) + " d=\"M " + coordinates(points.front()) + segments(points) +
          "\"/>\n";
}

void Svg::band(const std::vector<Point>& upper, const std::vector<Point>& lower,
               std::string_view css_class, std::string_view gradient) {
  if (upper.empty() || lower.empty()) return;
  std::vector<Point> back(lower.rbegin(), lower.rend());
  out_ += "  <path" + css(css_class) + " fill=\"url(#" + std::string(gradient) + ")\" d=\"M " +
          coordinates(upper.front()) + segments(upper) + " L " + coordinates(back.front()) +
          segments(back) + " Z\"/>\n";
}

void Svg::vertical_gradient(std::string_view id, double top, double bottom,
                            const std::vector<std::string_view>& colours) {
  out_ += "  <linearGradient id=\"" + std::string(id) +
          "\" gradientUnits=\"userSpaceOnUse\" x1=\"0\" x2=\"0\"" + attribute("y1", top) +
          attribute("y2", bottom) + ">";
  for (size_t i = 0; i < colours.size(); ++i) {
    const double offset = static_cast<double>(i) / static_cast<double>(colours.size() - 1);
    out_ += "<stop offset=\"" + number(offset, 2) + "\" stop-color=\"" + std::string(colours[i]) +
            "\"/>";
  }
  out_ += "</linearGradient>\n";
}

std::string Svg::finish() { return out_ + "</svg>\n"; }
