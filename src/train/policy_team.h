// One optimizer step's rollouts, shared out to learners that need not wait for each other.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "train/policy.h"

namespace frugal::train {

/// Products of a small model are too short for threads to meet after each. So a team has members
/// with threads and gradients of their own, and each takes a share of the rollouts. How many there
/// are depends on the model alone, and their gradients are added in a fixed order: a step is the
/// same for any number of threads. A large model has one member with all threads.
class PolicyTeam {
 public:
  /// `micro_batch_tokens` are in memory at a time at most, by all members together.
  PolicyTeam(TrainableModel& model, const ops::Context& context, std::int64_t micro_batch_tokens);
  ~PolicyTeam();

  /// Fills in the log-probabilities of the answers under the model as it is.
  void add_reference(std::span<Rollout> rollouts);

  /// Sets the model's gradients to those of the loss over all `rollouts` (PolicyLearner::learn).
  PolicySums learn(std::span<const Rollout> rollouts, const PolicyOptions& options);

 private:
  struct Member;
  std::int64_t size() const { return std::ssize(members_); }
  void add_gradients();

  ops::Context context_;
  std::int64_t rows_;  // of a member's micro-batch
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace frugal::train
