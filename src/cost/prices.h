// What served tokens cost, by model and hour.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"

namespace frugal::cost {

/// Dollars a million tokens: of the prompt, found in the cache or not, and of the answer.
struct Prices {
  double hit = 0.14;  // by default those of DeepSeek-R1, January 2025
  double miss = 0.55;
  double output = 2.19;
};

/// Served tokens by how they are paid.
struct ServedTokens {
  std::int64_t hit = 0;
  std::int64_t miss = 0;
  std::int64_t output = 0;
};

/// In nanodollars (1e-9 dollars), rounded; at those prices a token costs hundreds of them.
std::int64_t charge(const Prices& prices, const ServedTokens& tokens);

/// "1.234567": dollars with as many digits as there are, at least two.
std::string dollars(std::int64_t nanodollars);

/// Prices by model, with a discount for some hours of the day.
class PriceList {
 public:
  /// R1's prices for all models, at all hours.
  PriceList() = default;

  /// {"default": {"hit", "miss", "output"}, "models": {name: {...}},
  ///  "off_peak": {"from": "16:30", "to": "00:30", "factor": 0.25}}, all optional; hours are UTC.
  /// Throws Error naming `where` and the key on anything else.
  static PriceList from_json(const Json& json, const std::string& where);

  /// What `model` costs at `unix_time` seconds since 1970.
  Prices at(const std::string& model, std::int64_t unix_time) const;

 private:
  Prices default_;
  std::map<std::string, Prices> models_;
  std::int64_t from_ = 0;  // minutes of the day; equal: no off-peak hours
  std::int64_t to_ = 0;
  double factor_ = 1;
};

/// Public prices to compare with, by name.
const std::map<std::string, Prices>& public_prices();

}  // namespace frugal::cost
