#include "cli/generation_config.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace frugal::cli {

namespace {

using formats::Checkpoint;

std::int32_t to_id(const Json& value, const std::string& what) {
  require(
      value.is_number_integer() && value >= 0 && value <= std::numeric_limits<std::int32_t>::max(),
      "{}: eos_token_id is {}, expected a token id or a list of them", what,
      printable(value.dump()));
  return value.get<std::int32_t>();
}

void add_ids(const Json& config, const std::string& what, std::vector<std::int32_t>& ids) {
  const auto found = config.find("eos_token_id");
  if (found == config.end() || found->is_null()) return;
  if (found->is_array()) {
    for (const Json& id : *found) ids.push_back(to_id(id, what));
  } else {
    ids.push_back(to_id(*found, what));
  }
}

template <typename T>
T number_or(const Json& config, const char* key, T otherwise, const std::string& what) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return otherwise;
  require(found->is_number(), "{}: {} is not a number", what, key);
  return found->get<T>();
}

std::string file_in(const Checkpoint& checkpoint, const char* name) {
  return (checkpoint.path() / name).string();
}

}  // namespace

std::vector<std::int32_t> stop_tokens_of(const Checkpoint& checkpoint,
                                         const text::Tokenizer& tokenizer,
                                         const std::optional<text::ChatFormat>& format) {
  std::vector<std::int32_t> ids;
  if (checkpoint.is_gguf()) {
    // End of the text, of a turn, of a message; llama.cpp writes the last two where they differ.
    for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                            "tokenizer.ggml.eom_token_id"}) {
      if (const auto id = checkpoint.metadata().find_u32(key)) {
        ids.push_back(static_cast<std::int32_t>(*id & 0x7FFFFFFF));
      }
    }
  } else {
    add_ids(checkpoint.generation_config(), file_in(checkpoint, "generation_config.json"), ids);
    add_ids(checkpoint.config(), file_in(checkpoint, "config.json"), ids);
  }
  if (const auto eos = tokenizer.eos_id()) ids.push_back(*eos);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (const auto turn = format ? format->end_of_turn(tokenizer) : std::nullopt) {
    std::erase(ids, *turn);
    ids.insert(ids.begin(), *turn);
  }
  return ids;
}

engine::SamplingOptions sampling_defaults_of(const Checkpoint& checkpoint) {
  engine::SamplingOptions options;
  options.temperature = 0.6F;
  options.top_p = 0.95F;
  if (checkpoint.is_gguf()) return options;
  const Json& config = checkpoint.generation_config();
  const std::string what = file_in(checkpoint, "generation_config.json");
  options.temperature = number_or(config, "temperature", options.temperature, what);
  options.top_p = number_or(config, "top_p", options.top_p, what);
  options.top_k = number_or(config, "top_k", options.top_k, what);
  options.repetition_penalty =
      number_or(config, "repetition_penalty", options.repetition_penalty, what);
  return options;
}

}  // namespace frugal::cli
