// What serving a model will take, told before it is loaded.
#pragma once

#include <cstdint>
#include <string>

namespace frugal::engine {

struct MemoryNeeds {
  std::uint64_t model_bytes = 0;        // the weights, as they lie in memory once loaded
  std::uint64_t cache_block_bytes = 0;  // LanguageModel::cache_block_bytes()
  std::int64_t cache_tokens = 0;        // EngineOptions::cache_tokens
  std::uint64_t work_bytes = 0;         // activations and logits
};

/// Bytes of the KV cache: whole blocks. UINT64_MAX when it does not fit 64 bits.
std::uint64_t cache_bytes(const MemoryNeeds& needs);

/// All together; UINT64_MAX when it does not fit 64 bits.
std::uint64_t total_bytes(const MemoryNeeds& needs);

/// "model 1.2 GB, cache for 4096 tokens 94 MB, work 30 MB: 1.3 GB in all; 7.2 GB are free".
std::string describe(const MemoryNeeds& needs, std::uint64_t available);

/// Throws Error with that description, and what would fit, when the sum exceeds `available`
/// (usually available_memory() of base/cpu.h).
void require_fit(const MemoryNeeds& needs, std::uint64_t available);

}  // namespace frugal::engine
