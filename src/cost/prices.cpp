#include "cost/prices.h"

#include <cmath>
#include <cstdio>

#include "base/error.h"

namespace frugal::cost {

namespace {

constexpr std::int64_t kNano = 1'000'000'000;
constexpr std::int64_t kMinutesOfDay = 24 * 60;

double price(const Json& json, const char* key, double otherwise, const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end()) return otherwise;
  require(found->is_number() && found->get<double>() >= 0 && found->get<double>() <= 1e6,
          "{}: {} is no price", where, key);
  return found->get<double>();
}

void check_keys(const Json& json, std::initializer_list<std::string_view> known,
                const std::string& where) {
  require(json.is_object(), "{}: expected an object", where);
  for (const auto& [key, value] : json.items()) {
    bool found = false;
    for (const std::string_view name : known) found = found || key == name;
    require(found, "{}: unknown key {}", where, printable(key));
  }
}

Prices read_prices(const Json& json, const Prices& defaults, const std::string& where) {
  check_keys(json, {"hit", "miss", "output"}, where);
  return {price(json, "hit", defaults.hit, where), price(json, "miss", defaults.miss, where),
          price(json, "output", defaults.output, where)};
}

// "16:30" as minutes of the day.
std::int64_t read_minutes(const Json& json, const char* key, const std::string& where) {
  const auto found = json.find(key);
  int hours = -1;
  int minutes = -1;
  char end = 0;
  const bool parsed = found != json.end() && found->is_string() &&
                      std::sscanf(found->get_ref<const std::string&>().c_str(), "%2d:%2d%c", &hours,
                                  &minutes, &end) == 2;
  require(parsed && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60,
          "{}: {} is no time such as \"16:30\"", where, key);
  return hours * 60 + minutes;
}

}  // namespace

std::int64_t charge(const Prices& prices, const ServedTokens& tokens) {
  // Dollars a million tokens are thousands of nanodollars a token.
  const double nano = 1000 * (prices.hit * static_cast<double>(tokens.hit) +
                              prices.miss * static_cast<double>(tokens.miss) +
                              prices.output * static_cast<double>(tokens.output));
  return std::llround(nano);
}

std::string dollars(std::int64_t nanodollars) {
  const auto magnitude = static_cast<std::uint64_t>(std::llabs(nanodollars));
  std::string text =
      fmt::format("{}{}.{:09}", nanodollars < 0 ? "-" : "", magnitude / kNano, magnitude % kNano);
  while (text.ends_with('0') && text[text.size() - 3] != '.') text.pop_back();
  return text;
}

PriceList PriceList::from_json(const Json& json, const std::string& where) {
  PriceList list;
  check_keys(json, {"default", "models", "off_peak"}, where);
  if (json.contains("default")) {
    list.default_ = read_prices(json["default"], {}, where + ": default");
  }
  if (json.contains("models")) {
    require(json["models"].is_object(), "{}: models is no object", where);
    for (const auto& [name, prices] : json["models"].items()) {
      list.models_[name] = read_prices(prices, list.default_, where + ": " + printable(name));
    }
  }
  if (json.contains("off_peak")) {
    const Json& off_peak = json["off_peak"];
    const std::string place = where + ": off_peak";
    check_keys(off_peak, {"from", "to", "factor"}, place);
    list.from_ = read_minutes(off_peak, "from", place);
    list.to_ = read_minutes(off_peak, "to", place);
    list.factor_ = price(off_peak, "factor", 1, place);
  }
  return list;
}

Prices PriceList::at(const std::string& model, std::int64_t unix_time) const {
  const auto found = models_.find(model);
  Prices prices = found == models_.end() ? default_ : found->second;
  const std::int64_t minute = unix_time / 60 % kMinutesOfDay;
  const bool off_peak =
      from_ <= to_ ? minute >= from_ && minute < to_ : minute >= from_ || minute < to_;
  if (!off_peak) return prices;
  return {prices.hit * factor_, prices.miss * factor_, prices.output * factor_};
}

const std::map<std::string, Prices>& public_prices() {
  static const std::map<std::string, Prices> prices = {
      {"DeepSeek-R1 (January 2025)", {0.14, 0.55, 2.19}},
      {"DeepSeek-V3 (February 2025)", {0.07, 0.27, 1.10}},
      {"OpenAI o1 (January 2025)", {7.50, 15, 60}},
  };
  return prices;
}

}  // namespace frugal::cost
