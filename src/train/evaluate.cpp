#include "train/evaluate.h"

#include <algorithm>
#include <numbers>

#include "engine/engine.h"

namespace frugal::train {

Validation validate(Learner& learner, Windows& windows, std::int64_t most,
                    std::int64_t micro_batch_tokens, const text::Tokenizer& tokenizer) {
  const std::int64_t count = std::min(most, windows.per_pass());
  double nll = 0;
  double bytes = 0;
  std::int64_t rows = 0;
  std::vector<Batch> batches;
  for (std::int64_t i = 0; i < count; ++i) {
    windows.append(i * windows.per_pass() / count, micro_batch_tokens, batches);
  }
  for (const Batch& batch : batches) {
    const std::vector<float> losses = learner.nll(batch);
    for (std::size_t t = 0; t < losses.size(); ++t) {
      if (batch.targets[t] == ops::kIgnored) continue;
      nll += losses[t];
      bytes += static_cast<double>(tokenizer.is_special(batch.targets[t])
                                       ? 0
                                       : tokenizer.token_bytes(batch.targets[t]).size());
      ++rows;
    }
  }
  return {nll / static_cast<double>(std::max<std::int64_t>(rows, 1)),
          nll / std::numbers::ln2 / std::max(bytes, 1.0)};
}

std::string sample_text(models::Transformer& model, const RunTokenizer& tokenizer,
                        const std::string& prompt, std::int64_t tokens, std::uint64_t seed) {
  engine::Request request;
  request.prompt = tokenizer.tokenizer.encode(prompt, {false, false});
  if (request.prompt.empty()) request.prompt = {tokenizer.end_token};
  const auto length = static_cast<std::int64_t>(request.prompt.size());
  tokens = std::min(tokens, model.max_positions() - length);
  if (tokens <= 0) return "";
  request.max_tokens = tokens;
  request.sampling.seed = seed;
  request.sampling.temperature = 0.8F;
  request.stop_tokens = {tokenizer.end_token};
  engine::EngineOptions options;
  options.cache_tokens = length + tokens;
  options.max_sequences = 1;
  engine::Engine engine(model, options);
  engine.submit(0, request);
  std::vector<std::int32_t> said;
  while (!engine.idle()) {
    for (const engine::Event& event : engine.step()) {
      if (event.token) said.push_back(event.token->token);
    }
  }
  return tokenizer.tokenizer.decode(said, true);
}

}  // namespace frugal::train
