// Root mean square normalisation (Zhang and Sennrich 2019).
#pragma once

#include "ops/context.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// y = x / sqrt(mean(x^2) + eps) * weight for each group of `weight.size()` values of a row: the
/// whole row as a rule, or each head's part of it (Qwen3's q and k norms). x and y [T, d], weight
/// [d / groups].
void rms_norm(const Context& context, ConstView x, std::span<const float> weight, float eps,
              View y);

}  // namespace frugal::ops
