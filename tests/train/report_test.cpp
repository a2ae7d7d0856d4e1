// The page that `frugal report` draws.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "base/error.h"
#include "support/data.h"
#include "train/chart.h"
#include "train/report_page.h"

namespace frugal::train {
namespace {

namespace fs = std::filesystem;
using frugal::testing::write_file;
using ::testing::HasSubstr;
using ::testing::Not;

// The points of every polyline, in the picture's own units.
std::vector<std::vector<Point>> drawn(const std::string& svg) {
  std::vector<std::vector<Point>> all;
  const std::regex line("points=\"([^\"]*)\"");
  const std::regex pair("([-0-9.]+),([-0-9.]+)");
  for (std::sregex_iterator at(svg.begin(), svg.end(), line), end; at != end; ++at) {
    const std::string points = (*at)[1];
    all.emplace_back();
    for (std::sregex_iterator p(points.begin(), points.end(), pair); p != end; ++p) {
      all.back().push_back({std::stod((*p)[1]), std::stod((*p)[2])});
    }
  }
  return all;
}

TEST(Chart, DrawsToScale) {
  const auto lines = drawn(svg({"t", "x", {{"a", {{0, 0}, {5, 5}, {10, 10}}}}, false}));
  ASSERT_EQ(lines.size(), 1U);
  ASSERT_EQ(lines[0].size(), 3U);
  EXPECT_NEAR(lines[0][1].x, (lines[0][0].x + lines[0][2].x) / 2, 0.1);
  EXPECT_NEAR(lines[0][1].y, (lines[0][0].y + lines[0][2].y) / 2, 0.1);
  EXPECT_LT(lines[0][2].y, lines[0][0].y) << "larger is higher up";
}

TEST(Chart, LeavesOutWhatIsNoNumberAndThinsWhatIsTooMuch) {
  Curve curve = {"a", {}};
  for (int i = 0; i < 100'000; ++i) {
    curve.points.push_back({static_cast<double>(i), i % 7 == 0 ? std::nan("") : 1.0 * i});
  }
  const std::string text = svg({"t", "x", {curve}, false});
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  const auto lines = drawn(text);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_LT(lines[0].size(), 1000U);
  EXPECT_GT(lines[0].size(), 100U);
}

TEST(Chart, OnePointNoPointsAndFlatLinesAreFine) {
  EXPECT_THAT(svg({"t", "x", {}, false}), HasSubstr("nothing measured yet"));
  EXPECT_THAT(svg({"t", "x", {{"a", {{3, 4}}}}, false}), HasSubstr("<circle"));
  const auto flat = drawn(svg({"t", "x", {{"a", {{0, 0}, {1, 0}}}}, true}));
  ASSERT_EQ(flat.size(), 1U);
  EXPECT_TRUE(std::isfinite(flat[0][0].y));
}

class Page : public ::testing::Test {
 protected:
  fs::path run(const std::string& name, const std::string& metrics) const {
    fs::create_directories(folder_.path() / name);
    write_file(folder_.path() / name / "metrics.jsonl", metrics);
    return folder_.path() / name;
  }
  static std::string line(int step, const char* val_loss) {
    return fmt::format(
        R"({{"step":{0},"tokens":{1},"loss":{2},"val_loss":{3},"val_bits_per_byte":{3},)"
        R"("seconds":{0},"tokens_per_second":100,"flops_utilization":0.5,"expert_imbalance":0.1,)"
        R"("grad_norm":1,"lr":0.001}})"
        "\n",
        step, 10 * step, 5.0 / step, val_loss);
  }
  frugal::testing::TemporaryFolder folder_;
};

TEST_F(Page, ShowsARunThatStillGoesOn) {
  const std::string page = report_page(
      {run("r", line(1, "null") + line(2, "2.75") + line(3, "2.5") + "{\"step\":4,\"lo")});
  for (const char* wanted : {"Training loss", "Validation loss", "Expert balance", "Speed",
                             "<td>3</td>", "<td>30</td>", "<td>2.5000</td>"}) {
    EXPECT_THAT(page, HasSubstr(wanted));
  }
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  // The one address is the name of the SVG format, which nobody fetches.
  EXPECT_FALSE(std::regex_search(page, std::regex("(src|href|url|@import)[=(]")));
}

TEST_F(Page, ComparesRunsAndBelievesNoName) {
  const std::string page =
      report_page({run("a<b>&", line(1, "3") + line(2, "2")), run("other", line(1, "3"))});
  EXPECT_THAT(page, HasSubstr("a&lt;b&gt;&amp;"));
  EXPECT_THAT(page, Not(HasSubstr("a<b>")));
  EXPECT_THAT(page, HasSubstr(">other</text>"));
}

TEST_F(Page, SaysWhatIsWrongWithAFolder) {
  const auto message = [](const fs::path& folder) {
    try {
      report_page({folder});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message(folder_.path() / "none"), HasSubstr("metrics.jsonl is missing"));
  EXPECT_THAT(message(run("bad", line(1, "3") + "{oops\n")), HasSubstr("metrics.jsonl line 2"));
  EXPECT_THAT(message(run("list", "[1]\n")), HasSubstr("line 1"));
  EXPECT_THAT(report_page({run("empty", "")}), HasSubstr("nothing measured yet"));
}

}  // namespace
}  // namespace frugal::train
