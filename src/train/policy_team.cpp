#include "train/policy_team.h"

#include <algorithm>
#include <numeric>

namespace frugal::train {

namespace {

// A model of more parameters has products long enough for threads to share, and each member would
// arrange all its weights again for a few rows.
constexpr std::int64_t kMostParameters = 16 << 20;
constexpr std::int64_t kMembers = 8;

std::int64_t members_for(const TrainableModel& model) {
  return models::count_parameters(model.config()) <= kMostParameters ? kMembers : 1;
}

std::int64_t rows_of(const Rollout& rollout) { return std::ssize(rollout.tokens) - 1; }

// Cuts rollouts into `parts` with about as many rows each.
template <typename T>
std::vector<std::span<T>> shares_of(std::span<T> rollouts, std::int64_t parts) {
  const std::int64_t all =
      std::accumulate(rollouts.begin(), rollouts.end(), std::int64_t{0},
                      [](std::int64_t sum, const Rollout& r) { return sum + rows_of(r); });
  std::vector<std::span<T>> shares;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t rows = 0;
  for (std::int64_t i = 0; i < parts; ++i, begin = end) {
    // A rollout belongs where its middle lies.
    while (end < rollouts.size() &&
           (2 * rows + rows_of(rollouts[end])) * parts < 2 * all * (i + 1)) {
      rows += rows_of(rollouts[end++]);
    }
    shares.push_back(rollouts.subspan(begin, end - begin));
  }
  return shares;
}

}  // namespace

struct PolicyTeam::Member {
  Member(const models::ModelFiles& files, int count, Isa isa, bool has_own)
      : threads(count),
        model(TrainableModel::in_training_form(with_gradients(files, has_own), {threads, isa})),
        learner(model, {threads, isa}) {}

  // The files with the gradients that this member adds to: its own ones, or the model's.
  models::ModelFiles with_gradients(models::ModelFiles files, bool has_own) {
    const std::function<void(models::Parameter&)> take = [&](models::Parameter& parameter) {
      if (parameter.adapter != nullptr) {
        autograd::Adapter adapter = *parameter.adapter;
        take(adapter.down);
        take(adapter.up);
        parameter.adapter = std::make_shared<const autograd::Adapter>(std::move(adapter));
      }
      View& gradient = parameter.gradient;
      if (gradient.data == nullptr) return;
      if (has_own) gradient = own.emplace_back(gradient.rows, gradient.cols).view();
      gradients.push_back(gradient);
    };
    models::for_each_parameter(
        files.config, files.weights,
        [&](const models::ParameterSite&, models::Parameter& parameter) { take(parameter); });
    return files;
  }

  ThreadPool threads;
  std::vector<Tensor> own;      // [n, k] each; empty when they are the model's
  std::vector<View> gradients;  // [n, k] of each parameter that is trained
  models::Transformer model;
  PolicyLearner learner;
};

PolicyTeam::PolicyTeam(TrainableModel& model, const ops::Context& context,
                       std::int64_t micro_batch_tokens)
    : context_(context) {
  const std::int64_t count = members_for(model);
  rows_ = std::max<std::int64_t>(1, micro_batch_tokens / count);
  const std::int64_t threads = context.threads.size();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t own = threads * (i + 1) / count - threads * i / count;
    members_.push_back(std::make_unique<Member>(model.transformer().files(),
                                                static_cast<int>(std::max<std::int64_t>(1, own)),
                                                context.isa, i > 0));
  }
}

PolicyTeam::~PolicyTeam() = default;

void PolicyTeam::add_reference(std::span<Rollout> rollouts) {
  const std::vector<std::span<Rollout>> shares = shares_of(rollouts, size());
  context_.threads.for_each(size(), [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    auto next = shares[at].begin();
    for (const std::span<const Rollout> part : cut(shares[at], rows_)) {
      for (std::vector<float>& logprobs : members_[at]->learner.logprobs(part)) {
        (next++)->ref_logprobs = std::move(logprobs);
      }
    }
  });
}

PolicySums PolicyTeam::learn(std::span<const Rollout> rollouts, const PolicyOptions& options) {
  const std::vector<std::span<const Rollout>> shares = shares_of(rollouts, size());
  std::vector<PolicySums> sums(members_.size());
  context_.threads.for_each(size(), [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    for (const View gradient : members_[at]->gradients) {
      std::ranges::fill(gradient.span(), 0.0F);
    }
    for (const std::span<const Rollout> part : cut(shares[at], rows_)) {
      sums[at] += members_[at]->learner.learn(part, std::ssize(rollouts), options);
    }
  });
  add_gradients();
  for (std::size_t i = 1; i < sums.size(); ++i) sums[0] += sums[i];
  return sums[0];
}

// Pairs, then pairs of pairs, so that the first member's gradients, which are the model's, become
// the sum.
void PolicyTeam::add_gradients() {
  const auto parameters = std::ssize(members_.front()->gradients);
  context_.threads.for_each(parameters, [&](std::int64_t p) {
    const auto values = [&](std::size_t member) {
      return members_[member]->gradients[static_cast<std::size_t>(p)].span();
    };
    for (std::size_t step = 1; step < members_.size(); step *= 2) {
      for (std::size_t i = 0; i + step < members_.size(); i += 2 * step) {
        std::ranges::transform(values(i), values(i + step), values(i).begin(), std::plus<>());
      }
    }
  });
}

}  // namespace frugal::train
