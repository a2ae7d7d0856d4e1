#include "ops/rope/rope.h"

#include <cmath>

namespace frugal::ops {

namespace {

struct Rotation {
  float cosine;
  float sine;
};

void rotate_head(const Rope& rope, const std::vector<Rotation>& rotations, float* head) {
  const std::size_t half = rotations.size();
  for (std::size_t i = 0; i < half; ++i) {
    float& a = head[rope.interleaved ? 2 * i : i];
    float& b = head[rope.interleaved ? 2 * i + 1 : i + half];
    const float x = a;
    const float y = b;
    a = x * rotations[i].cosine - y * rotations[i].sine;
    b = y * rotations[i].cosine + x * rotations[i].sine;
  }
}

}  // namespace

void rope(const Context& context, const Rope& rope, const SequenceLayout& layout,
          std::int64_t n_heads, View x) {
  const auto rope_dim = static_cast<std::int64_t>(2 * rope.frequencies.size());
  const std::int64_t head_dim = x.cols / n_heads;
  require(x.cols % n_heads == 0 && rope_dim <= head_dim && x.rows == layout.rows,
          "rope: {} dims and {} heads do not fit [{}, {}]", rope_dim, n_heads, x.rows, x.cols);
  std::vector<std::int64_t> positions(static_cast<std::size_t>(x.rows));  // [T]
  for (const Segment& segment : layout.segments) {
    for (std::int64_t i = 0; i < segment.rows; ++i) {
      positions[static_cast<std::size_t>(segment.row + i)] = segment.position + i;
    }
  }
  context.threads.parallel_for(x.rows, 8, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Rotation> rotations(rope.frequencies.size());  // [rope_dim / 2]
    for (std::int64_t t = begin; t < end; ++t) {
      for (std::size_t i = 0; i < rotations.size(); ++i) {
        const double angle =
            static_cast<double>(positions[static_cast<std::size_t>(t)]) * rope.frequencies[i];
        rotations[i] = {static_cast<float>(std::cos(angle)) * rope.magnitude,
                        static_cast<float>(std::sin(angle)) * rope.magnitude};
      }
      for (std::int64_t h = 0; h < n_heads; ++h) {
        rotate_head(rope, rotations, x.row(t) + (h + 1) * head_dim - rope_dim);
      }
    }
  });
}

}  // namespace frugal::ops
