// An exponential moving average of the weights, which is often a little better than the weights.
#pragma once

#include "train/trainable_model.h"

namespace frugal::train {

class WeightAverage {
 public:
  /// Starts as a copy of the weights.
  explicit WeightAverage(TrainableModel& model);

  /// average = decay * average + (1 - decay) * weights.
  void update(const ops::Context& context, double decay);
  /// Exchanges weights and average; a second call puts them back.
  void exchange();

  /// [n, k] of each parameter, in the model's order.
  const std::vector<Tensor>& values() const { return values_; }

 private:
  std::vector<TrainedParameter>& parameters_;
  std::vector<Tensor> values_;
};

}  // namespace frugal::train
