#include "ops/attention/head_backward.h"

#include <algorithm>

#include "ops/gemm/gemm.h"

namespace frugal::ops {

namespace {

// Softmax of the causal part of each row, zeros behind it.
void probabilities(const VectorMath& math, std::int64_t first, std::int64_t rows, float scale,
                   float* p, float* dp) {
  const std::int64_t length = first + rows;
  for (std::int64_t i = 0; i < rows; ++i) {
    float* p_row = p + i * length;
    float* dp_row = dp + i * length;
    const std::int64_t visible = first + i + 1;
    math.softmax(scale, p_row, visible);
    math.softmax_backward(scale, p_row, dp_row, visible);
    std::fill(p_row + visible, p_row + length, 0.0F);
    std::fill(dp_row + visible, dp_row + length, 0.0F);
  }
}

}  // namespace

void head_backward(Isa isa, std::int64_t length, float scale, std::span<const HeadPart> parts,
                   const HeadValues& values, HeadScratch& scratch) {
  const VectorMath& math = vector_math(isa);
  scratch.p.resize(static_cast<std::size_t>(kHeadRows * length));
  scratch.dp.resize(scratch.p.size());
  float* p = scratch.p.data();
  float* dp = scratch.dp.data();
  for (std::int64_t first = 0; first < length; first += kHeadRows) {
    const std::int64_t rows = std::min(kHeadRows, length - first);
    const std::int64_t seen = first + rows;  // columns of p and dp
    bool accumulate = false;
    for (const HeadPart& part : parts) {
      gemm_serial(isa, {rows,
                        seen,
                        part.width,
                        {part.q + first * part.q_stride, part.q_stride},
                        {part.k, part.k_stride, true},
                        p,
                        seen,
                        accumulate});
      accumulate = true;
    }
    const Factor d_out = {values.d_out + first * values.out_stride, values.out_stride};
    gemm_serial(isa,
                {rows, seen, values.width, d_out, {values.v, values.v_stride, true}, dp, seen});
    probabilities(math, first, rows, scale, p, dp);
    gemm_serial(
        isa, {seen, values.width, rows, {p, seen, true}, d_out, values.dv, values.v_stride, true});
    for (const HeadPart& part : parts) {
      const Factor q = {part.q + first * part.q_stride, part.q_stride};
      gemm_serial(isa, {rows,
                        part.width,
                        seen,
                        {dp, seen},
                        {part.k, part.k_stride},
                        part.dq + first * part.q_stride,
                        part.q_stride,
                        true});
      gemm_serial(isa,
                  {seen, part.width, rows, {dp, seen, true}, q, part.dk, part.dk_stride, true});
    }
  }
}

}  // namespace frugal::ops
