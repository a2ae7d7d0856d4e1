#include "engine/memory.h"

#include <limits>

#include "base/error.h"
#include "base/progress.h"
#include "engine/kv_cache.h"
#include "ops/layout.h"

namespace frugal::engine {

namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kMost : sum;
}

}  // namespace

std::uint64_t cache_bytes(const MemoryNeeds& needs) {
  std::uint64_t bytes = 0;
  const auto blocks = static_cast<std::uint64_t>(blocks_for(needs.cache_tokens));
  return __builtin_mul_overflow(blocks, needs.cache_block_bytes, &bytes) ? kMost : bytes;
}

std::uint64_t total_bytes(const MemoryNeeds& needs) {
  return add(add(needs.model_bytes, needs.work_bytes), cache_bytes(needs));
}

std::string describe(const MemoryNeeds& needs, std::uint64_t available) {
  return fmt::format("model {}, cache for {} tokens {}, work {}: {} in all; {} are free",
                     human_bytes(needs.model_bytes), needs.cache_tokens,
                     human_bytes(cache_bytes(needs)), human_bytes(needs.work_bytes),
                     human_bytes(total_bytes(needs)), human_bytes(available));
}

void require_fit(const MemoryNeeds& needs, std::uint64_t available) {
  if (total_bytes(needs) <= available) return;
  const std::uint64_t fixed = add(needs.model_bytes, needs.work_bytes);
  const std::uint64_t blocks = fixed < available && needs.cache_block_bytes > 0
                                   ? (available - fixed) / needs.cache_block_bytes
                                   : 0;
  require(blocks > 0, "not enough memory: {}. Take a smaller or more quantised model",
          describe(needs, available));
  fail("not enough memory: {}. A cache for {} tokens would fit", describe(needs, available),
       blocks * static_cast<std::uint64_t>(ops::kBlockTokens));
}

}  // namespace frugal::engine
