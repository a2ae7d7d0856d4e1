#include "train/tuning_recipes.h"

#include "train/recipe_file.h"
#include "train/remote_teacher.h"

namespace frugal::train {

namespace {

constexpr double kAnything = RecipeSection::kAnything;

void read_lora(RecipeSection s, models::LoraConfig& lora) {
  s.number("rank", lora.rank, 0, 65536);
  s.number("alpha", lora.alpha, 0, 1e9);
  s.texts("targets", lora.targets);
  s.refuse_rest();
  if (lora.alpha == 0) lora.alpha = 2 * static_cast<double>(lora.rank);
}

void read_tune(RecipeSection s, TuneOptions& o) {
  s.text("model", o.model);
  s.text("data", o.data);
  s.text("validation", o.validation);
  s.number("validation_share", o.validation_share, 0, 0.9);
  s.number("epochs", o.epochs, 1e-6, 1e6);
  s.number("lr", o.lr, 0, 10);
  s.number("final_lr", o.final_lr, 0, 1);
  s.number("warmup", o.warmup, 0, 0.9);
  s.number("batch_tokens", o.batch_tokens, 1, 1e9);
  s.number("micro_batch_tokens", o.micro_batch_tokens, 1, 1e9);
  s.number("sequence_length", o.sequence_length, 2, 1 << 24);
  s.number("validate_every_steps", o.validate_every_steps, 0, 1e12);
  s.number("weight_decay", o.weight_decay, 0, 10);
  s.number("clip", o.clip, 0, kAnything);
  s.number("seed", o.seed, 0, 1e15);
  s.number("threads", o.threads, 0, 1024);
  s.refuse_rest();
}

void read_policy(RecipeSection& s, ReinforceOptions& o) {
  s.number("epsilon", o.policy.epsilon, 0, kAnything);
  s.number("beta", o.policy.beta, 0, kAnything);
  s.number("reference_every", o.reference_every, 0, 1e12);
  s.boolean("recompute", o.policy.recompute_layers);
  s.number("accuracy_reward", o.reward.accuracy, -kAnything, kAnything);
  s.number("format_reward", o.reward.format, -kAnything, kAnything);
  s.number("language_reward", o.reward.language, -kAnything, kAnything);
  std::string truncated = "wrong";
  s.choice("truncated", truncated, {"wrong", "drop"});
  o.truncated = truncated == "drop" ? Truncated::drop : Truncated::wrong;
}

void check_teacher(const DistilOptions& o, const std::string& recipe) {
  require(!o.teacher.empty(), "{}: distil.teacher is missing", recipe);
  require(!o.logits || !o.student.model.empty(),
          "{}: distil.logits needs distil.student, which is to learn them", recipe);
  if (!o.teacher_is_url()) {
    require(o.teacher_model.empty(), "{}: distil.teacher_model is for a teacher that is a URL",
            recipe);
    return;
  }
  require(
      o.teacher.find_first_of("@?#") == std::string::npos,
      "{}: distil.teacher holds more than an address such as https://api.deepseek.com/v1; a key "
      "belongs in the environment variable {}",
      recipe, kTeacherKey);
  require(!o.teacher_model.empty(),
          "{}: distil.teacher_model is missing: what {} calls the model that is to answer", recipe,
          printable(o.teacher));
  require(!o.logits, "{}: distil.logits needs a teacher on this machine: a server gives none",
          recipe);
  require(!o.force_think,
          "{}: distil.force_think needs a model on this machine; a server decides for itself "
          "whether its model thinks",
          recipe);
}

}  // namespace

TuneOptions read_tune_recipe(const std::filesystem::path& file,
                             const std::vector<std::string>& overrides) {
  const RecipeFile recipe(file, overrides, {"tune", "lora"});
  TuneOptions options;
  read_tune(recipe.section("tune"), options);
  read_lora(recipe.section("lora"), options.lora);
  require(!options.model.empty(), "{}: tune.model is missing; --model names it", recipe.name());
  require(!options.data.empty(), "{}: tune.data is missing; --data names it", recipe.name());
  return options;
}

ReinforceOptions read_reinforce_recipe(const std::filesystem::path& file,
                                       const std::vector<std::string>& overrides) {
  const RecipeFile recipe(file, overrides, {"reinforce", "lora"});
  ReinforceOptions o;
  RecipeSection s = recipe.section("reinforce");
  s.text("model", o.model);
  s.text("task", o.task);
  s.number("seed", o.seed, 0, 1e15);
  s.boolean("zero", o.zero);
  s.boolean("force_think", o.force_think);
  s.number("steps", o.steps, 1, 1e12);
  s.number("minutes", o.minutes, 0, 1e9);
  s.number("questions", o.questions, 1, 1e6);
  s.number("group", o.group, 2, 1e6);
  s.number("minibatches", o.minibatches, 1, 1e6);
  s.number("lr", o.lr, 0, 10);
  s.number("clip", o.clip, 0, kAnything);
  s.number("weight_decay", o.weight_decay, 0, 10);
  s.number("temperature", o.temperature, 0.01, 100);
  s.number("max_tokens", o.max_tokens, 1, 1 << 24);
  s.number("micro_batch_tokens", o.micro_batch_tokens, 1, 1e9);
  s.number("parallel", o.parallel, 1, 4096);
  s.number("transcripts_every", o.transcripts_every, 0, 1e12);
  s.number("save_every_minutes", o.save_every_minutes, 0, 1e9);
  s.number("keep", o.keep, 1, 1e6);
  s.number("threads", o.threads, 0, 1024);
  read_policy(s, o);
  s.refuse_rest();
  read_lora(recipe.section("lora"), o.lora);
  require(!o.model.empty(), "{}: reinforce.model is missing", recipe.name());
  require(!o.task.empty(), "{}: reinforce.task is missing", recipe.name());
  return o;
}

DistilOptions read_distil_recipe(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides) {
  const RecipeFile recipe(file, overrides, {"distil", "tune", "lora"});
  DistilOptions o;
  RecipeSection s = recipe.section("distil");
  s.text("teacher", o.teacher);
  s.text("teacher_model", o.teacher_model);
  s.number("teacher_attempts", o.teacher_attempts, 1, 1000);
  s.text("student", o.student.model);
  s.text("task", o.task);
  s.number("questions", o.questions, 1, 1e12);
  s.number("samples", o.samples, 1, 1e6);
  s.number("keep", o.keep, 1, 1e6);
  s.number("similarity", o.similarity, 0, 1);
  s.number("temperature", o.temperature, 0, 100);
  s.number("top_p", o.top_p, 1e-6, 1);
  s.number("max_tokens", o.max_tokens, 1, 1 << 24);
  s.number("parallel", o.parallel, 1, 4096);
  s.number("seed", o.seed, 0, 1e15);
  s.boolean("force_think", o.force_think);
  s.boolean("logits", o.logits);
  s.number("threads", o.threads, 0, 1024);
  s.refuse_rest();
  read_tune(recipe.section("tune"), o.student);
  read_lora(recipe.section("lora"), o.student.lora);
  check_teacher(o, recipe.name());
  require(!o.task.empty(), "{}: distil.task is missing", recipe.name());
  return o;
}

}  // namespace frugal::train
