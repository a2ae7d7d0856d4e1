// The gradients of one head with their sums in registers. Templates over Simd (ops/simd/), so that
// each instruction set compiles its own copy; head_backward_reference() is the plain definition.
#pragma once

#include "ops/attention/head_backward.h"
#include "ops/gemm/transpose_avx2.h"
#include "ops/simd/with_constant.h"
#include "tensor/tensor.h"

namespace frugal::ops {

template <class Simd>
class HeadKernel {
 public:
  HeadKernel(Isa isa, const Head& head, float* scratch) : isa_(isa), head_(head), free_(scratch) {
    for (const HeadPart& part : head.parts) width_ += part.width;
  }

  void run() {
    const HeadValues& v = head_.values;
    const std::int64_t length = head_.length;
    const std::int64_t tiles = (length + kTile - 1) / kTile;
    q_ = take(length, padded(width_));
    k_ = take(length, padded(width_));
    d_out_ = take(length, padded(v.width));
    k_tiles_ = take(tiles * width_, kTile);
    v_tiles_ = take(tiles * v.width, kTile);
    dq_ = take(kHeadRows, q_.cols);
    dk_ = zeros(length, q_.cols);
    dv_ = zeros(length, d_out_.cols);
    // 32 for head_probabilities(), and 16 since rows a power of two apart would share cache sets.
    p_ = take(kHeadRows, tiles * kTile + 3 * kLanes16);
    dp_ = take(kHeadRows, p_.cols);
    arrange();
    for (std::int64_t first = 0; first < length; first += kHeadRows) {
      add_rows(first, length - first < kHeadRows ? length - first : kHeadRows);
    }
    std::int64_t column = 0;
    for (const HeadPart& part : head_.parts) {
      add(dk_, column, length, part.width, part.dk, part.dk_stride, head_.add_k);
      column += part.width;
    }
    add(dv_, 0, length, v.width, v.dv, v.v_stride, head_.add_v);
  }

 private:
  using Floats = typename Simd::Floats;
  static constexpr std::int64_t kLanes16 = 16;
  static constexpr std::int64_t kTile = 64;                      // positions
  static constexpr int kSums = Simd::kQueries * Simd::kColumns;  // registers
  static constexpr int kMostRows = 12;

  static constexpr std::int64_t padded(std::int64_t n) {
    return (n + kLanes16 - 1) / kLanes16 * kLanes16;
  }
  /// Rows whose sums stay in registers when each has `registers` of them.
  static constexpr int rows_for(int registers) {
    return kSums / registers < kMostRows ? kSums / registers : kMostRows;
  }
  static int rows_at_once(std::int64_t cols) {
    return rows_for(cols / kLanes16 < Simd::kColumns ? static_cast<int>(cols / kLanes16)
                                                     : Simd::kColumns);
  }

  /// Undefined contents; `cols` is a multiple of 16.
  View take(std::int64_t rows, std::int64_t cols) {
    const View view = {free_, rows, cols};
    free_ += view.size();
    return view;
  }

  View zeros(std::int64_t rows, std::int64_t cols) {
    const View view = take(rows, cols);
    for (std::int64_t i = 0; i < view.size(); i += kLanes16) {
      Simd::store(view.data + i, Simd::zero());
    }
    return view;
  }

  /// Rows of `width` values to columns of `to` from `column` on, zeros behind the last part.
  static void copy(const float* from, std::int64_t stride, std::int64_t width, View to,
                   std::int64_t column) {
    for (std::int64_t t = 0; t < to.rows; ++t, from += stride) {
      float* row = to.row(t) + column;
      std::int64_t d = 0;
      for (; d + kLanes16 <= width; d += kLanes16) Simd::store(row + d, Simd::load(from + d));
      for (; d < width; ++d) row[d] = from[d];
      for (; column + d < to.cols; ++d) row[d] = 0;
    }
  }

  /// Columns of `from` from `column` on are added to rows of `to`, or written.
  static void add(ConstView from, std::int64_t column, std::int64_t rows, std::int64_t width,
                  float* to, std::int64_t stride, bool accumulate) {
    for (std::int64_t t = 0; t < rows; ++t, to += stride) {
      const float* row = from.row(t) + column;
      std::int64_t d = 0;
      for (; d + kLanes16 <= width; d += kLanes16) {
        const Floats before = accumulate ? Simd::load(to + d) : Simd::zero();
        Simd::store(to + d, Simd::add(before, Simd::load(row + d)));
      }
      for (; d < width; ++d) to[d] = accumulate ? to[d] + row[d] : row[d];
    }
  }

  /// Rows [length, width] to columns of tiles [tiles][height][64], from row `row` of each on.
  void transpose(const float* from, std::int64_t stride, std::int64_t width, View tiles,
                 std::int64_t height, std::int64_t row) const {
    for (std::int64_t first = 0; first < head_.length; first += kTile) {
      const std::int64_t left = head_.length - first;
      float* tile = tiles.row(first / kTile * height + row);
      if (left < kTile) {
        for (std::int64_t i = 0; i < width * kTile; ++i) tile[i] = 0;
      }
      transpose_rows(from + first * stride, stride, left < kTile ? left : kTile, width, tile,
                     kTile);
    }
  }

  void arrange() {
    const HeadValues& v = head_.values;
    std::int64_t column = 0;
    for (const HeadPart& part : head_.parts) {
      copy(part.q, part.q_stride, part.width, q_, column);
      copy(part.k, part.k_stride, part.width, k_, column);
      transpose(part.k, part.k_stride, part.width, k_tiles_, width_, column);
      column += part.width;
    }
    copy(v.d_out, v.out_stride, v.width, d_out_, 0);
    transpose(v.v, v.v_stride, v.width, v_tiles_, v.width, 0);
  }

