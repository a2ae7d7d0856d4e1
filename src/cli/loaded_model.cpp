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
      cache_tokens_(cache_tokens),
      sequences_(sequences),
      draft_tokens_(options.draft_tokens),
      cache_type_(options.cache_type) {
  models::ModelFiles files = models::load_model(path_);
  if (!options.adapter.empty()) models::load_adapter(files, options.adapter);
  const std::uint64_t bytes = weight_bytes(*files.checkpoint);
  make_model(std::move(files), bytes, options.model);
  model_->pack();
}

LoadedModel::LoadedModel(const LoadedModel& base, const fs::path& adapter)
    : path_(base.path_),
      threads_(base.threads_.size()),
      cache_tokens_(base.cache_tokens_),
      sequences_(base.sequences_),
      draft_tokens_(base.draft_tokens_),
      cache_type_(base.cache_type_) {
  models::ModelFiles files = base.model_->files();  // packed already
  models::load_adapter(files, adapter);
  make_model(std::move(files), fs::file_size(adapter / "adapter_model.safetensors"),
             adapter.string());
}

void LoadedModel::make_model(models::ModelFiles files, std::uint64_t own_bytes,
                             const std::string& name) {
  model_ = std::make_unique<models::Transformer>(
      std::move(files), context(),
      models::TransformerOptions{.cache_mtp = draft_tokens_ > 0, .cache_type = cache_type_});
  cache_tokens_ = std::min(cache_tokens_, model_->max_positions() * sequences_);
  const engine::MemoryNeeds needs{
      .model_bytes = own_bytes,
      .cache_block_bytes = static_cast<std::uint64_t>(model_->cache_block_bytes()),
      .cache_tokens = cache_tokens_,
      .work_bytes = work_bytes(model_->config(), std::min(kBatchTokens, cache_tokens_))};
  const std::uint64_t available = available_memory();
  engine::require_fit(needs, available);
  fmt::print(stderr, "frugal: {}: {}\n", name, engine::describe(needs, available));
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
