// Loops over rows of floats, compiled once for each instruction set. Every set does the same
// arithmetic in the same order, so results agree bit for bit.
#pragma once

#include <cstdint>

#include "base/cpu.h"

namespace frugal::ops {

/// One step's numbers of AdamW (Loshchilov and Hutter 2019).
struct AdamWStep {
  float lr = 0;
  float beta1 = 0;
  float beta2 = 0;
  float eps = 0;
  float weight_decay = 0;
  float correction1 = 1;     // 1 - beta1^t
  float correction2 = 1;     // 1 - beta2^t
  float gradient_scale = 1;  // on the gradient before anything else (clipping, averaging)
};

struct VectorMath {
  /// Sum of a[i] * b[i].
  float (*dot)(const float* a, const float* b, std::int64_t n);
  /// y += scale * x.
  void (*axpy)(float scale, const float* x, float* y, std::int64_t n);
  /// scores -> softmax(scale * scores) in place; returns log(sum(exp(scale * scores))).
  float (*softmax)(float scale, float* scores, std::int64_t n);
  /// dp -> scale * p * (dp - sum(p * dp)) in place: the gradient of softmax()'s scores.
  void (*softmax_backward)(float scale, const float* p, float* dp, std::int64_t n);
  /// One group of rms_norm: y = x / sqrt(mean(x^2) + eps) * weight.
  void (*rms_norm)(const float* x, const float* weight, float eps, float* y, std::int64_t n);
  /// y = silu(gate) * up.
  void (*swiglu)(const float* gate, const float* up, float* y, std::int64_t n);
  /// swiglu's gradients, added or written; dy may not be d_gate or d_up.
  void (*swiglu_backward)(const float* gate, const float* up, const float* dy, float* d_gate,
                          float* d_up, bool accumulate, std::int64_t n);
  /// One group of rms_norm: adds to d_weight [n] (nullptr: no gradient of the weight), and adds to
  /// or writes dx [n].
  void (*rms_norm_backward)(const float* x, const float* weight, const float* dy, float eps,
                            float* dx, bool add_x, float* d_weight, std::int64_t n);
  /// The largest magnitude of x, at least `least`.
  float (*largest)(const float* x, float least, std::int64_t n);
  /// most[i] = max(most[i], |x[i]|).
  void (*raise)(const float* x, float* most, std::int64_t n);
  /// out = x / scale rounded to E4M3, with one scale or one for each value.
  void (*round_e4m3)(const float* x, float scale, float* out, std::int64_t n);
  void (*round_e4m3_each)(const float* x, const float* scales, float* out, std::int64_t n);
  /// One step on `n` weights; m and v are the running moments.
  void (*adamw)(const AdamWStep& step, const float* gradient, float* weight, float* m, float* v,
                std::int64_t n);
};

const VectorMath& vector_math(Isa isa);

const VectorMath& vector_math_reference();
const VectorMath& vector_math_avx2();
const VectorMath& vector_math_avx512();

}  // namespace frugal::ops
