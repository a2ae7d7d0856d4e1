// The gradient of embedding().
#pragma once

#include <span>

#include "ops/context.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// Adds row t of dy [T, d] to row tokens[t] of d_table [vocab_size, d].
void embedding_backward(const Context& context, std::span<const std::int32_t> tokens, ConstView dy,
                        View d_table);

}  // namespace frugal::ops
