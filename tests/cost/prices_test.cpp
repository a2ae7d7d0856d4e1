#include "cost/prices.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace frugal::cost {
namespace {

TEST(Prices, AreThoseOfR1UnlessOtherwiseSaid) {
  const Prices prices = PriceList().at("any", 0);
  EXPECT_EQ(charge(prices, {1'000'000, 0, 0}), 140'000'000);
  EXPECT_EQ(charge(prices, {0, 1'000'000, 0}), 550'000'000);
  EXPECT_EQ(charge(prices, {0, 0, 1'000'000}), 2'190'000'000);
  EXPECT_EQ(charge(prices, {1, 1, 1}), 2880);
}

TEST(Prices, ByModelAndHour) {
  const auto list =
      PriceList::from_json(Json::parse(R"({"default": {"output": 1}, "models": {"big": {"miss": 4}},
                      "off_peak": {"from": "16:30", "to": "00:30", "factor": 0.5}})"),
                           "prices.json");
  constexpr std::int64_t kHour = 3600;
  EXPECT_EQ(list.at("small", 12 * kHour).output, 1);
  EXPECT_EQ(list.at("big", 12 * kHour).miss, 4);
  EXPECT_EQ(list.at("big", 12 * kHour).output, 1);
  EXPECT_EQ(list.at("big", 17 * kHour).miss, 2);
  EXPECT_EQ(list.at("big", 24 * kHour + 29 * 60).miss, 2);
  EXPECT_EQ(list.at("big", 24 * kHour + 30 * 60).miss, 4);
  EXPECT_EQ(list.at("big", 16 * kHour + 29 * 60).miss, 4);
}

TEST(Prices, WhatIsUnknownIsNamed) {
  for (const char* text : {R"([])", R"({"defualt": {}})", R"({"default": {"hit": -1}})",
                           R"({"default": {"hit": "1"}})", R"({"off_peak": {"from": "25:00"}})",
                           R"({"off_peak": {"from": "1:00", "to": "soon"}})"}) {
    EXPECT_THROW(PriceList::from_json(Json::parse(text), "prices.json"), Error) << text;
  }
}

TEST(Prices, DollarsInWords) {
  EXPECT_EQ(dollars(0), "0.00");
  EXPECT_EQ(dollars(1'500'000'000), "1.50");
  EXPECT_EQ(dollars(2880), "0.00000288");
  EXPECT_EQ(dollars(-10), "-0.00000001");
}

}  // namespace
}  // namespace frugal::cost
