#include "ops/rope/rope.h"

#include <cmath>

#include "ops/rope/rope_backward.h"

namespace frugal::ops {

namespace {

// `sine_sign` is -1 to turn the other way.
void rotate_head(const Rotations& rotations, const float* table, float sine_sign, float* head) {
  const std::int64_t half = rotations.table.cols / 2;
  for (std::int64_t i = 0; i < half; ++i) {
    const float cosine = table[2 * i];
    const float sine = sine_sign * table[2 * i + 1];
    float& a = head[rotations.interleaved ? 2 * i : i];
    float& b = head[rotations.interleaved ? 2 * i + 1 : i + half];
    const float x = a;
    const float y = b;
    a = x * cosine - y * sine;
    b = y * cosine + x * sine;
  }
}

void rotate(const Context& context, const Rotations& rotations, std::int64_t n_heads,
            float sine_sign, View x) {
  const std::int64_t rope_dim = rotations.table.cols;
  const std::int64_t head_dim = x.cols / n_heads;
  require(x.cols % n_heads == 0 && rope_dim <= head_dim && x.rows == rotations.table.rows,
          "rope: {} dims and {} heads do not fit [{}, {}]", rope_dim, n_heads, x.rows, x.cols);
  context.threads.parallel_for(x.rows, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      for (std::int64_t h = 0; h < n_heads; ++h) {
        rotate_head(rotations, rotations.table.row(t), sine_sign,
                    x.row(t) + (h + 1) * head_dim - rope_dim);
      }
    }
  });
}

}  // namespace

void fill_rotations(const Context& context, const Rope& rope, const SequenceLayout& layout,
                    View table) {
  require(table.rows == layout.rows && table.cols == rope.dim(),
          "rope: a table [{}, {}] for {} rows of {} dims", table.rows, table.cols, layout.rows,
          rope.dim());
  std::vector<std::int64_t> positions(static_cast<std::size_t>(table.rows));  // [T]
  for (const Segment& segment : layout.segments) {
    for (std::int64_t i = 0; i < segment.rows; ++i) {
      positions[static_cast<std::size_t>(segment.row + i)] = segment.position + i;
    }
  }
  context.threads.parallel_for(table.rows, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      for (std::size_t i = 0; i < rope.frequencies.size(); ++i) {
        const double angle =
            static_cast<double>(positions[static_cast<std::size_t>(t)]) * rope.frequencies[i];
        table.row(t)[2 * i] = static_cast<float>(std::cos(angle)) * rope.magnitude;
        table.row(t)[2 * i + 1] = static_cast<float>(std::sin(angle)) * rope.magnitude;
      }
    }
  });
}

void rope(const Context& context, const Rotations& rotations, std::int64_t n_heads, View x) {
  rotate(context, rotations, n_heads, 1, x);
}

// The transpose of a rotation is the rotation by the opposite angle; the magnitude stays.
void rope_backward(const Context& context, const Rotations& rotations, std::int64_t n_heads,
                   View gradient) {
  rotate(context, rotations, n_heads, -1, gradient);
}

}  // namespace frugal::ops
