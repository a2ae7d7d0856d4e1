#include "cli/options.h"

#include <map>
#include <random>

#include "cli/fetch.h"

namespace frugal::cli {

void add_model_option(CLI::App& command, ModelOptions& options, bool has_default) {
  CLI::Option* option = command.add_option(
      "-m,--model", options.model,
      "A folder in Hugging Face form, a .gguf file, or a name of frugal pull --list");
  option->type_name("M");
  if (has_default) {
    option->default_str(std::string(kBoxModel));
  } else {
    option->required();
  }
}

void add_adapter_option(CLI::App& command, ModelOptions& options) {
  command
      .add_option("--lora", options.adapter,
                  "An adapter beside the model's weights: a folder in PEFT's form, as frugal tune "
                  "and PEFT write it")
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
}

void add_threads_option(CLI::App& command, ModelOptions& options) {
  command
      .add_option("--threads", options.threads, "Compute threads (default: all cores it may use)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
}

void add_cache_type_option(CLI::App& command, ModelOptions& options) {
  using Type = ops::CacheType;
  const std::map<std::string, Type> types = {
      {"f32", Type::f32}, {"f16", Type::f16}, {"q8_0", Type::q8_0}};
  command
      .add_option_function<std::string>(
          "--cache-type",
          [types, &options](const auto& name) { options.cache_type = types.at(name); },
          "Numbers of the cache of keys and values: f32, f16 in half the memory, q8_0 in a quarter")
      ->check(CLI::IsMember(types).description(""))
      ->default_str("f32")
      ->type_name("TYPE");
}

void add_context_option(CLI::App& command, ModelOptions& options) {
  command
      .add_option(
          "--context", options.context,
          "Tokens that prompt and answer may have together, in steps of 64; at most what the "
          "model can")
      ->check(CLI::Range(std::int64_t{64}, std::int64_t{1} << 30))
      ->type_name("N");
  add_cache_type_option(command, options);
}

void add_draft_option(CLI::App& command, ModelOptions& options) {
  command
      .add_option("--draft", options.draft_tokens,
                  "Guess up to so many tokens ahead and check them at once, by the model's own MTP "
                  "layer, or else out of the text so far: faster where text repeats, the answer "
                  "stays the same; 0: never")
      ->check(CLI::Range(0, 64))
      ->type_name("N");
}

void add_sampling_options(CLI::App& command, SamplingFlags& flags) {
  command.add_option("--max-tokens", flags.max_tokens, "Most tokens to produce")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 30))
      ->type_name("N");
  command
      .add_option("--temperature", flags.temperature,
                  "0 takes the likeliest token, 1 samples as the model says")
      ->type_name("T");
  command.add_option("--top-p", flags.top_p, "Keep the likeliest tokens that make up this share")
      ->type_name("P");
  command.add_option("--top-k", flags.top_k, "Keep the K likeliest tokens; 0: all")->type_name("K");
  command
      .add_option("--min-p", flags.min_p,
                  "Keep tokens at least this likely, measured against the likeliest")
      ->type_name("P");
  command
      .add_option("--repetition-penalty", flags.repetition_penalty,
                  "Above 1: tokens that were there become less likely")
      ->type_name("R");
  command.add_option("--seed", flags.seed, "Same seed, same answer (default: another each time)")
      ->type_name("S");
  command.add_option("--stop", flags.stop, "End the answer before this text; may be repeated")
      ->type_name("TEXT")
      ->expected(1)
      ->allow_extra_args(false);
}

engine::SamplingOptions apply(const SamplingFlags& flags, engine::SamplingOptions defaults) {
  engine::SamplingOptions options = std::move(defaults);
  options.temperature = flags.temperature.value_or(options.temperature);
  options.top_p = flags.top_p.value_or(options.top_p);
  options.top_k = flags.top_k.value_or(options.top_k);
  options.min_p = flags.min_p.value_or(options.min_p);
  options.repetition_penalty = flags.repetition_penalty.value_or(options.repetition_penalty);
  options.seed = flags.seed ? *flags.seed : std::random_device{}();
  return options;
}

}  // namespace frugal::cli
