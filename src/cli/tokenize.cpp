// frugal tokenize: text to token ids and back.
#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/loaded_model.h"
#include "cli/model_argument.h"

namespace frugal::cli {

namespace {

struct TokenizeOptions {
  ModelOptions model;
  bool decode = false;
  bool plain = false;
  bool json = false;
};

// Takes away what encoding adds around a text, so that decoding gives that text back.
std::vector<std::int32_t> without_added(const text::Tokenizer& tokenizer,
                                        std::vector<std::int32_t> ids) {
  const std::vector<std::int32_t> around = tokenizer.encode("a");
  const std::vector<std::int32_t> body = tokenizer.encode("a", {.add_special_tokens = false});
  const auto found = std::search(around.begin(), around.end(), body.begin(), body.end());
  const std::vector<std::int32_t> before(around.begin(), found);
  if (found == around.end() || ids.size() < around.size() - body.size()) return ids;
  const std::vector<std::int32_t> behind(found + std::ssize(body), around.end());
  if (std::equal(before.begin(), before.end(), ids.begin())) {
    ids.erase(ids.begin(), ids.begin() + std::ssize(before));
  }
  if (std::equal(behind.rbegin(), behind.rend(), ids.rbegin())) {
    ids.resize(ids.size() - behind.size());
  }
  return ids;
}

void decode(const text::Tokenizer& tokenizer, const TokenizeOptions& options) {
  std::vector<std::int32_t> ids = parse_ids(read_stdin());
  for (const std::int32_t id : ids) {
    require(id < tokenizer.vocab_size(), "token {} is not in the vocabulary of {}", id,
            tokenizer.vocab_size());
  }
  if (!options.plain) ids = without_added(tokenizer, std::move(ids));
  const std::string text = tokenizer.decode(ids, false);
  if (options.json) {
    fmt::print("{}\n", Json(text).dump());
  } else {
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
}

void encode(const text::Tokenizer& tokenizer, const TokenizeOptions& options) {
  const std::vector<std::int32_t> ids =
      tokenizer.encode(read_stdin(), {.add_special_tokens = !options.plain});
  std::string out = options.json ? "[" : "";
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) out += options.json ? ',' : ' ';
    out += std::to_string(ids[i]);
  }
  out += options.json ? "]\n" : "\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
}

}  // namespace

void add_tokenize(CLI::App& app) {
  const auto options = std::make_shared<TokenizeOptions>();
  CLI::App* command =
      app.add_subcommand("tokenize", "Turn the text on standard input into token ids, or back");
  add_model_option(*command, options->model);
  command->add_flag("--decode", options->decode, "Read ids and print their text");
  command->add_flag("--plain", options->plain,
                    "Add no token for the start of the text or the like; decoding, keep them");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] {
    const text::Tokenizer tokenizer = open_tokenizer(resolve_model(options->model.model));
    options->decode ? decode(tokenizer, *options) : encode(tokenizer, *options);
  });
}

}  // namespace frugal::cli
