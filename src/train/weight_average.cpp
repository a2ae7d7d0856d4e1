#include "train/weight_average.h"

#include <algorithm>

namespace frugal::train {

WeightAverage::WeightAverage(TrainableModel& model) : parameters_(model.parameters()) {
  for (const TrainedParameter& p : parameters_) {
    values_.emplace_back(p.weight.tensor->rows(), p.weight.tensor->cols());
    std::ranges::copy(p.weight.tensor->view().span(), values_.back().data());
  }
}

void WeightAverage::update(const ops::Context& context, double decay) {
  const auto keep = static_cast<float>(decay);
  const auto take = static_cast<float>(1 - decay);
  for (std::size_t i = 0; i < values_.size(); ++i) {
    float* average = values_[i].data();
    const float* weight = parameters_[i].weight.tensor->data();
    context.threads.parallel_for(values_[i].view().size(), 1 << 14,
                                 [&](std::int64_t begin, std::int64_t end) {
                                   for (std::int64_t j = begin; j < end; ++j) {
                                     average[j] = keep * average[j] + take * weight[j];
                                   }
                                 });
  }
}

void WeightAverage::exchange() {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    std::ranges::swap_ranges(values_[i].view().span(), parameters_[i].weight.tensor->view().span());
  }
}

}  // namespace frugal::train
