// frugal generate: one prompt, one answer.
#include <fmt/core.h>
#include <unistd.h>

#include <memory>

#include "base/error.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/generation_config.h"
#include "cli/input.h"
#include "cli/loaded_model.h"
#include "cli/model_argument.h"
#include "cli/terminal.h"
#include "text/chat_format.h"

namespace frugal::cli {

namespace {

// Unless --context or --max-tokens says otherwise.
constexpr std::int64_t kDefaultContext = 4096;

struct GenerateOptions {
  ModelOptions model;
  SamplingFlags sampling;
  std::string prompt;
  std::string system;
  bool raw = false;
  bool json = false;
};

struct Prompt {
  std::vector<std::int32_t> tokens;
  std::optional<text::ChatFormat> format;  // none: a text to go on with
};

Prompt make_prompt(const GenerateOptions& options, const std::filesystem::path& path,
                   const text::Tokenizer& tokenizer) {
  const std::string text = options.prompt == "-" ? read_stdin() : options.prompt;
  if (options.raw) {
    require(options.system.empty(), "--system has no meaning with --raw");
    return {tokenizer.encode(text), std::nullopt};
  }
  text::ChatFormat format = text::ChatFormat::open(path, tokenizer);
  text::ChatRequest request;
  if (!options.system.empty()) {
    request.messages.push_back({{"role", "system"}, {"content", options.system}});
  }
  request.messages.push_back({{"role", "user"}, {"content", text}});
  // The template writes all special tokens that there are to be.
  std::vector<std::int32_t> tokens =
      tokenizer.encode(format.render(request), {.add_special_tokens = false});
  return {std::move(tokens), std::move(format)};
}

std::int64_t wanted_context(const GenerateOptions& options, std::size_t prompt_tokens) {
  if (options.model.context > 0) return options.model.context;
  const auto prompt = static_cast<std::int64_t>(prompt_tokens);
  if (options.sampling.max_tokens) return prompt + *options.sampling.max_tokens;
  return std::max(kDefaultContext, prompt + kDefaultContext / 4);
}

const char* finish_name(engine::FinishReason reason) {
  switch (reason) {
    case engine::FinishReason::stop:
      return "stop";
    case engine::FinishReason::length:
      return "length";
    case engine::FinishReason::cancelled:
      return "cancelled";
    case engine::FinishReason::error:
      return "error";
  }
  return "";
}

void print_json(const std::string& text, const Answer& answer, std::uint64_t seed) {
  const Json json = {{"text", text},
                     {"finish_reason", finish_name(answer.finish.reason)},
                     {"prompt_tokens", answer.finish.prompt_tokens},
                     {"completion_tokens", answer.finish.output_tokens},
                     {"tokens", answer.tokens},
                     {"drafted_tokens", answer.finish.drafted_tokens},
                     {"accepted_tokens", answer.finish.accepted_tokens},
                     {"seed", seed},
                     {"prompt_seconds", answer.prompt_seconds},
                     {"tokens_per_second", answer.speed()}};
  fmt::print("{}\n", json.dump());
}

void run_generate(const GenerateOptions& options) {
  const std::filesystem::path path = resolve_model(options.model.model);
  const text::Tokenizer tokenizer = open_tokenizer(path);
  Prompt prompt = make_prompt(options, path, tokenizer);
  LoadedModel loaded(options.model, wanted_context(options, prompt.tokens.size()));
  const auto engine = loaded.make_engine(tokenizer);
  engine::Request request;
  request.prompt = std::move(prompt.tokens);
  request.sampling = apply(options.sampling, sampling_defaults_of(loaded.checkpoint()));
  request.max_tokens = options.sampling.max_tokens;
  request.stop_tokens = stop_tokens_of(loaded.checkpoint(), tokenizer, prompt.format);
  request.stop_strings = options.sampling.stop;
  const std::uint64_t seed = request.sampling.seed;

  const InterruptWatch watch;
  const bool filter = ::isatty(STDOUT_FILENO) == 1;
  TerminalText safe;
  std::string text;
  const Answer answer =
      run_request(*engine, std::move(request), watch, [&](std::string_view piece) {
        text += piece;
        if (options.json) return;
        const std::string shown = filter ? safe.feed(piece) : std::string(piece);
        std::fwrite(shown.data(), 1, shown.size(), stdout);
        std::fflush(stdout);
      });
  if (options.json) {
    print_json(text, answer, seed);
  } else {
    fmt::print("\n");
  }
  std::fflush(stdout);
  if (answer.finish.drafted_tokens > 0) {
    fmt::print(stderr, "frugal: {}\n", acceptance(answer.finish));
  }
  if (answer.finish.reason == engine::FinishReason::cancelled) throw Interrupted("interrupted");
  if (answer.finish.reason == engine::FinishReason::length && !options.sampling.max_tokens) {
    fmt::print(stderr, "frugal: stopped because the context of {} tokens is full; see --context\n",
               engine->context());
  }
}

}  // namespace

void add_generate(CLI::App& app) {
  const auto options = std::make_shared<GenerateOptions>();
  CLI::App* command = app.add_subcommand("generate", "Print a model's answer to one prompt");
  add_model_option(*command, options->model);
  add_adapter_option(*command, options->model);
  command->add_option("-p,--prompt", options->prompt, "What to ask; - reads standard input")
      ->required()
      ->type_name("P");
  command->add_option("--system", options->system, "Instructions that stand before the prompt")
      ->type_name("TEXT");
  command->add_flag("--raw", options->raw,
                    "Continue the prompt as it is, instead of answering it as in a conversation");
  add_sampling_options(*command, options->sampling);
  add_context_option(*command, options->model);
  add_draft_option(*command, options->model);
  add_threads_option(*command, options->model);
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] { run_generate(*options); });
}

}  // namespace frugal::cli
