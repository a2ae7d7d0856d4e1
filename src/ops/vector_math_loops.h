// The loops of VectorMath. Included by one file per instruction set; static for that reason.
#pragma once

#include <algorithm>

#include "ops/scalar_math.h"
#include "ops/vector_math.h"
#include "quant/fp8.h"

namespace frugal::ops {

static float softmax_row(float scale, float* scores, std::int64_t n) {
  float lanes[kLanes];
  std::fill_n(lanes, kLanes, -HUGE_VALF);
  for_lanes(n, lanes, [=](float max, std::int64_t i) { return max < scores[i] ? scores[i] : max; });
  const float max = scale * max_all(lanes, kLanes);
  for (std::int64_t i = 0; i < n; ++i) scores[i] = exp_float(scale * scores[i] - max);
  std::fill_n(lanes, kLanes, 0.0F);
  for_lanes(n, lanes, [=](float sum, std::int64_t i) { return sum + scores[i]; });
  const float sum = sum_lanes(lanes);
  const float inverse = 1.0F / sum;
  for (std::int64_t i = 0; i < n; ++i) scores[i] *= inverse;
  return max + std::log(sum);
}

static void softmax_backward_row(float scale, const float* p, float* dp, std::int64_t n) {
  const float mean = dot(p, dp, n);
  for (std::int64_t i = 0; i < n; ++i) dp[i] = scale * p[i] * (dp[i] - mean);
}

static void rms_norm_row(const float* x, const float* weight, float eps, float* y, std::int64_t n) {
  const float scale = 1.0F / std::sqrt(dot(x, x, n) / static_cast<float>(n) + eps);
  for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] * scale * weight[i];
}

static void swiglu_row(const float* gate, const float* up, float* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = silu(gate[i]) * up[i];
}

// A choice within a loop would keep it scalar, hence one loop for each.
template <bool kAdd>
static void swiglu_gradients(const float* gate, const float* up, const float* dy, float* d_gate,
                             float* d_up, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float s = sigmoid(gate[i]);
    const float of_gate = dy[i] * up[i] * s * (1.0F + gate[i] * (1.0F - s));
    const float of_up = dy[i] * gate[i] * s;
    d_gate[i] = kAdd ? d_gate[i] + of_gate : of_gate;
    d_up[i] = kAdd ? d_up[i] + of_up : of_up;
  }
}

static void swiglu_backward_row(const float* gate, const float* up, const float* dy, float* d_gate,
                                float* d_up, bool accumulate, std::int64_t n) {
  (accumulate ? swiglu_gradients<true> : swiglu_gradients<false>)(gate, up, dy, d_gate, d_up, n);
}

template <bool kAdd>
static void norm_gradients(float scale, const float* weight, const float* dy, float along,
                           const float* x, float* dx, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float of_x = scale * weight[i] * dy[i] - along * x[i];
    dx[i] = kAdd ? dx[i] + of_x : of_x;
  }
}

static void rms_norm_backward_row(const float* x, const float* weight, const float* dy, float eps,
                                  float* dx, bool add_x, float* d_weight, std::int64_t n) {
  const float scale = 1.0F / std::sqrt(dot(x, x, n) / static_cast<float>(n) + eps);
  float lanes[kLanes] = {};  // sum of x * weight * dy
  for_lanes(n, lanes, [=](float sum, std::int64_t i) { return sum + x[i] * weight[i] * dy[i]; });
  const float along = sum_lanes(lanes) * scale * scale * scale / static_cast<float>(n);
  (add_x ? norm_gradients<true> : norm_gradients<false>)(scale, weight, dy, along, x, dx, n);
  if (d_weight == nullptr) return;
  for (std::int64_t i = 0; i < n; ++i) d_weight[i] += dy[i] * x[i] * scale;
}

static float largest(const float* x, float least, std::int64_t n) {
  float lanes[kLanes];
  std::fill_n(lanes, kLanes, least);
  for_lanes(n, lanes, [=](float most, std::int64_t i) {
    const float size = std::fabs(x[i]);
    return size > most ? size : most;
  });
  return max_all(lanes, kLanes);
}

static void raise_row(const float* x, float* most, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float size = std::fabs(x[i]);
    most[i] = size > most[i] ? size : most[i];
  }
}

static void round_e4m3(const float* x, float scale, float* out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = quant::round_to_f8_e4m3(x[i] / scale);
}

static void round_e4m3_each(const float* x, const float* scales, float* out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = quant::round_to_f8_e4m3(x[i] / scales[i]);
}

static void adamw_row(const AdamWStep& s, const float* gradient, float* weight, float* m, float* v,
                      std::int64_t n) {
  const float keep = 1.0F - s.lr * s.weight_decay;
  const float rate = s.lr / s.correction1;
  const float root = 1.0F / std::sqrt(s.correction2);
  for (std::int64_t i = 0; i < n; ++i) {
    const float g = s.gradient_scale * gradient[i];
    m[i] = s.beta1 * m[i] + (1.0F - s.beta1) * g;
    v[i] = s.beta2 * v[i] + (1.0F - s.beta2) * g * g;
    weight[i] = keep * weight[i] - rate * m[i] / (std::sqrt(v[i]) * root + s.eps);
  }
}

static inline constexpr VectorMath kVectorMath = {
    dot,          axpy,       softmax_row,         softmax_backward_row,
    rms_norm_row, swiglu_row, swiglu_backward_row, rms_norm_backward_row,
    largest,      raise_row,  round_e4m3,          round_e4m3_each,
    adamw_row};

}  // namespace frugal::ops
