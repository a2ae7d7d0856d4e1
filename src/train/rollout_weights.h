// The weights of a model that trains, as its rollouts read them.
#pragma once

#include <cstddef>
#include <vector>

#include "models/load.h"
#include "tensor/tensor.h"

namespace frugal::train {

/// A copy of every matrix, laid out for serving (ops/panel/panel.h), so that no product has to
/// arrange its weight first. What comes out has the same bits. Quantised weights, whose packed
/// products would round activations, are not copied.
class RolloutWeights {
 public:
  RolloutWeights(const models::ModelFiles& files, ThreadPool& threads);

  /// Copies again what is trained: after it has changed.
  void refresh(ThreadPool& threads);

  /// The model over the copy, without its MTP layers. May be asked for more than once; all share
  /// the weights.
  const models::ModelFiles& files() const { return files_; }

  /// What the copy takes.
  std::uint64_t bytes() const;

 private:
  struct Copy {
    ops::Weight from;
    std::byte* to;  // its panels
    bool is_trained;
  };
  void copy(models::Parameter& parameter);
  ops::Weight copied(const ops::Weight& weight, bool is_trained);
  void pack(ThreadPool& threads, bool all);

  models::ModelFiles files_;
  std::vector<Copy> copies_;
};

}  // namespace frugal::train
