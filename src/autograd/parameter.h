// A weight of a model, as serving and training both see it.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "ops/weight.h"

namespace frugal::autograd {

struct Adapter;

/// A matrix of any dtype, or a vector (a matrix of one float32 row).
struct Parameter {
  std::string name;  // as Hugging Face names it
  ops::Weight weight;
  View gradient = {};  // [n, k], where training adds; no data when the weight is not trained
  std::shared_ptr<const Adapter> adapter = nullptr;  // added to the weight's product, if there

  bool empty() const { return weight.empty(); }
  /// The values of a vector [k].
  std::span<const float> vector() const {
    return {reinterpret_cast<const float*>(weight.data), static_cast<std::size_t>(weight.k)};
  }
};

/// A low-rank addition to a weight [n, k]: x W^T + scale (x down^T) up^T (Hu et al. 2021).
struct Adapter {
  Parameter down;  // [rank, k]
  Parameter up;    // [n, rank]
  float scale = 1;
};

}  // namespace frugal::autograd
