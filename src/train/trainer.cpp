#include "train/trainer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "cost/flops.h"
#include "models/write_config.h"
#include "ops/roofline/roofline.h"
#include "train/base_model.h"
#include "train/bias_update.h"

namespace frugal::train {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Steps before the usual gradient norm means anything.
constexpr std::int64_t kSettled = 20;

// The recipe's [model] with the vocabulary that the tokenizer has.
Json with_vocabulary(Json config, const RunTokenizer& tokenizer) {
  if (!config.contains("vocab_size")) config["vocab_size"] = tokenizer.tokenizer.vocab_size();
  return config;
}

}  // namespace

Trainer::Trainer(const Recipe& recipe, const std::filesystem::path& out, bool resume)
    : recipe_(recipe),
      threads_(recipe.threads > 0 ? recipe.threads : usable_cores()),
      context_{threads_, chosen_isa()},
      tokenizer_(load_tokenizer(recipe.tokenizer)),
      schedule_(recipe.schedule) {
  make_model();
  learner_ = std::make_unique<Learner>(*model_, context_);
  optimizer_ = std::make_unique<AdamW>(*model_, recipe_.adamw);
  if (recipe_.ema_decay > 0) average_ = std::make_unique<WeightAverage>(*model_);
  folder_ = std::make_unique<RunFolder>(out, resume);
  data_ = load_data(recipe_.data, tokenizer_,
                    recipe_.data.cache.empty() ? out / "tokens" : recipe_.data.cache);
  if (resume) {
    state_ = folder_->restore(*folder_->latest(), parts());
    require(
        state_.data_key == data_.key,
        "{} was trained on other data than {}, with another tokenizer, or cut into other windows "
        "(sequence_length, seed, mask_samples, fim_share, validation_share and validation_path "
        "in [data]); the run cannot go on where it stopped",
        last_good(), recipe.data.path.string());
    folder_->cut_metrics(state_.step);
  }
  state_.data_key = data_.key;
  saved_at_ = state_.seconds;
  const auto length = static_cast<double>(recipe_.data.sequence_length);
  const ops::Factors factors =
      recipe_.precision == ops::Precision::f32 ? ops::Factors::f32 : ops::Factors::bf16;
  report_ = {cost::training_flops(model_->config(), length), ops::measure_flops(context_, factors),
             recipe_.run.price_per_device_hour};
  ledger_ =
      std::make_unique<cost::Ledger>(folder_->path(), "train", recipe_.run.price_per_device_hour);
}

void Trainer::make_model() {
  if (recipe_.start.empty()) {
    const models::ModelConfig config = models::parse_hf_config(
        with_vocabulary(recipe_.model, tokenizer_), recipe_.file.string() + ": [model]");
    // Every key is written, since transformers has defaults of its own for those left out.
    config_ = models::hf_config(config, "float32");
    config_["eos_token_id"] = tokenizer_.end_token;
    model_ = std::make_unique<TrainableModel>(
        TrainableModel::random(config, context_, recipe_.init_std, recipe_.init_seed));
  } else {
    config_ = float_config(recipe_.start);
    model_ = std::make_unique<TrainableModel>(TrainableModel::load(recipe_.start, context_));
  }
  const models::ModelConfig& config = model_->config();
  require(config.vocab_size >= tokenizer_.tokenizer.vocab_size(),
          "model.vocab_size is {}, but the tokenizer has {} tokens", config.vocab_size,
          tokenizer_.tokenizer.vocab_size());
  require(config.max_position_embeddings >= recipe_.data.sequence_length,
          "data.sequence_length is {}, more than model.max_position_embeddings, {}",
          recipe_.data.sequence_length, config.max_position_embeddings);
}

RunEnd Trainer::run(const std::function<bool()>& stop) {
  ProgressLine line(report_);
  bool asked = false;
  while (!schedule_.finished(progress()) && !asked) {
    const Clock::time_point start = Clock::now();
    const double before = state_.seconds;
    const StepResult result = step();
    state_.seconds = before + seconds_since(start);
    const auto tokens = static_cast<double>(result.tokens);
    ledger_->add(tokens, tokens * report_.flops_per_token);
    asked = stop();
    const bool last = asked || schedule_.finished(progress());
    tell(line, result, last);
    const bool by_step =
        recipe_.run.save_every_steps > 0 && state_.step % recipe_.run.save_every_steps == 0;
    const bool by_time = state_.seconds - saved_at_ >= 60 * recipe_.run.save_every_minutes;
    if (!last && (by_step || by_time)) save();
    // Validation, samples and checkpoints are part of the bill.
    state_.seconds = before + seconds_since(start);
  }
  if (state_.step > 0) save();
  ledger_->flush();
  return schedule_.finished(progress()) ? RunEnd::finished : RunEnd::stopped;
}

