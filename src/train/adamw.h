// The optimizer: AdamW (Loshchilov and Hutter 2019) on float32 master weights.
#pragma once

#include <vector>

#include "train/trainable_model.h"

namespace frugal::train {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.95;
  double eps = 1e-8;
  double weight_decay = 0.1;  // on matrices only
  bool bf16_moments = false;  // half the memory, as DeepSeek-V3 keeps them
};

class AdamW {
 public:
  AdamW(TrainableModel& model, const AdamWOptions& options);

  /// The norm of all gradients together. Its bits do not depend on the number of threads.
  double gradient_norm(const ops::Context& context) const;

  /// One step with the gradients times `gradient_scale`.
  void step(const ops::Context& context, double lr, double gradient_scale);

  /// Steps taken so far.
  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

  /// One running moment of one parameter: n * k values of `dtype`.
  struct Moment {
    std::string name;  // "m." or "v." and the parameter's name
    DType dtype;
    std::int64_t n, k;
    std::span<std::byte> bytes;
  };
  /// All of them, for checkpoints.
  std::vector<Moment> moments() const;

 private:
  std::vector<TrainedParameter>& parameters_;
  AdamWOptions options_;
  DType dtype_;
  std::vector<Buffer> m_;  // [parameters][n * k] of dtype_
  std::vector<Buffer> v_;
  std::int64_t steps_ = 0;
};

}  // namespace frugal::train
