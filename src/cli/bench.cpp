// frugal bench: how fast this machine runs a model, against what the machine can do at best.
#include <fmt/core.h>

#include <unistd.h>
#include <chrono>
#include <filesystem>
#include <memory>
#include <numeric>
#include <random>

#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/loaded_model.h"
#include "cost/flops.h"
#include "engine/kv_cache.h"
#include "models/known_configs.h"
#include "models/random_model.h"
#include "models/token_work.h"
#include "ops/roofline/roofline.h"

namespace frugal::cli {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct BenchOptions {
  ModelOptions model;  // its context: tokens in the cache when generation begins
  std::string shape;
  std::string type = "q4_k_m";
  std::string write;
  std::int64_t prompt = 256;
  std::int64_t generate = 48;
  bool json = false;

  std::int64_t context() const { return std::max(model.context, prompt); }
  std::string name() const { return shape.empty() ? model.model : shape + " " + type; }
};

/// A file that is gone at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(fs::path path) : path_(std::move(path)) {}
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

 private:
  fs::path path_;
};

/// One sequence of random tokens through a model.
class Run {
 public:
  Run(models::Transformer& model, std::int64_t tokens)
      : model_(model),
        pool_(engine::blocks_for(tokens), model.cache_block_bytes()),
        blocks_(static_cast<std::size_t>(pool_.size())),
        logits_(1, model.vocab_size()) {
    std::iota(blocks_.begin(), blocks_.end(), 0);
  }

  /// The next `count` tokens in passes of at most `step`; logits after the last of them.
  void advance(std::int64_t count, std::int64_t step) {
    for (std::int64_t done = 0; done < count; done += step) {
      pass(std::min(step, count - done), done + step >= count);
    }
  }

  /// Back to where the sequence had this many tokens.
  void rewind(std::int64_t position) { position_ = position; }

 private:
  void pass(std::int64_t rows, bool last) {
    std::vector<std::int32_t> tokens(static_cast<std::size_t>(rows));
    std::uniform_int_distribution<std::int32_t> any(
        0, static_cast<std::int32_t>(model_.vocab_size() - 1));
    for (std::int32_t& token : tokens) token = any(random_);
    ops::SequenceLayout layout;
    layout.rows = rows;
    layout.segments.push_back({0, rows, position_, blocks_});
    const std::int64_t row = rows - 1;
    if (last) {
      model_.forward(tokens, layout, pool_.data(), {&row, 1}, logits_.view());
    } else {
      model_.forward(tokens, layout, pool_.data(), {}, {logits_.data(), 0, logits_.cols()});
    }
    position_ += rows;
  }

  models::Transformer& model_;
  engine::BlockPool pool_;
  std::vector<std::int32_t> blocks_;
  Tensor logits_;  // [1, vocab]
  std::int64_t position_ = 0;
  std::mt19937_64 random_{1};
};

struct Speeds {
  double prefill = 0;  // tokens per second
  double decode = 0;
};

