// Supervised tuning: a model learns the answers of conversations.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "models/lora.h"
#include "train/conversations.h"
#include "train/run_folder.h"

namespace frugal::train {

struct TuneOptions {
  std::filesystem::path model;
  std::filesystem::path data;        // JSON lines of conversations
  std::filesystem::path validation;  // or empty: a share of data
  double validation_share = 0.05;    // at least one conversation, where there are several
  std::filesystem::path out;
  double epochs = 2;
  double lr = 0;                           // 0: 1e-5, with adapters 2e-4
  double final_lr = 0.1;                   // as a share of lr: R1 goes down to a tenth
  double warmup = 0.03;                    // share of the steps
  std::int64_t batch_tokens = 8192;        // of one step, prompts included
  std::int64_t micro_batch_tokens = 4096;  // in memory at a time
  std::int64_t sequence_length = 4096;     // longer samples are left out
  std::int64_t validate_every_steps = 0;   // 0: four times an epoch
  double weight_decay = 0;
  double clip = 1;
  std::uint64_t seed = 1;
  models::LoraConfig lora;  // rank 0: the weights themselves
  int threads = 0;
};

struct TuneResult {
  std::int64_t steps = 0;
  std::int64_t tokens = 0;
  double seconds = 0;
  double first_loss = 0;  // of the validation before the first step
  double best_loss = 0;
  std::int64_t best_step = 0;
};

/// Tunes, and leaves in options.out the weights with the best validation loss of all steps: a
/// model's folder, or an adapter in PEFT's format. metrics.jsonl beside it has a line a step.
/// `stop` is asked after each step. With a teacher, whose tokens are the same
/// (train/same_tokens.h), the loss is the divergence from it and not that of the tokens. Throws
/// Error when the loss is no number.
TuneResult tune(const TuneOptions& options, const BaseModel& base,
                const std::function<bool()>& stop, const models::Transformer* teacher = nullptr);

}  // namespace frugal::train
