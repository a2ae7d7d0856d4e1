#include "train/bias_update.h"

#include <algorithm>
#include <numeric>

namespace frugal::train {

namespace {

double mean_of(const std::vector<std::int64_t>& rows) {
  return static_cast<double>(std::accumulate(rows.begin(), rows.end(), std::int64_t{0})) /
         static_cast<double>(rows.size());
}

}  // namespace

void update_biases(TrainableModel& model, const std::vector<autograd::ExpertLoad>& loads,
                   double gamma) {
  if (gamma == 0) return;
  for (const autograd::ExpertLoad& load : loads) {
    if (load.bias->empty()) continue;
    const auto of_this_mixture = [&](const TrainedParameter& p) {
      return p.weight.weight.data == load.bias->weight.data;
    };
    const auto p = std::ranges::find_if(model.parameters(), of_this_mixture);
    require(p != model.parameters().end(), "the bias {} is none of this model", load.bias->name);
    const double mean = mean_of(load.rows);
    for (std::size_t e = 0; e < load.rows.size(); ++e) {
      const auto rows = static_cast<double>(load.rows[e]);
      const double sign = rows < mean ? 1.0 : rows > mean ? -1.0 : 0.0;
      p->weight.tensor->data()[e] += static_cast<float>(gamma * sign);
    }
  }
}

double imbalance(const std::vector<autograd::ExpertLoad>& loads) {
  if (loads.empty()) return 0;
  double sum = 0;
  for (const autograd::ExpertLoad& load : loads) {
    sum += static_cast<double>(*std::ranges::max_element(load.rows)) / mean_of(load.rows) - 1;
  }
  return sum / static_cast<double>(loads.size());
}

}  // namespace frugal::train
