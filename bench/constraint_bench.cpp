// What holding an answer to a JSON schema costs a token, at the vocabulary of DeepSeek-V3 (129,280
// tokens; build-data/tokenizers, by tools/get_tokenizers.sh).
#include <benchmark/benchmark.h>

#include <filesystem>
#include <limits>
#include <memory>
#include <vector>

#include "engine/constraint.h"
#include "text/json_grammar.h"
#include "text/tokenizer.h"

namespace frugal {
namespace {

constexpr const char* kFolder = "build-data/tokenizers/deepseek_v3";
constexpr const char* kSchema =
    R"({"type":"object","properties":{"name":{"type":"string"},"tags":{"type":"array",
        "items":{"enum":["red","green","blue"]}},"size":{"type":"number"},
        "inner":{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]}},
        "required":["name","tags","size","inner"],"additionalProperties":false})";
constexpr const char* kAnswer =
    R"({"name": "A text of some length, as answers have: the sea is a vast expanse of water.",
 "tags": ["red", "blue"], "size": 12.75, "inner": {"ok": true}})";

engine::TokenConstraint make_constraint() {
  text::Grammar grammar;
  text::JsonGrammar json(grammar);
  grammar.set_root(json.schema(parse_json(kSchema, "schema")));
  return {std::make_shared<text::GrammarMachine>(std::move(grammar)), {}};
}

// The usual token: the model's own choice may come, and is checked and accepted.
void check_and_accept(benchmark::State& state) {
  if (!std::filesystem::exists(kFolder)) return state.SkipWithError("no tokenizer in build-data");
  const auto tokenizer = text::Tokenizer::from_folder(kFolder);
  const auto tokens = tokenizer.encode(kAnswer, {.add_special_tokens = false});
  const engine::TokenConstraint start = make_constraint();
  for (auto _ : state) {
    engine::TokenConstraint constraint = start;
    for (const std::int32_t token : tokens) {
      benchmark::DoNotOptimize(constraint.allows(tokenizer.token_bytes(token)));
      constraint.accept(tokenizer.token_bytes(token));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tokens.size()));
}

// The token after a choice that may not come: a mask over the vocabulary, at the start of a value
// (where little may come) or within a string (where nearly everything may).
void mask(benchmark::State& state, const char* before) {
  if (!std::filesystem::exists(kFolder)) return state.SkipWithError("no tokenizer in build-data");
  const auto tokenizer = text::Tokenizer::from_folder(kFolder);
  const engine::SortedVocabulary vocabulary(tokenizer.vocab_size(), [&](std::int32_t token) {
    return std::string(tokenizer.token_bytes(token));
  });
  engine::TokenConstraint constraint = make_constraint();
  constraint.accept(before);
  std::vector<float> logits(static_cast<std::size_t>(tokenizer.vocab_size()), 0.0F);
  for (auto _ : state) {
    constraint.mask(vocabulary, {}, logits);
    benchmark::ClobberMemory();
  }
}

BENCHMARK(check_and_accept)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(mask, between_values, "{\"name\": \"x\", ")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(mask, in_a_string, "{\"name\": \"x")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace frugal
