#include "train/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace frugal::train {

namespace {

constexpr double kWidth = 640;
constexpr double kHeight = 300;
constexpr double kLeft = 62;
constexpr double kRight = 14;
constexpr double kTop = 34;
constexpr double kBottom = 44;
constexpr std::size_t kMostPoints = 500;  // a curve, about one a pixel
constexpr int kColors = 6;

// The plotted part of an axis and the distance of its marks.
struct Axis {
  double low = 0;
  double high = 1;
  double mark = 1;
};

// 1, 2 or 5 times a power of ten, about a fifth of the range.
double mark_distance(double range) {
  const double rough = range / 5;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double lead = rough / power;
  return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

Axis axis_over(double low, double high) {
  if (!(high > low)) {
    const double margin = low == 0 ? 1 : 0.1 * std::abs(low);
    low -= margin;
    high += margin;
  }
  Axis axis = {low, high, mark_distance(high - low)};
  axis.low = std::floor(low / axis.mark) * axis.mark;
  axis.high = std::ceil(high / axis.mark) * axis.mark;
  return axis;
}

std::vector<Point> finite(const std::vector<Point>& points) {
  std::vector<Point> kept;
  std::ranges::copy_if(points, std::back_inserter(kept),
                       [](const Point& p) { return std::isfinite(p.x) && std::isfinite(p.y); });
  return kept;
}

// Means over runs of neighbours.
std::vector<Point> thinned(const std::vector<Point>& points) {
  if (points.size() <= kMostPoints) return points;
  std::vector<Point> means;
  means.reserve(kMostPoints);
  for (std::size_t i = 0; i < kMostPoints; ++i) {
    const std::size_t begin = i * points.size() / kMostPoints;
    const std::size_t end = (i + 1) * points.size() / kMostPoints;
    Point sum;
    for (std::size_t j = begin; j < end; ++j) sum = {sum.x + points[j].x, sum.y + points[j].y};
    const auto count = static_cast<double>(end - begin);
    means.push_back({sum.x / count, sum.y / count});
  }
  return means;
}

// "1.5M", "20k", "0.25".
std::string label(double value) {
  const double size = std::abs(value);
  if (size >= 1e9) return fmt::format("{:.4g}G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:.4g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:.4g}k", value / 1e3);
  return fmt::format("{:.4g}", size < 1e-12 ? 0.0 : value);
}

struct Frame {
  Axis x, y;
  double at_x(double value) const {
    return kLeft + (value - x.low) / (x.high - x.low) * (kWidth - kLeft - kRight);
  }
  double at_y(double value) const {
    return kHeight - kBottom - (value - y.low) / (y.high - y.low) * (kHeight - kTop - kBottom);
  }
};

std::string grid(const Frame& frame) {
  std::string out;
  const auto marks = [](const Axis& axis) {
    return static_cast<int>(std::lround((axis.high - axis.low) / axis.mark));
  };
  for (int i = 0; i <= marks(frame.y); ++i) {
    const double value = frame.y.low + i * frame.y.mark;
    const double at = frame.at_y(value);
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
        "<text class=\"axis\" x=\"{3:.1f}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        kLeft, kWidth - kRight, at, kLeft - 6, at + 4, label(value));
  }
  for (int i = 0; i <= marks(frame.x); ++i) {
    const double value = frame.x.low + i * frame.x.mark;
    out += fmt::format(
        "<text class=\"axis\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
        frame.at_x(value), kHeight - kBottom + 18, label(value));
  }
  return out;
}

std::string polyline(const Frame& frame, const Curve& curve, const std::vector<Point>& points) {
  const std::string classes =
      fmt::format("c{}{}", curve.color % kColors, curve.faint ? " faint" : "");
  if (points.size() == 1) {
    return fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>\n", classes,
                       frame.at_x(points[0].x), frame.at_y(points[0].y));
  }
  std::string out = fmt::format("<polyline class=\"{}\" points=\"", classes);
  for (const Point& p : points) {
    out += fmt::format("{:.1f},{:.1f} ", frame.at_x(p.x), frame.at_y(p.y));
  }
  return out + "\"/>\n";
}

std::string legend(const std::vector<Curve>& curves) {
  std::string out;
  double x = kWidth - kRight;
  for (auto curve = curves.rbegin(); curve != curves.rend(); ++curve) {
    if (curve->faint || curve->name.empty()) continue;
    out += fmt::format(
        "<text class=\"legend c{}\" x=\"{:.1f}\" y=\"18\" text-anchor=\"end\">{}</text>\n",
        curve->color % kColors, x, html_escape(curve->name));
    x -= 7.0 * static_cast<double>(curve->name.size()) + 16;
  }
  return out;
}

}  // namespace

std::string html_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
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

std::string svg(const Chart& chart) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Point low = {kInfinity, chart.from_zero ? 0 : kInfinity};
  Point high = {-kInfinity, -kInfinity};
  std::vector<std::vector<Point>> all;
  for (const Curve& curve : chart.curves) {
    all.push_back(thinned(finite(curve.points)));
    for (const Point& p : all.back()) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
  }
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" "
      "xmlns=\"http://www.w3.org/2000/svg\">\n"
      "<text class=\"title\" x=\"{}\" y=\"18\">{}</text>\n",
      kWidth, kHeight, html_escape(chart.title), 8, html_escape(chart.title));
  if (high.x < low.x) {
    return out + fmt::format(
                     "<text class=\"axis\" x=\"{}\" y=\"{}\">nothing measured yet</text>\n</svg>\n",
                     kLeft, kHeight / 2);
  }
  const Frame frame = {axis_over(low.x, high.x), axis_over(low.y, high.y)};
  out += grid(frame);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].empty()) out += polyline(frame, chart.curves[i], all[i]);
  }
  out += fmt::format(
      "<text class=\"axis\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
      (kLeft + kWidth - kRight) / 2, kHeight - 6, html_escape(chart.x_label));
  return out + legend(chart.curves) + "</svg>\n";
}

}  // namespace frugal::train
