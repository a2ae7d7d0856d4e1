// Products of FP8 operands with the accumulation of DeepSeek-V3 (report, section 3.3.2).
#pragma once

#include <span>

#include "ops/fp8/fp8_operand.h"

namespace frugal::ops {

/// How the terms of a product are added up. Hopper's tensor cores align 32 products and the sum so
/// far at the largest exponent and keep 14 bits of each: that is short.
enum class Fp8Sums {
  promoted,        // 128 terms in float32, then added to a float32 sum
  short_promoted,  // 128 terms in a short sum, then added to a float32 sum
  short_only,      // all in one short sum
};

/// An operand [rows, depth] of a product; transposed, it is stored [depth, rows].
struct Fp8Factor {
  const Fp8Operand* operand;
  bool transposed;
};

/// c [m, n] = a b^T, or c += a b^T, with a [m, k] and b [n, k] in blocks of 128 along k.
struct Fp8Gemm {
  Fp8Factor a;
  Fp8Factor b;
  View c;
  bool accumulate;
};

/// All threads share the products, whose results do not overlap. Promoted sums of 128 terms are one
/// chain of fused multiply-adds along k, scaled by both scales and added to the result: the same
/// bits for any number of threads. In tiles of AMX, and in the reference, sums of 128 terms have
/// the order of Factors::bf16, which holds E4M3 values exactly. Short sums are computed slowly, to
/// show what they do.
void fp8_gemm(const Context& context, std::span<const Fp8Gemm> products,
              Fp8Sums sums = Fp8Sums::promoted);

}  // namespace frugal::ops
