#include <gtest/gtest.h>

#include <algorithm>

#include "gradient_check.h"

namespace frugal::autograd {
namespace {

using testing::check_gradients;
using testing::random_parameter;
using testing::value_of;

// Three residual layers, whose first input is read once more after them.
struct Stack {
  explicit Stack(Rng& rng) : x(random_parameter(rng, 6, 8)) {
    for (int i = 0; i < 3; ++i) {
      norms.push_back(random_parameter(rng, 1, 8));
      weights.push_back(random_parameter(rng, 8, 8, 0.5F));
    }
  }
  View run(Tape& tape) const {
    const View first = value_of(tape, x);
    View h = tape.columns(first, 0, 8);  // in inference a layer overwrites its input
    for (std::size_t i = 0; i < weights.size(); ++i) {
      h = tape.layer(h, [this, &tape, i](View in) {
        return tape.add(in, tape.linear(tape.rms_norm(in, norms[i], 1e-5F), weights[i]));
      });
    }
    return tape.add(first, h);
  }
  std::vector<Parameter*> parameters() {
    std::vector<Parameter*> all = {&x};
    for (Parameter& p : norms) all.push_back(&p);
    for (Parameter& p : weights) all.push_back(&p);
    return all;
  }
  Parameter x;
  std::vector<Parameter> norms, weights;
};

TEST(Layer, GradientsFlowThroughLayersAndAroundThem) {
  ThreadPool threads(1);
  const ops::Context context{threads, Isa::reference};
  Rng rng(3);
  Stack stack(rng);
  check_gradients(context, stack.parameters(), [&](Tape& tape) { return stack.run(tape); });
}

TEST(Layer, RunningLayersTwiceChangesNoBit) {
  ThreadPool threads(1);
  const ops::Context context{threads, Isa::reference};
  Rng rng(3);
  Stack stack(rng);
  std::vector<std::vector<float>> kept;
  for (const bool recompute : {false, true}) {
    for (Parameter* p : stack.parameters()) std::ranges::fill(p->gradient.span(), 0.0F);
    Arena arena;
    Recording recording({recompute, 0});
    Tape tape(context, arena, recording);
    const View out = stack.run(tape);
    std::ranges::fill(recording.gradient(out).span(), 0.7F);
    recording.backward();
    std::vector<float> all(out.span().begin(), out.span().end());
    for (Parameter* p : stack.parameters()) {
      all.insert(all.end(), p->gradient.span().begin(), p->gradient.span().end());
    }
    kept.push_back(all);
  }
  EXPECT_EQ(kept[0], kept[1]);
}

TEST(Layer, WhatTheLossDoesNotDependOnGetsNoGradient) {
  ThreadPool threads(1);
  const ops::Context context{threads, Isa::reference};
  Rng rng(5);
  const Parameter x = random_parameter(rng, 2, 4);
  const Parameter w = random_parameter(rng, 4, 4);
  Arena arena;
  Recording recording;
  Tape tape(context, arena, recording);
  const View value = value_of(tape, x);
  tape.linear(value, w);
  const View twice = tape.add(value, tape.columns(value, 0, 4));
  std::ranges::fill(recording.gradient(twice).span(), 1.0F);
  recording.backward();
  EXPECT_EQ(w.gradient.data[0], 0);
  EXPECT_EQ(x.gradient.data[0], 2);
}

}  // namespace
}  // namespace frugal::autograd
