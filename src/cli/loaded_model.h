// A model made ready to run.
#pragma once

#include <filesystem>
#include <memory>

#include "base/threads.h"
#include "cli/options.h"
#include "engine/engine.h"
#include "models/transformer.h"
#include "text/tokenizer.h"

namespace frugal::cli {

/// Rows of one forward pass of a single conversation: enough to keep matrix products busy.
inline constexpr std::int64_t kBatchTokens = 512;

/// The tokenizer of a folder (which needs no weights) or a .gguf file.
text::Tokenizer open_tokenizer(const std::filesystem::path& path);

/// A model in memory. Says on standard error what it and its cache take.
class LoadedModel {
 public:
  /// Opens --model. Throws Error when it does not fit into memory with a cache for
  /// `cache_tokens` tokens, which is cut to what `sequences` sequences at once can use.
  LoadedModel(const ModelOptions& options, std::int64_t cache_tokens, std::int64_t sequences = 1);
  /// `base` with the adapter in a folder of PEFT's. The weights are those of `base`, which may run
  /// at the same time: cache and compute threads are apart. Throws Error as load_adapter() does,
  /// and when there is no memory for the cache.
  LoadedModel(const LoadedModel& base, const std::filesystem::path& adapter);

  const std::filesystem::path& path() const { return path_; }
  const formats::Checkpoint& checkpoint() const { return model_->checkpoint(); }
  models::Transformer& model() { return *model_; }
  std::int64_t cache_tokens() const { return cache_tokens_; }
  ops::Context context() { return {threads_, chosen_isa()}; }

  /// An engine for so many sequences at once, whose cache holds cache_tokens().
  std::unique_ptr<engine::Engine> make_engine(const text::Tokenizer& tokenizer,
                                              std::shared_ptr<engine::BlockStore> store = nullptr);

 private:
  // `own_bytes`: what it takes beside cache and work.
  void make_model(models::ModelFiles files, std::uint64_t own_bytes, const std::string& name);

  std::filesystem::path path_;
  ThreadPool threads_;
  std::unique_ptr<models::Transformer> model_;
  std::int64_t cache_tokens_ = 0;
  std::int64_t sequences_ = 1;
  std::int64_t draft_tokens_ = 0;
  ops::CacheType cache_type_ = ops::CacheType::f32;
};

}  // namespace frugal::cli
