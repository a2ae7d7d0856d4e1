// How the rows of a packed matrix [T, d] belong to sequences.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace frugal::ops {

/// Tokens of one sequence that share a cache block; attention works on tiles of this many
/// positions.
inline constexpr std::int64_t kBlockTokens = 64;

/// Consecutive rows that are consecutive positions of one sequence.
struct Segment {
  std::int64_t row = 0;       // first row in the packed matrix
  std::int64_t rows = 0;      // how many
  std::int64_t position = 0;  // position of the first row; all earlier ones are in the cache
  /// Block table: entry i is the cache block of positions [64 i, 64 i + 64). It covers position +
  /// rows. Empty when there is no cache (training): then position is 0 and the rows attend to each
  /// other.
  std::span<const std::int32_t> blocks;
};

/// Segments cover rows [0, rows) in order, each sequence at most once.
struct SequenceLayout {
  std::vector<Segment> segments;
  std::int64_t rows = 0;
};

}  // namespace frugal::ops
