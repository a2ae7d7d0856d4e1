#include "engine/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"

namespace frugal::engine {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> random_logits(Rng& rng, std::size_t vocab, double spread) {
  std::vector<float> logits;
  while (logits.size() < vocab) {
    // Quarters, so that equal logits are common.
    logits.push_back(static_cast<float>(std::round(rng.normal() * spread * 4) / 4));
  }
  return logits;
}

// The distribution that SamplingOptions describes, step by step in long double over the full
// vocabulary: token -> probability, zero where it is cut off.
std::vector<double> naive(const std::vector<float>& logits, const SamplingOptions& options,
                          const std::vector<std::int32_t>& prompt,
                          const std::vector<std::int32_t>& output) {
  const std::size_t n = logits.size();
  std::vector<long double> x(logits.begin(), logits.end());
  for (const auto& [token, bias] : options.logit_bias)
    x.at(static_cast<std::size_t>(token)) += bias;
  for (std::size_t t = 0; t < n; ++t) {
    const auto id = static_cast<std::int32_t>(t);
    const auto in_prompt = std::count(prompt.begin(), prompt.end(), id);
    const auto in_output = std::count(output.begin(), output.end(), id);
    if (in_prompt + in_output > 0) {
      x[t] = x[t] > 0 ? x[t] / options.repetition_penalty : x[t] * options.repetition_penalty;
    }
    if (in_output > 0) x[t] -= options.presence_penalty;
    x[t] -= options.frequency_penalty * static_cast<long double>(in_output);
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return x[a] > x[b]; });
  std::vector<double> p(n, 0.0);
  if (options.temperature == 0) {
    p[order[0]] = 1;
    return p;
  }
  std::vector<long double> weight;
  for (const std::size_t t : order) {
    weight.push_back(
        std::exp((x[t] - x[order[0]]) / static_cast<long double>(options.temperature)));
  }
  std::size_t keep = n;
  if (options.top_k > 0) keep = std::min(keep, static_cast<std::size_t>(options.top_k));
  const long double mass = std::accumulate(weight.begin(), weight.begin() + keep, 0.0L);
  long double before = 0;
  for (std::size_t i = 0; i < keep; ++i) {
    if (options.top_p < 1 && before >= options.top_p * mass) keep = i;
    before += weight[i];
  }
  while (keep > 1 && weight[keep - 1] < options.min_p) --keep;
  const long double total = std::accumulate(weight.begin(), weight.begin() + keep, 0.0L);
  for (std::size_t i = 0; i < keep; ++i) p[order[i]] = static_cast<double>(weight[i] / total);
  return p;
}

TokenHistory history_of(const std::vector<std::int32_t>& prompt,
                        const std::vector<std::int32_t>& output) {
  TokenHistory history;
  history.add_prompt(prompt);
  for (const std::int32_t token : output) history.add_output(token);
  return history;
}

