// Load balance without an auxiliary loss (DeepSeek-V3 report, section 2.1.2).
#pragma once

#include "train/loss.h"

namespace frugal::train {

/// Raises the bias of each mixture's underused experts by gamma and lowers that of the overused
/// ones. Mixtures without a bias stay as they are.
void update_biases(TrainableModel& model, const std::vector<autograd::ExpertLoad>& loads,
                   double gamma);

/// How uneven the experts' loads are: the largest over the mean, less one, averaged over mixtures
/// (the report's MaxVio); 0 when even.
double imbalance(const std::vector<autograd::ExpertLoad>& loads);

}  // namespace frugal::train
