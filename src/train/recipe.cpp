#include "train/recipe.h"

#include "train/recipe_file.h"

namespace frugal::train {

namespace {

constexpr double kAnything = RecipeSection::kAnything;
using Section = RecipeSection;

Json to_json(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    Json object = Json::object();
    for (const auto& [key, value] : *table) object[std::string(key.str())] = to_json(value);
    return object;
  }
  if (const auto* array = node.as_array()) {
    Json list = Json::array();
    for (const toml::node& value : *array) list.push_back(to_json(value));
    return list;
  }
  if (node.is_integer()) return node.value_or(std::int64_t{0});
  if (node.is_floating_point()) return node.value_or(0.0);
  if (node.is_boolean()) return node.value_or(false);
  require(node.is_string(), "[model] holds a date, which config.json knows nothing of");
  return node.value_or(std::string());
}

ops::Precision read_precision(Section& s) {
  static const std::vector<std::pair<std::string, ops::Precision>> kKnown = {
      {"fp32", ops::Precision::f32},
      {"bf16", ops::Precision::bf16},
      {"fp8", ops::Precision::fp8},
      {"fp8-short-promoted", ops::Precision::fp8_short_promoted},
      {"fp8-short", ops::Precision::fp8_short}};
  std::vector<std::string> names;
  names.reserve(kKnown.size());
  for (const auto& [name, precision] : kKnown) names.push_back(name);
  std::string chosen = names.front();
  s.choice("precision", chosen, names);
  return kKnown[static_cast<std::size_t>(std::ranges::find(names, chosen) - names.begin())].second;
}

void read_train(Section s, Recipe& r) {
  ScheduleOptions& schedule = r.schedule;
  s.number("steps", schedule.steps, 0, 1e15);
  s.number("tokens", schedule.tokens, 0, 1e18);
  s.number("minutes", schedule.minutes, 0, 1e9);
  s.number("lr", schedule.lr, 0, 10);
  s.number("warmup_steps", schedule.warmup_steps, 0, 1e12);
  s.number("decay_begin", schedule.decay_begin, 0, 1);
  s.number("decay_end", schedule.decay_end, 0, 1);
  s.number("final_lr", schedule.final_lr, 0, 1);
  s.number("tail_begin", schedule.tail_begin, 0, 1);
  s.number("tail_lr", schedule.tail_lr, 0, 1);
  s.number("batch_sequences", schedule.batch_sequences, 1, 1e9);
  s.number("batch_sequences_start", schedule.batch_sequences_start, 0, 1e9);
  s.number("batch_ramp", schedule.batch_ramp, 0, 1);
  s.number("clip", r.clip, 0, kAnything);
  s.number("weight_decay", r.adamw.weight_decay, 0, 10);
  s.number("beta1", r.adamw.beta1, 0, 0.9999999);
  s.number("beta2", r.adamw.beta2, 0, 0.9999999);
  s.number("eps", r.adamw.eps, 1e-30, 1);
  std::string moments = "f32";
  s.choice("moments", moments, {"f32", "bf16"});
  r.adamw.bf16_moments = moments == "bf16";
  s.number("ema_decay", r.ema_decay, 0, 1);
  s.boolean("recompute", r.recompute);
  r.precision = read_precision(s);
  s.number("micro_batch_tokens", r.micro_batch_tokens, 1, 1e9);
  s.number("threads", r.threads, 0, 1024);
  s.refuse_rest();
}

void read_loss(Section s, Recipe& r) {
  s.number("mtp_weight", r.schedule.mtp_weight, 0, 100);
  s.number("mtp_weight_late", r.schedule.mtp_weight_late, 0, 100);
  s.number("mtp_switch", r.schedule.mtp_switch, 0, 1);
  s.number("bias_rate", r.schedule.bias_rate, 0, 1);
  s.number("bias_stop", r.schedule.bias_stop, 0, 1);
  s.number("balance_alpha", r.balance_alpha, 0, 100);
  s.refuse_rest();
}

void read_data(Section s, Recipe& r) {
  s.text("path", r.data.path);
  s.text("validation_path", r.data.validation_path);
  s.number("validation_share", r.data.validation_share, 0, 0.9);
  s.text("text_key", r.data.text_key);
  s.text("cache", r.data.cache);
  s.number("sequence_length", r.data.sequence_length, 2, 1 << 24);
  s.boolean("mask_samples", r.data.mask_samples);
  s.number("fim_share", r.data.fim_share, 0, 1);
  s.number("seed", r.data.seed, 0, 1e15);
  s.text("tokenizer", r.tokenizer);
  s.refuse_rest();
}

void read_run(Section s, Recipe& r) {
  s.number("validate_every_steps", r.run.validate_every_steps, 0, 1e12);
  s.number("validation_windows", r.run.validation_windows, 1, 1e9);
  s.number("sample_every_steps", r.run.sample_every_steps, 0, 1e12);
  s.text("sample_prompt", r.run.sample_prompt);
  s.number("sample_tokens", r.run.sample_tokens, 1, 1e6);
  s.number("save_every_steps", r.run.save_every_steps, 0, 1e12);
  s.number("save_every_minutes", r.run.save_every_minutes, 0, 1e9);
  s.number("keep", r.run.keep, 1, 1e6);
  s.number("price_per_device_hour", r.run.price_per_device_hour, 0, 1e9);
  s.number("spike_limit", r.run.spike_limit, 0, kAnything);
  s.refuse_rest();
}

void read_init(Section s, Recipe& r) {
  s.number("std", r.init_std, 0, 10);
  s.number("seed", r.init_seed, 0, 1e15);
  s.text("from", r.start);
  s.refuse_rest();
}

void check(const Recipe& r, const std::string& file) {
  const ScheduleOptions& s = r.schedule;
  require(s.steps > 0 || s.tokens > 0 || s.minutes > 0,
          "{}: the run has no end; set train.steps, train.tokens or train.minutes", file);
  require(s.batch_sequences_start <= s.batch_sequences,
          "{}: train.batch_sequences_start is {}, more than train.batch_sequences, {}", file,
          s.batch_sequences_start, s.batch_sequences);
  require(s.decay_begin <= s.decay_end, "{}: train.decay_begin is after train.decay_end", file);
  require(!r.data.path.empty(), "{}: data.path is missing; it names the text to learn from", file);
  require(!r.model.empty() || !r.start.empty(),
          "{}: neither [model] nor init.from says what to train", file);
}

}  // namespace

Recipe read_recipe(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  const RecipeFile source(file, overrides, {"model", "init", "data", "train", "loss", "run"});
  Recipe recipe;
  recipe.file = file;
  const toml::node* model = source.root().get("model");
  recipe.model = model != nullptr ? to_json(*model) : Json::object();
  read_init(source.section("init"), recipe);
  read_data(source.section("data"), recipe);
  read_train(source.section("train"), recipe);
  read_loss(source.section("loss"), recipe);
  read_run(source.section("run"), recipe);
  check(recipe, source.name());
  return recipe;
}

}  // namespace frugal::train
