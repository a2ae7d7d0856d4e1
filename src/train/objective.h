// What tuning minimises over the learned rows of its batches.
#pragma once

#include <memory>

#include "train/loss.h"

namespace frugal::train {

class Objective {
 public:
  virtual ~Objective() = default;
  /// The sum over the learned rows of a batch. Forward only.
  virtual double sum(const Batch& batch) = 0;
  /// The same, and adds the gradients of its mean over `rows` rows, of which these are some, to
  /// those of the model.
  virtual double learn(const Batch& batch, std::int64_t rows) = 0;
};

/// -log p of each next token, in nats.
std::unique_ptr<Objective> make_token_loss(TrainableModel& model, const ops::Context& context);

/// How far the model's distribution of each next token is from the teacher's, which reads the same
/// tokens: KL(teacher || model), in nats. The teacher may be of any architecture and dtype, laid
/// out for serving or not, and has to live as long.
std::unique_ptr<Objective> make_divergence(TrainableModel& model,
                                           const models::Transformer& teacher,
                                           const ops::Context& context);

}  // namespace frugal::train
