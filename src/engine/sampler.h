// Chooses the next token from the logits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ops/vector_math.h"

namespace frugal::engine {

/// How to choose. The steps run in this order, which is that of transformers and vLLM (llama.cpp
/// truncates before it applies the temperature):
///  1. logit_bias is added.
///  2. repetition_penalty: a positive logit of a token seen in prompt or output is divided by it, a
///     negative one multiplied (Keskar et al. 2019, CTRL).
///  3. presence_penalty is subtracted once from the logits of tokens seen in the output,
///     frequency_penalty once per occurrence there (as in OpenAI's API; the prompt does not count).
///  4. temperature divides the logits; 0 takes the largest and skips the rest.
///  5. top_k keeps the k most likely tokens.
///  6. top_p keeps the fewest most likely of these whose share of their probability reaches top_p.
///  7. min_p keeps tokens at least min_p times as likely as the most likely one.
/// Equal logits rank by id, the lower first.
struct SamplingOptions {
  float temperature = 1.0F;         // 0 to 100
  std::int64_t top_k = 0;           // 0: off
  float top_p = 1.0F;               // (0, 1]; 1: off
  float min_p = 0.0F;               // [0, 1]; 0: off
  float repetition_penalty = 1.0F;  // positive; 1: off
  float presence_penalty = 0.0F;
  float frequency_penalty = 0.0F;
  std::uint64_t seed = 0;
  /// (token, what to add to its logit); minus infinity bans it.
  std::vector<std::pair<std::int32_t, float>> logit_bias{};

  bool has_penalties() const {
    return repetition_penalty != 1.0F || presence_penalty != 0.0F || frequency_penalty != 0.0F;
  }
};

/// Throws Error naming the option that is out of its range.
void check(const SamplingOptions& options, std::int64_t vocab_size);

/// What the penalties need to know of the tokens so far.
class TokenHistory {
 public:
  void add_prompt(std::span<const std::int32_t> tokens);
  void add_output(std::int32_t token) { ++counts_[token]; }
  /// Token -> how often it stands in the output; 0 for tokens of the prompt alone.
  const std::unordered_map<std::int32_t, std::int64_t>& counts() const { return counts_; }

 private:
  std::unordered_map<std::int32_t, std::int64_t> counts_;
};

struct TokenLogprob {
  std::int32_t token = 0;
  /// Natural logarithm of its probability under the model itself: before bias, penalties,
  /// temperature and truncation.
  float logprob = 0;
  bool operator==(const TokenLogprob&) const = default;
};

struct Sample {
  std::int32_t token = 0;
  float logprob = 0;                // as in TokenLogprob; 0 unless asked for
  std::vector<TokenLogprob> top{};  // the most likely tokens, best first
  bool operator==(const Sample&) const = default;
};

/// Throws Error naming the first token whose logit is NaN or infinite.
void check_finite(std::span<const float> logits);

/// log(sum(exp(logits))), summed in double in one fixed order.
double log_sum_exp(std::span<const float> logits);

/// Which tokens may come next; others are not chosen, however likely.
class TokenFilter {
 public:
  virtual ~TokenFilter() = default;
  virtual bool allows(std::int32_t token) const = 0;
  /// Sets the logits [vocab] of all tokens that may not come to minus infinity.
  virtual void mask(std::span<float> logits) const = 0;
};

/// The sampler itself only keeps scratch memory; one serves any number of sequences.
class Sampler {
 public:
  Sampler();
  /// Chooses from `logits` [vocab]. The random number depends on options.seed and `position`, the
  /// chosen token's place in its sequence, alone: so a result depends neither on the batch nor on
  /// where an answer was cut and continued. `logprobs` asks for log-probabilities and that many of
  /// the most likely tokens. Throws Error when a logit is not finite, or every token is banned.
  ///
  /// With a `filter` the first choice is kept if it may come, and otherwise made again from the
  /// tokens that may: without truncation that is the model's distribution among those, and most of
  /// the time no mask over the vocabulary has to be made.
  Sample sample(std::span<const float> logits, const SamplingOptions& options,
                const TokenHistory& history, std::int64_t position, std::optional<int> logprobs,
                const TokenFilter* filter = nullptr);

 private:
  struct Candidate {
    std::int32_t token;
    float logit;
    float weight;  // exp((logit - max) / temperature)
  };
  static bool ranks_before(const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  }

  std::int32_t choose(std::span<const float> logits, const SamplingOptions& options,
                      std::int64_t position, std::uint64_t stream);
  std::span<const float> adjust(std::span<const float> logits, const SamplingOptions& options,
                                const TokenHistory& history);
  void truncate(std::span<const float> logits, const SamplingOptions& options, float max);
  void keep_all(std::span<const float> logits);
  void keep_best(std::span<const float> logits, std::size_t count);
  void keep_mass(double mass);
  std::int32_t draw(double uniform) const;

  const ops::VectorMath& math_;
  std::vector<float> adjusted_;        // [vocab], used only with bias or penalties
  std::vector<Candidate> candidates_;  // what the truncation keeps
};

}  // namespace frugal::engine
