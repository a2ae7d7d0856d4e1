// frugal template: a conversation as the prompt that a model expects.
#include <fmt/core.h>
#include <unistd.h>

#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/loaded_model.h"
#include "cli/model_argument.h"
#include "text/chat_format.h"

namespace frugal::cli {

namespace {

struct TemplateOptions {
  ModelOptions model;
  bool json = false;
};

bool take_bool(Json& object, const char* key, bool otherwise) {
  const auto found = object.find(key);
  if (found == object.end()) return otherwise;
  require(found->is_boolean(), "standard input: {} is neither true nor false", key);
  const bool value = found->get<bool>();
  object.erase(key);
  return value;
}

Json take(Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  Json value = std::move(*found);
  object.erase(key);
  return value;
}

text::ChatRequest read_request() {
  Json input = parse_json(read_stdin(), "standard input");
  text::ChatRequest request;
  if (input.is_array()) {
    request.messages = std::move(input);
    return request;
  }
  require(input.is_object() && input.contains("messages"),
          "standard input: expected an array of messages, or an object with \"messages\"");
  request.messages = take(input, "messages");
  request.tools = take(input, "tools");
  request.continue_final_message = take_bool(input, "continue_final_message", false);
  request.add_generation_prompt =
      take_bool(input, "add_generation_prompt", !request.continue_final_message);
  request.extra = std::move(input);
  return request;
}

void run_template(const TemplateOptions& options) {
  const std::filesystem::path path = resolve_model(options.model.model);
  const text::Tokenizer tokenizer = open_tokenizer(path);
  const std::string prompt = text::ChatFormat::open(path, tokenizer).render(read_request());
  if (options.json) {
    fmt::print("{}\n", Json{{"prompt", prompt}}.dump());
    return;
  }
  std::fwrite(prompt.data(), 1, prompt.size(), stdout);
  if (::isatty(STDOUT_FILENO) == 1) fmt::print("\n");
}

}  // namespace

void add_template(CLI::App& app) {
  const auto options = std::make_shared<TemplateOptions>();
  CLI::App* command = app.add_subcommand(
      "template", "Turn the messages on standard input (JSON) into the prompt a model expects");
  add_model_option(*command, options->model);
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(
      "The input is an array of messages ({\"role\": ..., \"content\": ...}), or an object with\n"
      "\"messages\" and, if wanted, \"tools\", \"add_generation_prompt\" (default true),\n"
      "\"continue_final_message\", and further variables of the template, such as \"thinking\".");
  command->callback([options] { run_template(*options); });
}

}  // namespace frugal::cli
