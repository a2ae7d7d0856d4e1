// Arithmetic that every instruction set does in the same order, so that kernels compiled for
// different ones agree bit for bit. Static, since each kernel file compiles its own copy.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace frugal::ops {

/// Partial sums of a reduction: fixed, whatever the width of a register.
inline constexpr int kLanes = 16;

/// Joins n numbers, n a multiple of 16: each lane is a chain, and the lanes are a tree: 8 and 8, 4
/// and 4, 2 and 2, 1 and 1. Written out in vectors because plain loops become scalar code that goes
/// through memory.
template <class Join>
static inline float join_all(const float* x, std::int64_t n, Join join) {
  using Four = float __attribute__((vector_size(16)));
  Four lanes[4];
  std::memcpy(lanes, x, sizeof lanes);
  for (std::int64_t i = kLanes; i < n; i += kLanes) {
    Four more[4];
    std::memcpy(more, x + i, sizeof more);
    for (int k = 0; k < 4; ++k) lanes[k] = join(lanes[k], more[k]);
  }
  const Four sums = join(join(lanes[0], lanes[2]), join(lanes[1], lanes[3]));
  return join(join(sums[0], sums[2]), join(sums[1], sums[3]));
}

static inline float sum_all(const float* x, std::int64_t n) {
  return join_all(x, n, [](auto a, auto b) { return a + b; });
}
static inline float max_all(const float* x, std::int64_t n) {
  return join_all(x, n, [](auto a, auto b) { return a < b ? b : a; });
}
static inline float sum_lanes(const float* lanes) { return sum_all(lanes, kLanes); }

/// Goes on with the chains of all lanes: lanes[l] = step(lanes[l], i), where l is i modulo kLanes,
/// for i from 0 to n. A loop that is unrolled, or that reads what it has just written, becomes
/// scalar code.
template <class Step>
static inline void for_lanes(std::int64_t n, float* lanes, Step step) {
  float now[kLanes];
  std::memcpy(now, lanes, sizeof now);
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    float next[kLanes];
#pragma GCC unroll 1
    for (int l = 0; l < kLanes; ++l) next[l] = step(now[l], i + l);
    std::memcpy(now, next, sizeof now);
  }
  for (int l = 0; i + l < n; ++l) now[l] = step(now[l], i + l);
  std::memcpy(lanes, now, sizeof now);
}

/// sum over i of a[i] * b[i], each lane one chain of fused multiply-adds.
static inline float dot(const float* a, const float* b, std::int64_t n) {
  float lanes[kLanes] = {};
  for_lanes(n, lanes, [=](float sum, std::int64_t i) { return std::fmaf(a[i], b[i], sum); });
  return sum_lanes(lanes);
}

/// y[i] += scale * x[i].
static inline void axpy(float scale, const float* x, float* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = std::fmaf(scale, x[i], y[i]);
}

/// e^x within 2 units in the last place; 0 below -87.3, where the result would be subnormal, and
/// infinity above 88.7. Plain arithmetic, so that loops over it become SIMD code.
static inline float exp_float(float x) {
  const float magic = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer in the low bits
  // Comparisons rather than fmin and fmax: one instruction each, and a NaN stays one.
  const float above = x < -87.3F ? -87.3F : x;
  const float clamped = above > 88.7F ? 88.7F : above;
  const float shifted = std::fmaf(clamped, 1.44269504F, magic);
  const float n = shifted - magic;
  float r = std::fmaf(n, -0.693145752F, clamped);  // ln 2 in two parts
  r = std::fmaf(n, -1.42860677e-6F, r);
  float p = 1.98412698e-4F;  // 1/5040 ... 1/2: the series, |r| <= 0.347
  p = std::fmaf(p, r, 1.38888889e-3F);
  p = std::fmaf(p, r, 8.33333333e-3F);
  p = std::fmaf(p, r, 4.16666667e-2F);
  p = std::fmaf(p, r, 1.66666667e-1F);
  p = std::fmaf(p, r, 0.5F);
  p = std::fmaf(p, r, 1.0F);
  p = std::fmaf(p, r, 1.0F);
  const std::uint32_t exponent = std::bit_cast<std::uint32_t>(shifted) << 23;
  const float result = std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + exponent);
  const float bounded = x > 88.7F ? HUGE_VALF : result;
  return x < -87.3F ? 0.0F : bounded;
}

static inline float sigmoid(float x) { return 1.0F / (1.0F + exp_float(-x)); }
static inline float silu(float x) { return x * sigmoid(x); }

}  // namespace frugal::ops
