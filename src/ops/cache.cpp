#include "ops/cache.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace frugal::ops {

CachedLayout::CachedLayout(const SequenceLayout& layout, CacheSlice cache,
                           std::int64_t block_bytes) {
  std::int64_t most = 0;
  for (const Segment& segment : layout.segments) {
    if (segment.blocks.empty()) {
      require(segment.position == 0, "a sequence without a cache starts at position {}, not 0",
              segment.position);
      most = std::max(most, (segment.rows + kBlockTokens - 1) / kBlockTokens);
      continue;
    }
    const auto covered = static_cast<std::int64_t>(segment.blocks.size()) * kBlockTokens;
    require(segment.position + segment.rows <= covered, "the block table covers {} positions of {}",
            covered, segment.position + segment.rows);
  }
  memory_ = Buffer(static_cast<std::size_t>(most * block_bytes), "keys and values");
  blocks_.resize(static_cast<std::size_t>(most));
  std::iota(blocks_.begin(), blocks_.end(), 0);
  for (const Segment& segment : layout.segments) {
    segments_.push_back({segment, cache});
    if (!segment.blocks.empty()) continue;
    segments_.back().segment.blocks = blocks_;
    segments_.back().cache = {memory_.data(), block_bytes};
  }
}

}  // namespace frugal::ops
