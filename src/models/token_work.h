// What one token costs a model as it lies in memory: the numerators of every roofline.
#pragma once

#include "models/weights.h"

namespace frugal::models {

struct TokenWork {
  double bytes = 0;           // of weights that are read, as they are stored
  double level_products = 0;  // multiply-adds with block types, done in whole numbers once packed
  double float_products = 0;  // multiply-adds with weights of other types

  TokenWork& operator+=(const TokenWork& other);
};

/// The products of one token with the weights of all layers, of the routed experts only the chosen
/// ones, and the row of the embedding that is looked up; MTP layers are left out.
TokenWork layers_work(const ModelConfig& config, const Weights& weights);

/// The product with the output head, which a prompt needs for its last token only.
TokenWork head_work(const Weights& weights);

}  // namespace frugal::models