struct Case {
  const char* name;
  SamplingOptions options;
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

std::vector<Case> cases() {
  const auto with = [](auto change) {
    SamplingOptions options;
    change(options);
    return options;
  };
  return {
      {"plain", {}},
      {"hot", with([](auto& o) { o.temperature = 2.5F; })},
      {"cold", with([](auto& o) { o.temperature = 0.3F; })},
      {"greedy", with([](auto& o) { o.temperature = 0; })},
      {"top_k", with([](auto& o) { o.top_k = 7; })},
      {"top_k_one", with([](auto& o) { o.top_k = 1; })},
      {"top_p", with([](auto& o) { o.top_p = 0.8F; })},
      {"top_p_tiny", with([](auto& o) { o.top_p = 0.001F; })},
      {"min_p", with([](auto& o) { o.min_p = 0.1F; })},
      {"bias", with([](auto& o) {
         o.logit_bias = {{3, 4.0F}, {5, -kInfinity}, {8, 2.0F}};
       })},
      {"repetition", with([](auto& o) { o.repetition_penalty = 1.7F; })},
      {"presence", with([](auto& o) { o.presence_penalty = 1.3F; })},
      {"frequency", with([](auto& o) { o.frequency_penalty = 0.7F; })},
      {"greedy_penalised", with([](auto& o) {
         o.temperature = 0;
         o.repetition_penalty = 2;
         o.frequency_penalty = 1;
       })},
      {"everything", with([](auto& o) {
         o.temperature = 1.4F;
         o.top_k = 12;
         o.top_p = 0.9F;
         o.min_p = 0.02F;
         o.repetition_penalty = 1.2F;
         o.presence_penalty = 0.2F;
         o.frequency_penalty = 0.3F;
         o.logit_bias = {{3, 4.0F}, {5, -kInfinity}, {8, 2.0F}};
       })},
  };
}

class SamplerCases : public ::testing::TestWithParam<Case> {};

// Pearson's chi-square test of the drawn counts against the naive distribution.
TEST_P(SamplerCases, DrawsFromTheDistribution) {
  const SamplingOptions base = GetParam().options;
  Rng rng(17);
  const std::vector<float> logits = random_logits(rng, 40, 1.5);
  const std::vector<std::int32_t> prompt = {1, 1, 2, 8};
  const std::vector<std::int32_t> output = {2, 3, 3, 3, 9};
  const std::vector<double> expected = naive(logits, base, prompt, output);
  Sampler sampler;
  SamplingOptions options = base;
  std::vector<double> counts(logits.size(), 0.0);
  const int draws = 40000;
  for (int i = 0; i < draws; ++i) {
    options.seed = static_cast<std::uint64_t>(i) / 100;
    const Sample sample =
        sampler.sample(logits, options, history_of(prompt, output), i % 100, std::nullopt);
    ++counts.at(static_cast<std::size_t>(sample.token));
  }
  double chi_square = 0;
  int cells = 0;
  for (std::size_t t = 0; t < counts.size(); ++t) {
    if (expected[t] == 0) {
      ASSERT_EQ(counts[t], 0) << "token " << t << " is cut off";
      continue;
    }
    const double mean = expected[t] * draws;
    chi_square += (counts[t] - mean) * (counts[t] - mean) / mean;
    ++cells;
  }
  // Mean cells - 1, variance 2 (cells - 1): five standard deviations.
  EXPECT_LE(chi_square, (cells - 1) + 5 * std::sqrt(2.0 * (cells - 1))) << cells << " cells";
}

INSTANTIATE_TEST_SUITE_P(Options, SamplerCases, ::testing::ValuesIn(cases()),
                         [](const auto& param) { return std::string(param.param.name); });

// For many shapes: what can be drawn is exactly what the naive version keeps.
TEST(Sampler, KeepsWhatTheNaiveVersionKeeps) {
  Rng rng(23);
  Sampler sampler;
  for (int round = 0; round < 300; ++round) {
    const std::size_t vocab = 1 + rng.below(round % 50 == 0 ? 3000 : 30);
    const std::vector<float> logits = random_logits(rng, vocab, 2 * rng.uniform());
    SamplingOptions options;
    options.temperature = static_cast<float>(0.2 + 2 * rng.uniform());
    if (rng.below(2)) options.top_k = static_cast<std::int64_t>(rng.below(vocab + 3));
    // Odd values, so that no sum of equal weights hits them and rounding cannot decide.
    if (rng.below(2)) options.top_p = static_cast<float>(0.123457 + 0.87 * rng.uniform());
    if (rng.below(2)) options.min_p = static_cast<float>(0.7 * rng.uniform());
    const std::vector<double> expected = naive(logits, options, {}, {});
    std::vector<bool> drawn(vocab, false);
    for (int i = 0; i < 1000; ++i) {
      const Sample sample = sampler.sample(logits, options, {}, i, std::nullopt);
      ASSERT_GT(expected.at(static_cast<std::size_t>(sample.token)), 0) << "round " << round;
      drawn[static_cast<std::size_t>(sample.token)] = true;
    }
    for (std::size_t t = 0; t < vocab; ++t) {
      EXPECT_TRUE(drawn[t] || expected[t] < 0.02) << "round " << round << ", token " << t;
    }
  }
}

TEST(Sampler, EqualLogitsRankByTheLowerId) {
  Sampler sampler;
  const std::vector<float> logits = {1, 5, 2, 5, 5, 0};
  SamplingOptions greedy;
  greedy.temperature = 0;
  const Sample sample = sampler.sample(logits, greedy, {}, 0, 4);
  EXPECT_EQ(sample.token, 1);
  std::vector<std::int32_t> top;
  for (const TokenLogprob& entry : sample.top) top.push_back(entry.token);
  EXPECT_EQ(top, (std::vector<std::int32_t>{1, 3, 4, 2}));
  SamplingOptions two;
  two.top_k = 2;
  for (int i = 0; i < 200; ++i) {
    EXPECT_THAT(sampler.sample(logits, two, {}, i, std::nullopt).token, ::testing::AnyOf(1, 3));
  }
}

TEST(Sampler, DependsOnSeedAndPositionAlone) {
  Rng rng(29);
  const std::vector<float> logits = random_logits(rng, 500, 1);
  const std::vector<float> others = random_logits(rng, 700, 3);
  const auto draw = [&](Sampler& sampler, std::uint64_t seed, std::int64_t position) {
    SamplingOptions options;
    options.seed = seed;
    return sampler.sample(logits, options, {}, position, std::nullopt).token;
  };
  Sampler fresh;
  Sampler used;
  std::map<std::int32_t, int> by_seed;
  std::map<std::int32_t, int> by_position;
  for (int i = 0; i < 50; ++i) {
    used.sample(others, {}, {}, i, 5);
    EXPECT_EQ(draw(fresh, 1, i), draw(used, 1, i));
    ++by_seed[draw(fresh, static_cast<std::uint64_t>(i), 0)];
    ++by_position[draw(fresh, 0, i)];
  }
  EXPECT_GT(by_seed.size(), 20U);
  EXPECT_GT(by_position.size(), 20U);
}

TEST(Sampler, ReportsLogprobsOfTheModelItself) {
  Rng rng(31);
  const std::vector<float> logits = random_logits(rng, 200, 2);
  SamplingOptions options;
  options.temperature = 0.5F;
  options.top_k = 3;
  options.repetition_penalty = 2;
  options.logit_bias = {{7, 50.0F}};
  Sampler sampler;
  const Sample sample = sampler.sample(logits, options, history_of({7}, {}), 0, 200);
  EXPECT_EQ(sample.token, 7);
  const std::vector<double> p = naive(logits, {}, {}, {});
  EXPECT_NEAR(sample.logprob, std::log(p[7]), 1e-5);
  ASSERT_EQ(sample.top.size(), 200U);
  for (std::size_t i = 0; i < sample.top.size(); ++i) {
    const auto& [token, logprob] = sample.top[i];
    EXPECT_NEAR(logprob, std::log(p[static_cast<std::size_t>(token)]), 1e-5);
    EXPECT_LE(logprob, sample.top[i == 0 ? 0 : i - 1].logprob);
  }
  EXPECT_EQ(sampler.sample(logits, options, {}, 0, std::nullopt).logprob, 0);
}

std::string error_of(const std::vector<float>& logits, const SamplingOptions& options) {
  Sampler sampler;
  try {
    sampler.sample(logits, options, {}, 0, std::nullopt);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Sampler, NamesTheTokenWhoseLogitIsNotFinite) {
  for (const float temperature : {0.0F, 1.0F}) {
    SamplingOptions options;
    options.temperature = temperature;
    for (const std::size_t size : {1UL, 15UL, 16UL, 100UL}) {
      std::vector<float> logits(size, 1.0F);
      logits.back() = std::numeric_limits<float>::quiet_NaN();
      EXPECT_THAT(error_of(logits, options),
                  ::testing::HasSubstr("token " + std::to_string(size - 1) + " is nan"));
      logits.back() = kInfinity;
      EXPECT_THAT(error_of(logits, options), ::testing::HasSubstr("is inf"));
      logits.back() = -kInfinity;
      EXPECT_THAT(error_of(logits, options), ::testing::HasSubstr("is -inf"));
    }
  }
}

TEST(Sampler, BannedTokensAreNeverDrawn) {
  SamplingOptions options;
  options.logit_bias = {{0, -kInfinity}, {2, -kInfinity}};
  options.temperature = 100;
  Sampler sampler;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(sampler.sample(std::vector<float>{9, -9, 9}, options, {}, i, std::nullopt).token, 1);
  }
  options.logit_bias.emplace_back(1, -kInfinity);
  EXPECT_THAT(error_of({9, 9, 9}, options), ::testing::HasSubstr("bans all"));
}

TEST(Sampler, ExtremeLogitsStayFinite) {
  Sampler sampler;
  SamplingOptions options;
  options.temperature = 1e-30F;
  const std::vector<float> logits = {-3e38F, 3e38F, 0};
  EXPECT_EQ(sampler.sample(logits, options, {}, 0, 3).token, 1);
  options.temperature = 100;
  EXPECT_EQ(sampler.sample(logits, options, {}, 0, 3).token, 1);
}

TEST(SamplingOptions, RefusesValuesOutOfRange) {
  const auto refused = [](auto change, const char* name) {
    SamplingOptions options;
    change(options);
    try {
      check(options, 10);
      ADD_FAILURE() << name << " was accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr(name));
    }
  };
  EXPECT_NO_THROW(check(SamplingOptions{}, 10));
  refused([](auto& o) { o.temperature = -0.1F; }, "temperature");
  refused([](auto& o) { o.temperature = NAN; }, "temperature");
  refused([](auto& o) { o.temperature = kInfinity; }, "temperature");
  refused([](auto& o) { o.top_k = -1; }, "top_k");
  refused([](auto& o) { o.top_p = 0; }, "top_p");
  refused([](auto& o) { o.top_p = NAN; }, "top_p");
  refused([](auto& o) { o.min_p = 1.5F; }, "min_p");
  refused([](auto& o) { o.repetition_penalty = 0; }, "repetition_penalty");
  refused([](auto& o) { o.presence_penalty = kInfinity; }, "presence_penalty");
  refused([](auto& o) { o.frequency_penalty = NAN; }, "frequency_penalty");
  refused([](auto& o) { o.logit_bias = {{10, 1.0F}}; }, "logit_bias");
  refused([](auto& o) { o.logit_bias = {{-1, 1.0F}}; }, "logit_bias");
  refused([](auto& o) { o.logit_bias = {{1, kInfinity}}; }, "logit_bias");
  refused([](auto& o) { o.logit_bias = {{1, NAN}}; }, "logit_bias");
}

}  // namespace
}  // namespace frugal::engine
