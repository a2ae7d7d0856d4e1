// How much arithmetic a token is.
#pragma once

#include "models/config.h"

namespace frugal::cost {

/// Floating-point operations of one token's forward pass; a multiply-add counts as two.
struct TokenFlops {
  double matmul = 0;     // products with weights that this token uses, the output head included
  double attention = 0;  // queries with keys, probabilities with values
  double total() const { return matmul + attention; }
};

/// Parameters that one token is multiplied with: of the routed experts only the chosen ones, not
/// the embedding, which is looked up. MTP layers are left out.
double active_matmul_parameters(const models::ModelConfig& config);

/// Averaged over a sequence of `context` tokens. Causal: a token meets the half of the context that
/// is before it, which is the count behind DeepSeek-V3's 250 GFLOP a token; otherwise all of it.
TokenFlops forward_flops(const models::ModelConfig& config, double context, bool causal = true);

/// Forward and backward: the backward pass does twice the work of the forward pass.
double training_flops(const models::ModelConfig& config, double context, bool causal = true);

}  // namespace frugal::cost