StepResult Trainer::step() {
  const Clock::time_point start = Clock::now();
  const Progress p = progress();
  const std::int64_t depths = model_->config().num_nextn_predict_layers;
  const LossOptions options = {schedule_.mtp_weight(p), recipe_.balance_alpha, recipe_.recompute,
                               recipe_.precision};
  const std::vector<Batch> batches = next_batches(schedule_.batch_sequences(p));
  LossCounts counts;
  for (const Batch& batch : batches) counts += count(batch, depths);
  model_->zero_gradients(context_);
  LossSums sums;
  for (const Batch& batch : batches) sums += learn(batch, counts, options);
  StepResult result;
  result.loss = sums.nll / static_cast<double>(std::max<std::int64_t>(counts.rows, 1));
  result.mtp_loss = sums.mtp_nll / static_cast<double>(std::max<std::int64_t>(counts.mtp_rows, 1));
  result.balance_loss = sums.balance;
  result.grad_norm = optimizer_->gradient_norm(context_);
  result.lr = schedule_.lr(p);
  result.imbalance = imbalance(sums.loads);
  check_health(total_loss(sums, counts, options, depths), result.grad_norm);
  const bool clips = recipe_.clip > 0 && result.grad_norm > recipe_.clip;
  optimizer_->step(context_, result.lr, clips ? recipe_.clip / result.grad_norm : 1.0);
  update_biases(*model_, sums.loads, schedule_.bias_rate(p));
  if (average_ != nullptr) average_->update(context_, recipe_.ema_decay);
  for (const Batch& batch : batches) result.tokens += batch.layout.rows;
  state_.usual_norm =
      state_.step == 0 ? result.grad_norm : 0.95 * state_.usual_norm + 0.05 * result.grad_norm;
  ++state_.step;
  state_.tokens += result.tokens;
  result.seconds = seconds_since(start);
  return result;
}

LossSums Trainer::learn(const Batch& batch, const LossCounts& counts, const LossOptions& options) {
  try {
    return learner_->learn(batch, counts, options);
  } catch (const Error& error) {  // such as weights that are no numbers any more
    fail("step {}: {}. The last good checkpoint: {}", state_.step + 1, error.what(), last_good());
  }
}

std::string Trainer::last_good() const {
  return folder_->latest() ? folder_->latest()->string() : "none yet";
}

std::vector<Batch> Trainer::next_batches(std::int64_t sequences) {
  std::vector<Batch> batches;
  for (std::int64_t i = 0; i < sequences; ++i) {
    data_.training->append(state_.windows++, recipe_.micro_batch_tokens, batches);
  }
  return batches;
}

void Trainer::check_health(double loss, double norm) const {
  const std::string last = last_good();
  require(std::isfinite(loss) && std::isfinite(norm),
          "step {}: the loss is {} and the gradient norm {}; a smaller train.lr or train.clip may "
          "help. The last good checkpoint: {}",
          state_.step + 1, loss, norm, last);
  const double limit = recipe_.run.spike_limit;
  require(limit == 0 || state_.step < kSettled || norm <= limit * state_.usual_norm,
          "step {}: the gradient norm jumped to {:.4g}, {:.0f} times the usual {:.4g} "
          "(run.spike_limit is {}). The last good checkpoint: {}",
          state_.step + 1, norm, norm / state_.usual_norm, state_.usual_norm, limit, last);
}

void Trainer::tell(ProgressLine& line, const StepResult& result, bool last) {
  const std::int64_t every = recipe_.run.validate_every_steps;
  std::optional<Validation> now;
  std::optional<Validation> averaged;
  if (data_.validation != nullptr && (last || (every > 0 && state_.step % every == 0))) {
    now = validation();
    if (average_ != nullptr) {
      average_->exchange();
      averaged = validation();
      average_->exchange();
    }
  }
  folder_->append_metrics(metrics_line(report_, state_, result, now, averaged));
  line.show(state_, result, schedule_.share(progress()));
  if (now) {
    line.clear();
    fmt::print("step {}: validation loss {:.4f}, {:.4f} bits per byte\n", state_.step, now->loss,
               now->bits_per_byte);
    std::fflush(stdout);
  }
  const std::int64_t samples = recipe_.run.sample_every_steps;
  if (samples > 0 && (last || state_.step % samples == 0)) show_sample(line);
}

std::optional<Validation> Trainer::validation() {
  return validate(*learner_, *data_.validation, recipe_.run.validation_windows,
                  recipe_.micro_batch_tokens, tokenizer_.tokenizer);
}

void Trainer::show_sample(ProgressLine& line) {
  const std::string text =
      sample_text(model_->transformer(), tokenizer_, recipe_.run.sample_prompt,
                  recipe_.run.sample_tokens, static_cast<std::uint64_t>(state_.step));
  line.clear();
  fmt::print("step {}, a sample: {}{}\n", state_.step, recipe_.run.sample_prompt, text);
  std::fflush(stdout);
}

void Trainer::save() {
  folder_->save(parts(), state_, recipe_.run.keep);
  saved_at_ = state_.seconds;
}

std::filesystem::path Trainer::last_checkpoint() const {
  return folder_->latest().value_or(std::filesystem::path());
}

}  // namespace frugal::train
