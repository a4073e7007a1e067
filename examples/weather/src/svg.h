// An SVG drawing, element by element.
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct Point {
  double x, y;
};

// A number with so many digits after the point, for attributes.
std::string number(double value, int digits);
// The same for people: with a minus sign instead of a hyphen.
std::string label(double value, int digits);

class Svg {
 public:
  Svg(double width, double height, std::string_view title, std::string_view style);

  void text(double x, double y, std::string_view css_class, std::string_view content);
  void vertical_text(double x, double y, std::string_view css_class, std::string_view content);
  void line(double x1, double y1, double x2, double y2, std::string_view css_class);
  void dot(double x, double y, std::string_view css_class);
  // The hint shows when the pointer rests on the bar.
  void bar(double x, double y, double width, double height, std::string_view css_class,
           std::string_view hint);
  // A smooth line through the points that never overshoots them.
  void curve(const std::vector<Point>& points, std::string_view css_class);
  // The area between two such lines, filled with a gradient.
  void band(const std::vector<Point>& upper, const std::vector<Point>& lower,
            std::string_view css_class, std::string_view gradient);
  // Even steps from the first colour at the top to the last at the bottom.
  void vertical_gradient(std::string_view id, double top, double bottom,
                         const std::vector<std::string_view>& colours);

  std::string finish();

 private:
  std::string out_;
};
