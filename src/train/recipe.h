// A training run as a TOML file describes it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "ops/linear/linear_products.h"
#include "train/adamw.h"
#include "train/schedule.h"

namespace frugal::train {

struct DataOptions {
  std::filesystem::path path;             // text, JSONL, either as .gz or .zst, or a folder
  std::filesystem::path validation_path;  // or empty: validation_share of path, from its end
  double validation_share = 0.1;
  std::string text_key = "text";  // of a JSONL line: where its document is
  std::filesystem::path cache;    // of tokens, for many runs; empty: "tokens" in the run's folder
  std::int64_t sequence_length = 256;  // tokens a window
  bool mask_samples = false;           // documents packed into one window do not see each other
  double fim_share = 0;                // of documents: rearranged to fill in the middle
  std::uint64_t seed = 1;
};

struct RunOptions {
  std::int64_t validate_every_steps = 100;
  std::int64_t validation_windows = 32;  // at most
  std::int64_t sample_every_steps = 0;   // 0: no samples
  std::string sample_prompt;
  std::int64_t sample_tokens = 100;
  std::int64_t save_every_steps = 0;  // 0: by time alone
  double save_every_minutes = 5;
  std::int64_t keep = 3;             // checkpoints; older ones are removed
  double price_per_device_hour = 0;  // dollars
  double spike_limit = 100;          // stops when the gradient norm is this many times the usual
};

struct Recipe {
  std::filesystem::path file;
  Json model;                   // as config.json; the vocabulary comes from the tokenizer
  std::filesystem::path start;  // init.from: a folder whose weights the run begins with
  double init_std = 0.02;
  std::uint64_t init_seed = 1;
  std::filesystem::path tokenizer;  // tokenizer.json or a folder with one; empty: bytes
  DataOptions data;
  AdamWOptions adamw;
  ScheduleOptions schedule;
  double clip = 1.0;                        // largest gradient norm; 0: any
  std::int64_t micro_batch_tokens = 2048;  // rows that are in memory at a time; one window at least
  double balance_alpha = 0;
  double ema_decay = 0;  // 0: no averaged weights
  bool recompute = false;
  ops::Precision precision = ops::Precision::f32;
  int threads = 0;  // 0: all cores
  RunOptions run;
};

/// Reads a recipe and applies overrides such as "train.lr=1e-3". Paths in the file are relative to
/// the current folder. Throws Error naming file, line and key on bad TOML, on unknown keys (with
/// the nearest known one) and on values of a wrong type or out of range.
Recipe read_recipe(const std::filesystem::path& file, const std::vector<std::string>& overrides);

}  // namespace frugal::train