  /// A left factor: value (r, k) is data[r * row_stride + k * depth_stride].
  struct Left {
    const float* data;
    std::int64_t row_stride;
    std::int64_t depth_stride;
  };

  /// c = a b or c += a b, each value one chain along the depth.
  template <int kRows, int kRegisters>
  static void multiply(std::int64_t depth, Left a, const float* b, std::int64_t b_stride, float* c,
                       std::int64_t c_stride, bool accumulate) {
    Floats sums[kRows][kRegisters];
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int i = 0; i < kRegisters; ++i) {
        sums[r][i] = accumulate ? Simd::load(c + r * c_stride + i * kLanes16) : Simd::zero();
      }
    }
    const float* x = a.data;
    for (std::int64_t k = 0; k < depth; ++k, x += a.depth_stride, b += b_stride) {
      Floats values[kRegisters];
#pragma GCC unroll 4
      for (int i = 0; i < kRegisters; ++i) values[i] = Simd::load(b + i * kLanes16);
#pragma GCC unroll 12
      for (int r = 0; r < kRows; ++r) {
        const Floats value = Simd::set(x[r * a.row_stride]);
#pragma GCC unroll 4
        for (int i = 0; i < kRegisters; ++i) sums[r][i] = Simd::fma(value, values[i], sums[r][i]);
      }
    }
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int i = 0; i < kRegisters; ++i) {
        Simd::store(c + r * c_stride + i * kLanes16, sums[r][i]);
      }
    }
  }

  /// The same for `rows` rows, rows_at_once(cols) at most, and `cols` columns, a multiple of 16.
  static void product(std::int64_t rows, std::int64_t cols, std::int64_t depth, Left a,
                      const float* b, std::int64_t b_stride, float* c, std::int64_t c_stride,
                      bool accumulate) {
    for (std::int64_t col = 0; col < cols; col += Simd::kColumns * kLanes16) {
      with_constant<Simd::kColumns>((cols - col) / kLanes16, [&](auto registers) {
        with_constant<rows_for(registers())>(rows, [&](auto count) {
          multiply<count(), registers()>(depth, a, b + col, b_stride, c + col, c_stride,
                                         accumulate);
        });
      });
    }
  }

  /// out [rows, positions] = x [rows, height] times tiles, as far as any of a few rows sees.
  static void scores(std::int64_t first, std::int64_t rows, const float* x, std::int64_t stride,
                     ConstView tiles, std::int64_t height, View out) {
    for (std::int64_t begin = 0; begin < first + rows; begin += kTile) {
      const float* tile = tiles.row(begin / kTile * height);
      for (std::int64_t i = 0; i < rows; i += Simd::kQueries) {
        const std::int64_t count = rows - i < Simd::kQueries ? rows - i : Simd::kQueries;
        const std::int64_t seen = padded(first + i + count - begin);
        if (seen <= 0) continue;
        product(count, seen < kTile ? seen : kTile, height, {x + i * stride, stride, 1}, tile,
                kTile, out.row(i) + begin, out.cols, false);
      }
    }
  }

  /// out[j] += the sum over rows i that see position j of weights[i][j] * x[i].
  static void mix_back(std::int64_t first, std::int64_t rows, ConstView weights, ConstView x,
                       View out) {
    const int step = rows_at_once(out.cols);
    for (std::int64_t j = 0; j < first + rows; j += step) {
      const std::int64_t left = first + rows - j;
      const std::int64_t i = j < first ? 0 : j - first;  // the first row that sees any of them
      product(left < step ? left : step, out.cols, rows - i, {weights.row(i) + j, 1, weights.cols},
              x.row(first + i), x.cols, out.row(j), out.cols, true);
    }
  }

  void add_rows(std::int64_t first, std::int64_t rows) {
    scores(first, rows, q_.row(first), q_.cols, k_tiles_, width_, p_);
    scores(first, rows, d_out_.row(first), d_out_.cols, v_tiles_, head_.values.width, dp_);
    head_probabilities(isa_, head_.scale, first, rows, p_.cols, p_.data, dp_.data);
    mix_back(first, rows, p_, d_out_, dv_);
    mix_back(first, rows, dp_, q_, dk_);
    const int step = rows_at_once(dq_.cols);
    for (std::int64_t i = 0; i < rows; i += step) {
      const std::int64_t count = rows - i < step ? rows - i : step;
      product(count, dq_.cols, first + i + count, {dp_.row(i), dp_.cols, 1}, k_.data, k_.cols,
              dq_.row(i), dq_.cols, false);
    }
    std::int64_t column = 0;
    for (const HeadPart& part : head_.parts) {
      add(dq_, column, rows, part.width, part.dq + first * part.q_stride, part.q_stride,
          head_.add_q);
      column += part.width;
    }
  }

  Isa isa_;
  const Head& head_;
  float* free_;             // scratch memory that nobody has yet
  std::int64_t width_ = 0;  // of queries and keys, all parts together
  View q_, k_, d_out_;      // [length, padded width]
  View k_tiles_, v_tiles_;  // [tiles][width][64]
  View dq_;                 // [kHeadRows, padded width]
  View dk_, dv_;            // [length, padded width]
  View p_, dp_;             // [kHeadRows, positions]: probabilities and their gradients
};

}  // namespace frugal::ops
