#include "gradient_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace frugal::autograd::testing {

namespace {

float* values(const Parameter& p) { return const_cast<float*>(p.weight.floats().data); }

// Sum of result times the weights, in double.
double weighted(ConstView result, const std::vector<float>& weights) {
  double sum = 0;
  for (std::int64_t i = 0; i < result.size(); ++i) {
    sum += static_cast<double>(result.data[i]) * weights[static_cast<std::size_t>(i)];
  }
  return sum;
}

double forward(const ops::Context& context, const Graph& graph, const std::vector<float>& weights) {
  Arena arena;
  Tape tape(context, arena);
  return weighted(graph(tape), weights);
}

std::vector<float> backward(const ops::Context& context, const Graph& graph,
                            const RecordingOptions& options) {
  Arena arena;
  Recording recording(options);
  // What a pass before left in memory must not matter.
  const Arena::Mark mark = recording.scratch().mark();
  std::ranges::fill(recording.scratch().matrix(1024, 256).span(), NAN);
  recording.scratch().release(mark);
  Tape tape(context, arena, recording);
  const View result = graph(tape);
  Rng rng(7);
  std::vector<float> weights(static_cast<std::size_t>(result.size()));
  for (float& weight : weights) weight = static_cast<float>(rng.normal());
  std::ranges::copy(weights, recording.gradient(result).data);
  recording.backward();
  return weights;
}

}  // namespace

Parameter random_parameter(Rng& rng, std::int64_t n, std::int64_t k, float scale, float offset) {
  const ops::FloatWeight floats(n, k);
  for (float& value : floats.tensor->view().span()) {
    value = offset + scale * static_cast<float>(rng.normal());
  }
  const ops::FloatWeight gradient(n, k);
  Parameter p{"", floats.weight, gradient.tensor->view()};
  // The gradient lives as long as the weight does.
  p.weight.owner =
      std::make_shared<std::pair<ops::FloatWeight, ops::FloatWeight>>(floats, gradient);
  return p;
}

View value_of(Tape& tape, const Parameter& parameter) {
  static const std::vector<std::int32_t> rows = [] {
    std::vector<std::int32_t> all(4096);
    std::iota(all.begin(), all.end(), 0);
    return all;
  }();
  return tape.embedding(parameter,
                        std::span(rows).first(static_cast<std::size_t>(parameter.weight.n)));
}

ops::SequenceLayout packed(const std::vector<std::int64_t>& lengths) {
  ops::SequenceLayout layout;
  for (const std::int64_t length : lengths) {
    layout.segments.push_back({layout.rows, length, 0, {}});
    layout.rows += length;
  }
  return layout;
}

void check_gradients(const ops::Context& context, std::vector<Parameter*> parameters,
                     const Graph& graph, const RecordingOptions& options) {
  for (Parameter* p : parameters) std::ranges::fill(p->gradient.span(), 0.0F);
  const std::vector<float> weights = backward(context, graph, options);
  for (std::size_t which = 0; which < parameters.size(); ++which) {
    const Parameter& p = *parameters[which];
    double largest = 0;  // the scale that errors are measured against
    for (const float g : p.gradient.span()) largest = std::max(largest, std::fabs(double{g}));
    ASSERT_GT(largest, 0) << "parameter " << which << " got no gradient";
    const std::int64_t step = std::max<std::int64_t>(1, p.gradient.size() / 60);
    for (std::int64_t i = 0; i < p.gradient.size(); i += step) {
      const float old = values(p)[i];
      constexpr float kStep = 0.01F;
      values(p)[i] = old + kStep;
      const double above = forward(context, graph, weights);
      values(p)[i] = old - kStep;
      const double below = forward(context, graph, weights);
      values(p)[i] = old;
      const double expected = (above - below) / (2 * double{kStep});
      ASSERT_NEAR(p.gradient.data[i], expected, 4e-3 * largest)
          << "parameter " << which << " [" << p.gradient.rows << ", " << p.gradient.cols
          << "], element [" << i / p.gradient.cols << ", " << i % p.gradient.cols << "]";
    }
  }
}

}  // namespace frugal::autograd::testing
