// What a pass in training leaves behind: how to go back through its ops, and gradients of values.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "autograd/parameter.h"
#include "ops/gradient.h"
#include "ops/layout.h"
#include "ops/linear/linear_products.h"
#include "tensor/arena.h"

namespace frugal::autograd {

struct RecordingOptions {
  /// Keep the input of each layer only and run its forward a second time in backward(): the memory
  /// of one layer's activations instead of all, for a third more work.
  bool recompute_layers = false;
  /// The factor of the sequence-wise balance loss of each segment and mixture; 0 leaves it out.
  float balance_weight = 0;
  /// Of the products of linear layers and experts, forward and backward.
  ops::Precision precision = ops::Precision::f32;
};

/// How many rows of the pass went to each expert of one mixture.
struct ExpertLoad {
  const Parameter* bias;           // the router's, empty when it has none
  std::vector<std::int64_t> rows;  // [n_routed_experts]
};

/// Ops add themselves while a Tape runs forward; backward() calls them last to first. A value's
/// gradient is found by the value's address, which is its own as long as the tape's arena is not
/// released. backward() leaves it empty, but keeps its memory for the next pass.
class Recording {
 public:
  explicit Recording(const RecordingOptions& options = {}) : options_(options) {}
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  const RecordingOptions& options() const { return options_; }
  /// Forgets what an earlier pass may have left, and goes on with other options.
  void restart(const RecordingOptions& options);

  /// Adds an op. What `backward` refers to must live until backward() has run.
  void add(std::function<void()> backward) { ops_.push_back(std::move(backward)); }
  /// Runs all ops' backward. Gradients of parameters are added to what they hold.
  void backward();

  /// After backward(): what the mixtures did, last layer first, and the sum of balance losses.
  std::vector<ExpertLoad> loads;
  double balance_loss = 0;

  // For the ops' backward functions.

  /// The gradient of a value, to be added to; zeros at first.
  View gradient(ConstView value);
  /// The same without the zeros: written when `accumulate` is false, added to otherwise.
  ops::Gradient target(ConstView value);
  /// The gradient of an op's result, for the op alone, after everyone else added to it. No data
  /// when the loss does not depend on the value.
  View take(ConstView value);
  /// Makes what an op took the gradient of one of its operands, memory and all; false when that one
  /// has a gradient already.
  bool give(ConstView value, View gradient);
  /// Memory that an op gives back before it returns.
  Arena& scratch() { return arena_; }

  // For layers: gradients that belong to values between x and out live between these two calls.

  void enter_layer(ConstView out, ConstView x);
  void leave_layer(ConstView x);
  /// Where the ops of a layer that runs again begin; run_back_to() runs and removes those after it.
  std::size_t position() const { return ops_.size(); }
  void run_back_to(std::size_t position);
  /// From here on `copy`, equal to `value`, is asked for value's gradient.
  void rename(ConstView value, ConstView copy);

 private:
  struct Layer {
    Arena::Mark mark;
    View base;       // memory of the gradient of the layer's result
    bool x_had_one;  // the input had a gradient from outside already
  };

  RecordingOptions options_;
  std::vector<std::function<void()>> ops_;
  std::unordered_map<const float*, View> gradients_;
  std::vector<Layer> layers_;
  Arena arena_;  // gradients of values
};

}  // namespace frugal::autograd
