#include "train/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/rng.h"
#include "train/adamw.h"
#include "train/adapted_model.h"
#include "train/objective.h"

namespace frugal::train {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void shuffle(std::vector<std::size_t>& order, std::uint64_t seed, std::uint64_t stream) {
  Rng rng(seed, stream);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
}

using Steps = std::vector<std::vector<std::size_t>>;  // the samples of each

// Samples in an order of the epoch's own, cut into steps of at most batch_tokens.
Steps steps_of_epoch(const std::vector<Sample>& samples, const TuneOptions& o,
                     std::uint64_t epoch) {
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, o.seed, epoch);
  Steps steps(1);
  std::int64_t tokens = 0;
  for (const std::size_t i : order) {
    const auto size = std::ssize(samples[i].tokens);
    if (!steps.back().empty() && tokens + size > o.batch_tokens) {
      steps.emplace_back();
      tokens = 0;
    }
    steps.back().push_back(i);
    tokens += size;
  }
  return steps;
}

// All epochs, since each has another number of steps; the last may be a part of one.
Steps steps_of_run(const std::vector<Sample>& samples, const TuneOptions& o) {
  Steps steps;
  double left = o.epochs;
  for (std::uint64_t epoch = 0; left > 0; ++epoch, --left) {
    Steps more = steps_of_epoch(samples, o, epoch);
    if (left < 1) {
      const double share = left * static_cast<double>(more.size());
      more.resize(static_cast<std::size_t>(std::ceil(share)));
    }
    std::ranges::move(more, std::back_inserter(steps));
  }
  return steps;
}

std::vector<Batch> batches_of(const std::vector<Sample>& samples,
                              std::span<const std::size_t> chosen, std::int64_t most_rows) {
  std::vector<Batch> batches;
  for (const std::size_t i : chosen) {
    const auto rows = std::ssize(samples[i].tokens) - 1;
    if (batches.empty() || batches.back().layout.rows + rows > most_rows) batches.emplace_back();
    append(samples[i], batches.back());
  }
  return batches;
}

// Linear warm-up, then a cosine down to final_lr.
double learning_rate(const TuneOptions& o, std::int64_t step, std::int64_t steps) {
  const double done = static_cast<double>(step) / static_cast<double>(steps);
  if (done < o.warmup)
    return o.lr * static_cast<double>(step + 1) / (o.warmup * static_cast<double>(steps) + 1);
  const double share = (done - o.warmup) / (1 - o.warmup);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * share));
  return o.lr * (o.final_lr + (1 - o.final_lr) * cosine);
}

class Tuner {
 public:
  Tuner(const TuneOptions& options, const BaseModel& base, const models::Transformer* teacher)
      : o_(options),
        base_(base),
        threads_(o_.threads > 0 ? o_.threads : usable_cores()),
        context_{threads_, chosen_isa()},
        model_(open_trainable(base, context_, o_.lora, o_.seed)),
        objective_(teacher == nullptr ? make_token_loss(model_, context_)
                                      : make_divergence(model_, *teacher, context_)),
        optimizer_(model_, adamw_options(o_)) {
    if (o_.lr == 0) o_.lr = o_.lora.rank > 0 ? 2e-4 : 1e-5;
    read_data();
  }

  TuneResult run(const std::function<bool()>& stop) {
    std::filesystem::create_directories(o_.out);
    const std::ofstream emptied(o_.out / "metrics.jsonl", std::ios::trunc);
    const Clock::time_point start = Clock::now();
    const Steps plan = steps_of_run(training_, o_);
    const auto steps = std::ssize(plan);
    const auto quarter = static_cast<std::int64_t>(static_cast<double>(steps) / (4 * o_.epochs));
    const std::int64_t every =
        o_.validate_every_steps > 0 ? o_.validate_every_steps : std::max<std::int64_t>(1, quarter);
    result_.first_loss = validation_loss();
    result_.best_loss = std::numeric_limits<double>::infinity();  // of what was learned
    fmt::print("{} samples to learn, {} to validate; {} steps; validation loss {:.4f}\n",
               training_.size(), validation_.size(), steps, result_.first_loss);
    std::fflush(stdout);
    ProgressBar bar("tune", static_cast<std::uint64_t>(steps), "steps");
    for (std::int64_t i = 0; i < steps; ++i) {
      const Json line = step(plan[static_cast<std::size_t>(i)], learning_rate(o_, i, steps));
      const bool last = stop() || i + 1 == steps;
      tell(line, last || (i + 1) % every == 0, seconds_since(start));
      bar.update(static_cast<std::uint64_t>(i + 1));
      if (last) break;
    }
    result_.seconds = seconds_since(start);
    return result_;
  }

