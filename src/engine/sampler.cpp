#include "engine/sampler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/cpu.h"
#include "base/error.h"
#include "base/rng.h"

namespace frugal::engine {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::size_t kLanes = 16;

// The largest logit. Independent lanes, so that the compiler can use SIMD without reordering.
float largest(std::span<const float> logits) {
  std::array<float, kLanes> best;
  best.fill(-kInfinity);
  std::size_t i = 0;
  for (; i + kLanes <= logits.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      best[lane] = logits[i + lane] > best[lane] ? logits[i + lane] : best[lane];
    }
  }
  for (; i < logits.size(); ++i) best[0] = std::max(best[0], logits[i]);
  return *std::max_element(best.begin(), best.end());
}

}  // namespace

void check(const SamplingOptions& options, std::int64_t vocab_size) {
  const auto in = [](float value, float low, float high) { return value >= low && value <= high; };
  require(in(options.temperature, 0, 100), "temperature is {}, expected 0 to 100",
          options.temperature);
  require(options.top_k >= 0, "top_k is {}, expected 0 (off) or more", options.top_k);
  require(options.top_p > 0 && options.top_p <= 1, "top_p is {}, expected above 0 and at most 1",
          options.top_p);
  require(in(options.min_p, 0, 1), "min_p is {}, expected 0 to 1", options.min_p);
  require(in(options.repetition_penalty, 0.01F, 100),
          "repetition_penalty is {}, expected 0.01 to 100 (1 is off)", options.repetition_penalty);
  require(in(options.presence_penalty, -100, 100), "presence_penalty is {}, expected -100 to 100",
          options.presence_penalty);
  require(in(options.frequency_penalty, -100, 100), "frequency_penalty is {}, expected -100 to 100",
          options.frequency_penalty);
  for (const auto& [token, bias] : options.logit_bias) {
    require(token >= 0 && token < vocab_size, "logit_bias names token {}, the vocabulary has {}",
            token, vocab_size);
    require(in(bias, -1e6F, 1e6F) || bias == -kInfinity,
            "logit_bias of token {} is {}, expected -1e6 to 1e6, or minus infinity", token, bias);
  }
}

void TokenHistory::add_prompt(std::span<const std::int32_t> tokens) {
  for (const std::int32_t token : tokens) counts_.try_emplace(token, 0);
}

void check_finite(std::span<const float> logits) {
  constexpr std::uint32_t kExponent = 0x7F800000U;  // all ones: infinity or NaN
  std::uint32_t bad = 0;
  for (const float logit : logits) {
    bad |= (std::bit_cast<std::uint32_t>(logit) & kExponent) == kExponent ? 1U : 0U;
  }
  if (bad == 0) return;
  const auto first = std::find_if_not(logits.begin(), logits.end(),
                                      [](float logit) { return std::isfinite(logit); });
  fail("the model's logit of token {} is {}; its weights or its arithmetic are broken",
       first - logits.begin(), *first);
}

double log_sum_exp(std::span<const float> logits) {
  const float max = largest(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - max);
  return max + std::log(sum);
}

Sampler::Sampler() : math_(ops::vector_math(chosen_isa())) {}

Sample Sampler::sample(std::span<const float> logits, const SamplingOptions& options,
                       const TokenHistory& history, std::int64_t position,
                       std::optional<int> logprobs, const TokenFilter* filter) {
  check_finite(logits);
  Sample sample;
  double log_total = 0;
  if (logprobs) {
    // The very arithmetic of training's cross-entropy: the log-probabilities of a rollout are those
    // of its trainer to the bit.
    adjusted_.assign(logits.begin(), logits.end());
    log_total = math_.softmax(1.0F, adjusted_.data(), std::ssize(logits));
    keep_best(logits, static_cast<std::size_t>(*logprobs));
    for (const Candidate& candidate : candidates_) {
      sample.top.push_back({candidate.token, static_cast<float>(candidate.logit - log_total)});
    }
  }
  const std::span<const float> adjusted = adjust(logits, options, history);
  sample.token = choose(adjusted, options, position, 0);
  if (filter != nullptr && !filter->allows(sample.token)) {
    if (adjusted.data() != adjusted_.data()) adjusted_.assign(logits.begin(), logits.end());
    filter->mask(adjusted_);
    sample.token = choose(adjusted_, options, position, 1);
  }
  if (logprobs) {
    sample.logprob = static_cast<float>(logits[static_cast<std::size_t>(sample.token)] - log_total);
  }
  return sample;
}

