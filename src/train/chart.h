// Line charts as inline SVG.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace frugal::train {

struct Point {
  double x = 0;
  double y = 0;
};

struct Curve {
  std::string name;
  std::vector<Point> points;  // by ascending x; values that are not finite are left out
  int color = 0;              // curves of one color belong together
  bool faint = false;         // noise behind another curve
};

struct Chart {
  std::string title;
  std::string x_label;
  std::vector<Curve> curves;
  bool from_zero = false;  // the y axis begins at 0
};

/// An <svg> element that takes its colors from the page's CSS (classes c0 to c5, axis, grid,
/// faint). A curve of more points than can be seen shows the means of neighbours. Without any point
/// the chart says so.
std::string svg(const Chart& chart);

/// Text made safe inside HTML and SVG.
std::string html_escape(std::string_view text);

}  // namespace frugal::train