double seconds(const std::function<void()>& work) {
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

Speeds measure(models::Transformer& model, const BenchOptions& o) {
  Run run(model, o.context() + o.generate);
  const std::int64_t before = o.context() - o.prompt;
  run.advance(before, kBatchTokens);
  // Once unmeasured, so that every page of weights and memory for results is there.
  run.advance(o.prompt, kBatchTokens);
  run.advance(1, 1);
  run.rewind(before);
  const double prefill = seconds([&] { run.advance(o.prompt, kBatchTokens); });
  const double decode = seconds([&] { run.advance(o.generate, 1); });
  return {static_cast<double>(o.prompt) / prefill, static_cast<double>(o.generate) / decode};
}

/// What the machine would need at least, in seconds.
struct Bounds {
  double bytes = 0;    // that one decode step reads
  double decode = 0;   // a token
  double prefill = 0;  // a token
};

Bounds bounds_of(const models::Transformer& model, const ops::Roofline& peak,
                 const BenchOptions& o) {
  const models::TokenWork layers = layers_work(model.config(), model.weights());
  const models::TokenWork head = head_work(model.weights());
  const auto prompt = static_cast<double>(o.prompt);
  const double middle = static_cast<double>(o.context()) - prompt / 2;
  const double attention = cost::forward_flops(model.config(), middle, false).attention;
  const double cached = static_cast<double>(o.context()) / static_cast<double>(ops::kBlockTokens) *
                        static_cast<double>(model.cache_block_bytes());
  const double level_ops = 2 * (layers.level_products + head.level_products / prompt);
  const double flops = 2 * (layers.float_products + head.float_products / prompt) + attention;
  const double bytes = layers.bytes + head.bytes + cached;
  return {bytes, bytes / peak.read_bytes, level_ops / peak.int8_ops + flops / peak.flops};
}

void report(const BenchOptions& o, int threads, const Speeds& speeds, const ops::Roofline& peak,
            const Bounds& bounds) {
  const Json json = {{"model", o.name()},
                     {"threads", threads},
                     {"instruction_set", isa_name(chosen_isa())},
                     {"prompt", o.prompt},
                     {"generate", o.generate},
                     {"context", o.context()},
                     {"prefill_tokens_per_second", speeds.prefill},
                     {"decode_tokens_per_second", speeds.decode},
                     {"bytes_per_token", std::llround(bounds.bytes)},
                     {"bandwidth_gb_per_second", peak.read_bytes / 1e9},
                     {"peak_gflops", peak.flops / 1e9},
                     {"peak_int8_gops", peak.int8_ops / 1e9},
                     {"decode_roofline", speeds.decode * bounds.decode},
                     {"prefill_roofline", speeds.prefill * bounds.prefill}};
  if (o.json) {
    fmt::print("{}\n", json.dump());
    return;
  }
  fmt::print("{}, {} threads, {}\n", o.name(), threads, isa_name(chosen_isa()));
  fmt::print("  machine  reads {:.1f} GB/s, {:.0f} GFLOP/s, {:.0f} GOP/s in whole numbers\n",
             peak.read_bytes / 1e9, peak.flops / 1e9, peak.int8_ops / 1e9);
  fmt::print("  prefill  {:8.1f} tokens/s, {:3.0f} % of the machine: {} tokens up to position {}\n",
             speeds.prefill, 100 * speeds.prefill * bounds.prefill, o.prompt, o.context());
  fmt::print("  decode   {:8.1f} tokens/s, {:3.0f} % of the machine: {} tokens of {} each\n",
             speeds.decode, 100 * speeds.decode * bounds.decode, o.generate,
             human_bytes(static_cast<std::uint64_t>(bounds.bytes)));
}

// The model to be measured, written anew when only its shape is given.
std::unique_ptr<LoadedModel> load(const BenchOptions& o) {
  const std::int64_t tokens = o.context() + o.generate;
  if (o.shape.empty()) return std::make_unique<LoadedModel>(o.model, tokens);
  const bool keep = !o.write.empty();
  const fs::path path =
      keep ? fs::path(o.write)
           : fs::temp_directory_path() / fmt::format("frugal-bench-{}.gguf", ::getpid());
  // Once loaded, the file needs no name.
  const TemporaryFile temporary(keep ? fs::path() : path);
  models::write_random_gguf(models::known_config(o.shape), models::storage_type_named(o.type),
                            path);
  ModelOptions model = o.model;
  model.model = path.string();
  return std::make_unique<LoadedModel>(model, tokens);
}

void run_bench(const BenchOptions& o) {
  require(o.shape.empty() != o.model.model.empty(), "give either --model or --shape");
  require(o.write.empty() || !o.shape.empty(), "--write needs --shape: a model is a file already");
  const auto loaded = load(o);
  require(o.context() + o.generate <= loaded->cache_tokens(),
          "{} positions are needed, the model has {}", o.context() + o.generate,
          loaded->cache_tokens());
  const ops::Roofline peak = ops::measure_roofline(loaded->context());
  const Speeds speeds = measure(loaded->model(), o);
  report(o, loaded->context().threads.size(), speeds, peak, bounds_of(loaded->model(), peak, o));
}

}  // namespace

void add_bench(CLI::App& app) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App* command =
      app.add_subcommand("bench", "Measure speed, against what this machine can do at best");
  add_model_option(*command, options->model);
  command->get_option("--model")->required(false);  // or --shape
  std::string shapes;
  for (const models::KnownConfig& known : models::known_configs()) {
    shapes += (shapes.empty() ? "" : ", ") + std::string(known.name);
  }
  command->add_option("--shape", options->shape, "Random weights of this shape: " + shapes)
      ->type_name("NAME");
  command->add_option("--type", options->type, "Type of their numbers, as frugal convert has them")
      ->capture_default_str();
  command->add_option("--write", options->write, "Keep them in this file, for other programs")
      ->type_name("F.gguf");
  const auto positive = CLI::Range(std::int64_t{1}, std::int64_t{1} << 30);
  command->add_option("--prompt", options->prompt, "Tokens of a prompt to read")
      ->check(positive)
      ->capture_default_str();
  command->add_option("--generate", options->generate, "Tokens to produce after it")
      ->check(positive)
      ->capture_default_str();
  command
      ->add_option("--context", options->model.context,
                   "Position at which the prompt ends and generation begins (default: the prompt's "
                   "length, nothing before it)")
      ->check(positive)
      ->type_name("C");
  add_cache_type_option(*command, options->model);
  add_threads_option(*command, options->model);
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] { run_bench(*options); });
}

}  // namespace frugal::cli
