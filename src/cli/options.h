// Options that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/sampler.h"
#include "ops/cache.h"

namespace frugal::cli {

struct ModelOptions {
  std::string model;
  std::string adapter{};     // a folder of PEFT's; empty: none
  int threads = 0;           // 0: all cores that this process may use
  std::int64_t context = 0;  // 0: the command's own choice
  std::int64_t draft_tokens = 0;
  ops::CacheType cache_type = ops::CacheType::f32;
};

/// --model, required unless `has_default`.
void add_model_option(CLI::App& command, ModelOptions& options, bool has_default = false);
/// --lora.
void add_adapter_option(CLI::App& command, ModelOptions& options);
/// --threads.
void add_threads_option(CLI::App& command, ModelOptions& options);
/// --cache-type.
void add_cache_type_option(CLI::App& command, ModelOptions& options);
/// --context and --cache-type.
void add_context_option(CLI::App& command, ModelOptions& options);
/// --draft.
void add_draft_option(CLI::App& command, ModelOptions& options);

/// What a person asked for; what they did not, the model's generation_config.json decides.
struct SamplingFlags {
  std::optional<std::int64_t> max_tokens;
  std::optional<float> temperature;
  std::optional<float> top_p;
  std::optional<std::int64_t> top_k;
  std::optional<float> min_p;
  std::optional<float> repetition_penalty;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> stop;
};

void add_sampling_options(CLI::App& command, SamplingFlags& flags);

/// The flags over `defaults`. Without a seed each call draws another one.
engine::SamplingOptions apply(const SamplingFlags& flags, engine::SamplingOptions defaults);

}  // namespace frugal::cli
