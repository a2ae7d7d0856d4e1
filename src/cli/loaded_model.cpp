#include "cli/loaded_model.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/error.h"
#include "cli/model_argument.h"
#include "engine/memory.h"
#include "models/lora.h"

namespace frugal::cli {

namespace fs = std::filesystem;

namespace {

// What lies beside a layer's input while it is computed: a few matrices of the hidden size,
// queries, keys and values, and three of the widest feed-forward part. Rows of the logits come on
// top.
std::uint64_t work_bytes(const models::ModelConfig& config, std::int64_t rows) {
  const std::int64_t heads =
      config.mla ? config.mla->qk_nope_head_dim + config.mla->qk_rope_head_dim : config.head_dim;
  const std::int64_t wide =
      std::max(config.intermediate_size, config.moe ? config.moe->moe_intermediate_size : 0);
  const std::int64_t columns =
      8 * config.hidden_size + 4 * config.num_attention_heads * heads + 3 * wide;
  return static_cast<std::uint64_t>(rows * columns + config.vocab_size) * sizeof(float);
}

std::uint64_t weight_bytes(const formats::Checkpoint& checkpoint) {
  std::uint64_t bytes = 0;
  for (const formats::StoredTensor& tensor : checkpoint.tensors()) bytes += tensor.data.size();
  return bytes;
}

}  // namespace

text::Tokenizer open_tokenizer(const fs::path& path) {
  if (fs::is_directory(path)) return text::Tokenizer::from_folder(path);
  return text::Tokenizer::from_gguf(formats::open_checkpoint(path).metadata());
}

LoadedModel::LoadedModel(const ModelOptions& options, std::int64_t cache_tokens,
                         std::int64_t sequences)
    : path_(resolve_model(options.model)),
      threads_(options.threads > 0 ? options.threads : usable_cores()),
      sequences_(sequences),
      draft_tokens_(options.draft_tokens) {
  models::ModelFiles files = models::load_model(path_);
  if (!options.adapter.empty()) models::load_adapter(files, options.adapter);
  const std::uint64_t model_bytes = weight_bytes(*files.checkpoint);
  model_ = std::make_unique<models::Transformer>(
      std::move(files), context(),
      models::TransformerOptions{.cache_mtp = options.draft_tokens > 0,
                                 .cache_type = options.cache_type});
  cache_tokens_ = std::min(cache_tokens, model_->max_positions() * sequences_);
  const engine::MemoryNeeds needs{
      .model_bytes = model_bytes,
      .cache_block_bytes = static_cast<std::uint64_t>(model_->cache_block_bytes()),
      .cache_tokens = cache_tokens_,
      .work_bytes = work_bytes(model_->config(), std::min(kBatchTokens, cache_tokens_))};
  const std::uint64_t available = available_memory();
  engine::require_fit(needs, available);
  fmt::print(stderr, "frugal: {}: {}\n", options.model, engine::describe(needs, available));
  model_->pack();
}

std::unique_ptr<engine::Engine> LoadedModel::make_engine(
    const text::Tokenizer& tokenizer, std::shared_ptr<engine::BlockStore> store) {
  return std::make_unique<engine::Engine>(
      *model_, engine::EngineOptions{.cache_tokens = cache_tokens_,
                                     .max_batch_tokens = kBatchTokens,
                                     .max_sequences = sequences_,
                                     .draft_tokens = draft_tokens_,
                                     .store = std::move(store),
                                     .token_bytes = [&tokenizer](std::int32_t token) {
                                       return tokenizer.is_special(token)
                                                  ? std::string()
                                                  : std::string(tokenizer.token_bytes(token));
                                     }});
}

}  // namespace frugal::cli
