// Weights laid out for serving.
#pragma once

#include "base/threads.h"
#include "formats/checkpoint.h"
#include "models/weights.h"

namespace frugal::models {

/// Packs the matrices of a model into panels (ops/panel/panel.h), tensor by tensor, and gives the
/// pages of the file back as it goes, so that the model is hardly ever in memory twice. What is
/// read by rows stays as it is: vectors, an embedding that is not the output head, and kv_b of
/// latent attention. From then on products with block types round activations to whole numbers.
void pack_weights(const formats::Checkpoint& checkpoint, const ModelConfig& config,
                  Weights& weights, ThreadPool& threads);

/// Makes kv_b of every layer ready for the absorbed form of latent attention, out of the split
/// tensors of the file where it has them, and lets go of kv_b itself.
void pack_absorbed(const formats::Checkpoint& checkpoint, const ops::MlaShape& shape,
                   Weights& weights, ThreadPool& threads);

}  // namespace frugal::models
