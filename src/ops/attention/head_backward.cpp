#include "ops/attention/head_backward.h"

#include <algorithm>
#include <cmath>

#include "ops/vector_math.h"

namespace frugal::ops {

// What HeadKernel takes: copies of queries, keys, values and gradients of whole registers, keys and
// values in tiles, and two blocks of scores.
std::int64_t head_scratch(std::int64_t length, std::int64_t key_width, std::int64_t value_width) {
  const auto padded = [](std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; };
  const std::int64_t keys = padded(key_width, 16);
  const std::int64_t positions = padded(length, kHeadRows);
  return positions * (4 * keys + 3 * padded(value_width, 16)) +
         kHeadRows * (keys + 2 * (positions + 48));
}

// Whole registers of positions, of which those that a row does not see have a probability of zero.
void head_probabilities(Isa isa, float scale, std::int64_t first, std::int64_t rows,
                        std::int64_t stride, float* p, float* dp) {
  const VectorMath& math = vector_math(isa);
  for (std::int64_t i = 0; i < rows; ++i, p += stride, dp += stride) {
    const std::int64_t visible = first + i + 1;
    const std::int64_t whole = (visible + 15) / 16 * 16;
    std::fill(p + visible, p + whole, -HUGE_VALF);
    std::fill(dp + visible, dp + whole + 16, 0.0F);
    math.softmax(scale, p, whole);
    math.softmax_backward(scale, p, dp, whole);
    std::fill(p + whole, p + whole + 16, 0.0F);
  }
}

namespace {

void clear(float* rows, std::int64_t stride, std::int64_t length, std::int64_t width) {
  for (std::int64_t i = 0; i < length; ++i) std::fill_n(rows + i * stride, width, 0.0F);
}

}  // namespace

// One position after the other, straight from the definition.
void head_backward_reference(const Head& head, float* scratch) {
  const HeadValues& v = head.values;
  for (const HeadPart& part : head.parts) {
    if (!head.add_q) clear(part.dq, part.q_stride, head.length, part.width);
    if (!head.add_k) clear(part.dk, part.dk_stride, head.length, part.width);
  }
  if (!head.add_v) clear(v.dv, v.v_stride, head.length, v.width);
  float* p = scratch;
  float* dp = scratch + head.length + 32;
  for (std::int64_t i = 0; i < head.length; ++i) {
    const float* d_out = v.d_out + i * v.out_stride;
    for (std::int64_t j = 0; j <= i; ++j) {
      p[j] = 0;
      for (const HeadPart& part : head.parts) {
        for (std::int64_t d = 0; d < part.width; ++d) {
          p[j] += part.q[i * part.q_stride + d] * part.k[j * part.k_stride + d];
        }
      }
      dp[j] = 0;
      for (std::int64_t d = 0; d < v.width; ++d) dp[j] += d_out[d] * v.v[j * v.v_stride + d];
    }
    head_probabilities(Isa::reference, head.scale, i, 1, 0, p, dp);
    for (std::int64_t j = 0; j <= i; ++j) {
      for (std::int64_t d = 0; d < v.width; ++d) v.dv[j * v.v_stride + d] += p[j] * d_out[d];
      for (const HeadPart& part : head.parts) {
        for (std::int64_t d = 0; d < part.width; ++d) {
          part.dq[i * part.q_stride + d] += dp[j] * part.k[j * part.k_stride + d];
          part.dk[j * part.dk_stride + d] += dp[j] * part.q[i * part.q_stride + d];
        }
      }
    }
  }
}

void head_backward(Isa isa, const Head& head, float* scratch) {
  if (isa == Isa::reference) return head_backward_reference(head, scratch);
  return isa == Isa::avx2 ? head_backward_avx2(head, scratch) : head_backward_avx512(head, scratch);
}

}  // namespace frugal::ops
