// frugal chat: options and model of a conversation.
#include <fmt/format.h>

#include <memory>

#include "cli/chat.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/model_argument.h"
#include "net/catalog.h"

namespace frugal::cli {

namespace {

// Unless --context says otherwise.
constexpr std::int64_t kDefaultContext = 8192;

struct ChatOptions {
  ModelOptions model;
  ChatSettings settings;
  bool think = false;
};

// What the model in the box can do, and how to get one that can do more.
std::string introduction_of_box() {
  return fmt::format(
      "A tiny model of our own: it calculates, solves word problems in English, Arabic and "
      "Chinese, plays countdown. For a conversation get a larger one:\n"
      "  ./frugal pull {0} && ./frugal chat --model {0}",
      net::kSmallModel);
}

void run_chat(ChatOptions options) {
  if (options.model.model.empty()) options.model.model = choose_model();
  if (options.model.model == kBoxModel) options.settings.introduction = introduction_of_box();
  const std::filesystem::path path = resolve_model(options.model.model);
  const text::Tokenizer tokenizer = open_tokenizer(path);
  text::ChatFormat format = text::ChatFormat::open(path, tokenizer);
  LoadedModel loaded(options.model,
                     options.model.context > 0 ? options.model.context : kDefaultContext);
  options.settings.model_name = options.model.model;
  Chat(loaded, tokenizer, std::move(format), std::move(options.settings)).run();
}

}  // namespace

void add_chat(CLI::App& app) {
  const auto options = std::make_shared<ChatOptions>();
  CLI::App* command = app.add_subcommand("chat", "Talk with a model");
  add_model_option(*command, options->model, true);
  add_adapter_option(*command, options->model);
  command->add_option("--system", options->settings.system, "Instructions for the model")
      ->type_name("TEXT");
  CLI::Option* think =
      command->add_flag("--think,!--no-think", options->think,
                        "Switch reasoning on or off, where the model has a switch");
  add_sampling_options(*command, options->settings.sampling);
  add_context_option(*command, options->model);
  add_draft_option(*command, options->model);
  add_threads_option(*command, options->model);
  command->callback([options, think] {
    if (think->count() > 0) options->settings.think = options->think;
    run_chat(*options);
  });
}

}  // namespace frugal::cli