// `stream` keeps a second choice independent of the first one.
std::int32_t Sampler::choose(std::span<const float> logits, const SamplingOptions& options,
                             std::int64_t position, std::uint64_t stream) {
  const float max = largest(logits);
  require(std::isfinite(max), "no token can be sampled: {}",
          max < 0 ? "logit_bias or the answer's grammar bans all of them"
                  : "the adjusted logits overflow");
  if (options.temperature == 0) {
    const auto first = std::find(logits.begin(), logits.end(), max);
    return static_cast<std::int32_t>(first - logits.begin());
  }
  truncate(logits, options, max);
  Rng rng(options.seed, stream);
  rng.seek(static_cast<std::uint64_t>(position));
  return draw(rng.uniform());
}

std::span<const float> Sampler::adjust(std::span<const float> logits,
                                       const SamplingOptions& options,
                                       const TokenHistory& history) {
  if (options.logit_bias.empty() && !options.has_penalties()) return logits;
  adjusted_.assign(logits.begin(), logits.end());
  for (const auto& [token, bias] : options.logit_bias) {
    adjusted_[static_cast<std::size_t>(token)] += bias;
  }
  if (!options.has_penalties()) return adjusted_;
  for (const auto& [token, count] : history.counts()) {
    float& logit = adjusted_[static_cast<std::size_t>(token)];
    logit = logit > 0 ? logit / options.repetition_penalty : logit * options.repetition_penalty;
    if (count == 0) continue;
    logit -= options.presence_penalty + options.frequency_penalty * static_cast<float>(count);
  }
  return adjusted_;
}

// Each truncation keeps a prefix of the ranking, so several keep the shortest of their prefixes.
void Sampler::truncate(std::span<const float> logits, const SamplingOptions& options, float max) {
  const auto vocab = static_cast<std::int64_t>(logits.size());
  if (options.top_k > 0 && options.top_k < vocab) {
    keep_best(logits, static_cast<std::size_t>(options.top_k));
  } else {
    keep_all(logits);
  }
  double total = 0;  // what top_p is a share of
  for (Candidate& candidate : candidates_) {
    candidate.weight = std::exp((candidate.logit - max) / options.temperature);
    total += candidate.weight;
  }
  if (options.top_p < 1) {
    // All tokens below this weight together hold less than what top_p leaves out.
    const double least = (1.0 - options.top_p) * total / static_cast<double>(vocab) * 0.99;
    std::erase_if(candidates_, [&](const Candidate& c) { return c.weight < least; });
    keep_mass(options.top_p * total);
  }
  // A weight of zero is a banned token, or one too unlikely for a float.
  const float least = std::max(options.min_p, std::numeric_limits<float>::denorm_min());
  std::erase_if(candidates_, [&](const Candidate& c) { return c.weight < least; });
}

void Sampler::keep_all(std::span<const float> logits) {
  candidates_.resize(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    candidates_[i] = {static_cast<std::int32_t>(i), logits[i], 0};
  }
}

// The best `count` tokens in order, by a heap whose root is the worst of them: one comparison for
// nearly every token.
void Sampler::keep_best(std::span<const float> logits, std::size_t count) {
  candidates_.clear();
  if (count == 0) return;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const bool full = candidates_.size() == count;
    // At equal logits the token that is there already has the lower id, and stays.
    if (full && logits[i] <= candidates_.front().logit) continue;
    if (full) {
      std::pop_heap(candidates_.begin(), candidates_.end(), ranks_before);
      candidates_.pop_back();
    }
    candidates_.push_back({static_cast<std::int32_t>(i), logits[i], 0});
    std::push_heap(candidates_.begin(), candidates_.end(), ranks_before);
  }
  std::sort_heap(candidates_.begin(), candidates_.end(), ranks_before);
}

// The fewest best candidates whose weights reach `mass`: Hoare's quickselect, halving the range
// that holds the last of them, so that the time grows with their number alone and nothing is
// sorted.
void Sampler::keep_mass(double mass) {
  auto first = candidates_.begin();  // all before it are kept, and weigh `before`
  auto last = candidates_.end();     // this one and all after it are not
  for (double before = 0; last - first > 1;) {
    const auto middle = first + (last - first) / 2;
    std::nth_element(first, middle, last, ranks_before);
    const double upper = std::accumulate(
        first, middle, 0.0, [](double sum, const Candidate& c) { return sum + c.weight; });
    if (before + upper >= mass) {
      last = middle;
    } else {
      first = middle;
      before += upper;
    }
  }
  candidates_.erase(last, candidates_.end());
}

std::int32_t Sampler::draw(double uniform) const {
  double total = 0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  const double target = uniform * total;
  double sum = 0;
  for (const Candidate& candidate : candidates_) {
    sum += candidate.weight;
    if (sum > target) return candidate.token;
  }
  // uniform < 1, so target < total = sum, unless the product was rounded up.
  return candidates_.back().token;
}

}  // namespace frugal::engine
