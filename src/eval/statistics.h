// What samples say about a model, and how sure that is.
#pragma once

#include <cstdint>
#include <span>

namespace frugal::eval {

/// The chance that at least one of k samples is right, estimated without bias from n samples of
/// which c are: 1 - C(n - c, k) / C(n, k) (Chen et al. 2021, HumanEval). k is at most n.
double pass_at_k(std::int64_t n, std::int64_t c, std::int64_t k);

struct Estimate {
  double value = 0;
  double low = 0;  // of the 95 % interval
  double high = 0;
};

/// The mean of one value in [0, 1] per question, with Wilson's score interval (Wilson 1927). For
/// values other than 0 and 1 (several samples a question) the number of questions is replaced by
/// that of 0-or-1 questions with the same standard error.
Estimate estimate(std::span<const double> values);

}  // namespace frugal::eval
