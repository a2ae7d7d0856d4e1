#include "train/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"
#include "cost/ledger.h"
#include "train/chart.h"

namespace frugal::train {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --text: #222; --soft: #777; --grid: #ddd; --back: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --text: #ddd; --soft: #999; --grid: #3a3a3a; --back: #161616; }
}
body { font: 15px/1.4 system-ui, sans-serif; color: var(--text); background: var(--back);
  max-width: 1340px; margin: 2em auto; padding: 0 1em; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30em), 1fr)); gap: 1em; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: .25em .8em; text-align: right; border-bottom: 1px solid var(--grid); }
th:first-child, td:first-child { text-align: left; }
svg { width: 100%; font: 12px system-ui, sans-serif; }
svg text { fill: var(--soft); }
svg .title { fill: var(--text); font-size: 14px; font-weight: 600; }
.grid { stroke: var(--grid); }
polyline { fill: none; stroke-width: 1.6; }
.faint { opacity: .3; stroke-width: 1; }
polyline.c0 { stroke: #3b7dd8; } svg .c0:not(polyline) { fill: #3b7dd8; }
polyline.c1 { stroke: #e0792b; } svg .c1:not(polyline) { fill: #e0792b; }
polyline.c2 { stroke: #3a9d5d; } svg .c2:not(polyline) { fill: #3a9d5d; }
polyline.c3 { stroke: #c44569; } svg .c3:not(polyline) { fill: #c44569; }
polyline.c4 { stroke: #8a63d2; } svg .c4:not(polyline) { fill: #8a63d2; }
polyline.c5 { stroke: #8a7d3b; } svg .c5:not(polyline) { fill: #8a7d3b; }
)";

struct RunMetrics {
  std::string name;
  std::vector<Json> lines;
  cost::Bill bill;
};

std::vector<Json> read_metrics(const fs::path& path) {
  std::ifstream file(path);
  require(file.good(), "{} is missing; a run writes it", path.string());
  std::vector<Json> lines;
  int number = 0;
  for (std::string text; std::getline(file, text);) {
    ++number;
    if (file.eof()) break;  // a line that is being written
    Json line = parse_json(text, fmt::format("{} line {}", path.string(), number));
    require(line.is_object(), "{} line {}: not an object", path.string(), number);
    lines.push_back(std::move(line));
  }
  return lines;
}

RunMetrics read_run(const fs::path& folder) {
  RunMetrics run;
  run.name = fs::weakly_canonical(folder).filename().string();
  run.lines = read_metrics(folder / "metrics.jsonl");
  for (const cost::RunBill& bill : cost::read_ledgers(folder)) run.bill += bill.bill;
  return run;
}

double value(const Json& line, const char* key) {
  const auto at = line.find(key);
  return at != line.end() && at->is_number() ? at->get<double>() : std::nan("");
}

std::vector<Point> points(const RunMetrics& run, const char* x, const char* y, double scale = 1) {
  std::vector<Point> all;
  for (const Json& line : run.lines) {
    const Point p = {value(line, x), scale * value(line, y)};
    if (std::isfinite(p.x) && std::isfinite(p.y)) all.push_back(p);
  }
  return all;
}

// Running mean that forgets over about a twentieth of the run.
std::vector<Point> smoothed(std::vector<Point> all) {
  const double keep = 1 - 1 / std::max(1.0, static_cast<double>(all.size()) / 20);
  double mean = 0;
  double weight = 0;
  for (Point& p : all) {
    mean = keep * mean + (1 - keep) * p.y;
    weight = keep * weight + (1 - keep);
    p.y = mean / weight;
  }
  return all;
}

struct Plot {
  const char* title;
  const char* x;
  const char* x_label;
  const char* y;
  double scale = 1;
  bool smooth = false;
  bool from_zero = false;
};

constexpr std::array<Plot, 8> kPlots = {{
    {"Training loss, nats a token", "tokens", "tokens", "loss", 1, true, false},
    {"Validation loss, nats a token", "tokens", "tokens", "val_loss", 1, false, false},
    {"Validation loss over time", "seconds", "seconds", "val_loss", 1, false, false},
    {"Expert balance: busiest over mean, less one, %", "tokens", "tokens", "expert_imbalance", 100,
     true, true},
    {"Speed, tokens a second", "tokens", "tokens", "tokens_per_second", 1, true, true},
    {"Share of the measured peak, %", "tokens", "tokens", "flops_utilization", 100, true, true},
    {"Gradient norm", "tokens", "tokens", "grad_norm", 1, true, true},
    {"Learning rate", "tokens", "tokens", "lr", 1, false, true},
}};

std::string draw(const Plot& plot, const std::vector<RunMetrics>& runs) {
  Chart chart = {plot.title, plot.x_label, {}, plot.from_zero};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string name = runs.size() > 1 ? runs[i].name : "";
    const std::vector<Point> all = points(runs[i], plot.x, plot.y, plot.scale);
    if (plot.smooth) chart.curves.push_back({"", all, static_cast<int>(i), true});
    chart.curves.push_back({name, plot.smooth ? smoothed(all) : all, static_cast<int>(i), false});
  }
  return svg(chart);
}

std::string cell(double number, const char* format) {
  return fmt::format("<td>{}</td>",
                     std::isfinite(number) ? fmt::format(fmt::runtime(format), number) : "–");
}

std::string table(const std::vector<RunMetrics>& runs) {
  std::string out =
      "<table><tr><th>run</th><th>steps</th><th>tokens</th><th>training loss</th>"
      "<th>validation loss</th><th>best</th><th>bits a byte</th><th>time</th><th>dollars</th>"
      "<th>FLOPs</th><th>energy, Wh</th></tr>\n";
  for (const RunMetrics& run : runs) {
    const std::vector<Point> validation = points(run, "step", "val_loss");
    const std::vector<Point> bits = points(run, "step", "val_bits_per_byte");
    const std::vector<Point> loss = smoothed(points(run, "step", "loss"));
    const auto best = std::ranges::min_element(validation, {}, &Point::y);
    const auto last = [](const std::vector<Point>& all) {
      return all.empty() ? std::nan("") : all.back().y;
    };
    const Json end = run.lines.empty() ? Json::object() : run.lines.back();
    out += "<tr><td>" + html_escape(run.name) + "</td>" + cell(value(end, "step"), "{:.0f}") +
           cell(value(end, "tokens"), "{:.0f}") + cell(last(loss), "{:.4f}") +
           cell(last(validation), "{:.4f}") +
           cell(best == validation.end() ? std::nan("") : best->y, "{:.4f}") +
           cell(last(bits), "{:.4f}") + "<td>" + human_seconds(run.bill.device_seconds) + "</td>" +
           cell(run.bill.dollars, "{:.4f}") + cell(run.bill.flops, "{:.3g}") +
           cell(run.bill.metered_seconds > 0 ? run.bill.joules / 3600 : std::nan(""), "{:.2f}") +
           "</tr>\n";
  }
  return out + "</table>\n";
}

}  // namespace

std::string report_page(const std::vector<fs::path>& folders) {
  std::vector<RunMetrics> runs;
  runs.reserve(folders.size());
  for (const fs::path& folder : folders) runs.push_back(read_run(folder));
  std::string names;
  for (const RunMetrics& run : runs) names += (names.empty() ? "" : ", ") + run.name;
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<title>{0}</title>\n<style>{1}</style></head>\n<body>\n<h1>{0}</h1>\n",
      html_escape(names), kStyle);
  page += table(runs) + "<div class=\"charts\">\n";
  for (const Plot& plot : kPlots) page += draw(plot, runs);
  return page +
         "</div>\n<p>Faint: single steps; strong: their running mean. Time and dollars are those "
         "of the ledger, work done twice after a crash included.</p>\n</body></html>\n";
}

}  // namespace frugal::train