 private:
  static AdamWOptions adamw_options(const TuneOptions& o) {
    AdamWOptions options;
    options.weight_decay = o.weight_decay;
    options.beta2 = 0.999;
    return options;
  }

  void read_data() {
    Conversations data = read_conversations(base_, o_.data, o_.sequence_length);
    if (data.too_long > 0) {
      log_warning("{}: {} samples of more than {} tokens are left out", o_.data.string(),
                  data.too_long, o_.sequence_length);
    }
    training_ = std::move(data.samples);
    if (!o_.validation.empty()) {
      validation_ = read_conversations(base_, o_.validation, o_.sequence_length).samples;
      return;
    }
    if (o_.validation_share == 0 || training_.size() < 2) {
      validation_ = training_;  // better than nothing to choose by
      return;
    }
    std::vector<std::size_t> order(training_.size());
    std::iota(order.begin(), order.end(), 0);
    shuffle(order, o_.seed, 1ULL << 62);
    const auto share = static_cast<std::size_t>(
        std::ceil(o_.validation_share * static_cast<double>(order.size())));
    const std::size_t wanted = std::min(order.size() - 1, share);  // one is left to learn
    std::vector<Sample> kept;
    for (std::size_t i = 0; i < order.size(); ++i) {
      (i < wanted ? validation_ : kept).push_back(std::move(training_[order[i]]));
    }
    training_ = std::move(kept);
  }

  double validation_loss() {
    std::vector<std::size_t> all(validation_.size());
    std::iota(all.begin(), all.end(), 0);
    double sum = 0;
    std::int64_t rows = 0;
    for (const Batch& batch : batches_of(validation_, all, o_.micro_batch_tokens)) {
      sum += objective_->sum(batch);
      rows += count(batch, 0).rows;
    }
    return sum / static_cast<double>(std::max<std::int64_t>(rows, 1));
  }

  Json step(std::span<const std::size_t> chosen, double lr) {
    const std::vector<Batch> batches = batches_of(training_, chosen, o_.micro_batch_tokens);
    std::int64_t rows = 0;
    for (const Batch& batch : batches) rows += count(batch, 0).rows;
    rows = std::max<std::int64_t>(rows, 1);
    model_.zero_gradients(context_);
    double sum = 0;
    for (const Batch& batch : batches) sum += objective_->learn(batch, rows);
    const double loss = sum / static_cast<double>(rows);
    const double norm = optimizer_.gradient_norm(context_);
    require(std::isfinite(loss) && std::isfinite(norm),
            "step {}: the loss is {} and the gradient norm {}; a smaller lr may help. The best "
            "weights so far are in {}",
            result_.steps + 1, loss, norm, o_.out.string());
    optimizer_.step(context_, lr, o_.clip > 0 && norm > o_.clip ? o_.clip / norm : 1.0);
    ++result_.steps;
    for (const Batch& batch : batches) result_.tokens += batch.layout.rows;
    return {{"step", result_.steps},
            {"tokens", result_.tokens},
            {"loss", loss},
            {"answer_tokens", rows},
            {"lr", lr},
            {"grad_norm", norm}};
  }

  void tell(Json line, bool validate, double seconds) {
    line["seconds"] = seconds;
    line["val_loss"] = nullptr;
    if (validate) {
      const double loss = validation_loss();
      line["val_loss"] = loss;
      if (loss < result_.best_loss) {
        result_.best_loss = loss;
        result_.best_step = result_.steps;
        save();
      }
    }
    std::ofstream file(o_.out / "metrics.jsonl", std::ios::app);
    file << line.dump() << '\n';
    file.flush();
    require(file.good(), "cannot write {}", (o_.out / "metrics.jsonl").string());
  }

  void save() { write_trained(o_.out, base_, model_, o_.lora); }

  TuneOptions o_;
  const BaseModel& base_;
  ThreadPool threads_;
  ops::Context context_;
  TrainableModel model_;
  std::unique_ptr<Objective> objective_;
  AdamW optimizer_;
  std::vector<Sample> training_;
  std::vector<Sample> validation_;
  TuneResult result_;
};

}  // namespace

TuneResult tune(const TuneOptions& options, const BaseModel& base,
                const std::function<bool()>& stop, const models::Transformer* teacher) {
  return Tuner(options, base, teacher).run(stop);
}

}  // namespace frugal::train
