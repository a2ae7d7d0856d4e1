// The frequencies that a rope configuration stands for.
#pragma once

#include "models/config.h"
#include "ops/rope/rope.h"

namespace frugal::models {

/// Plain: theta^(-2i/d). Llama 3: long wavelengths slowed by `factor`, with a ramp between. YaRN
/// (Peng et al. 2023): a ramp over the dims, and the magnitude of cos and sin as transformers
/// defines it.
ops::Rope make_rope(const RopeConfig& config);

}  // namespace frugal::models
