#include "ops/cache.h"

#include <cstring>

#include "base/error.h"

namespace frugal::ops {

void store_rows(const SequenceLayout& layout, const float* rows, std::int64_t width,
                CacheSlice cache, std::int64_t offset) {
  for (const Segment& segment : layout.segments) {
    if (segment.blocks.empty()) {
      require(segment.position == 0, "a sequence without a cache starts at position {}, not 0",
              segment.position);
      continue;
    }
    const auto covered = static_cast<std::int64_t>(segment.blocks.size()) * kBlockTokens;
    require(segment.position + segment.rows <= covered, "the block table covers {} positions of {}",
            covered, segment.position + segment.rows);
    for (std::int64_t i = 0; i < segment.rows; ++i) {
      const std::int64_t position = segment.position + i;
      const auto block = segment.blocks[static_cast<std::size_t>(position / kBlockTokens)];
      std::memcpy(cache.block(block) + offset + position % kBlockTokens * width,
                  rows + (segment.row + i) * width,
                  static_cast<std::size_t>(width) * sizeof(float));
    }
  }
}

}  // namespace frugal::ops
