#include "engine/constraint.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/engine_support.h"
#include "text/json_grammar.h"

namespace frugal::engine {
namespace {

using testing::MockModel;

// Tokens of one to three bytes over a small alphabet, so that they cross the grammar's borders.
std::string bytes_of(std::int32_t token) {
  static const std::vector<std::string> tokens = {
      "{",  "}",  "\"",  "a",  "\":",    " ",        "1",  "tr", "ue", ",", "\"a", "\": ", "tru",
      "e}", "1}", "<t>", "</", "think>", "</think>", "\n", "x",  "[",  "]", "12",  ":"};
  return token < static_cast<std::int32_t>(tokens.size()) ? tokens[static_cast<std::size_t>(token)]
                                                          : std::string();
}
constexpr std::int32_t kStop = 52;  // has no bytes, as all from 25 on

std::shared_ptr<text::GrammarMachine> machine() {
  text::Grammar grammar;
  text::JsonGrammar json(grammar);
  grammar.set_root(json.schema(Json::parse(
      R"({"type":"object","properties":{"a":{"type":["integer","boolean"]}},"required":["a"]})")));
  return std::make_shared<text::GrammarMachine>(std::move(grammar));
}

TEST(Constraint, AllowsWhatTheGrammarAllowsAcrossTokens) {
  TokenConstraint constraint(machine(), {});
  EXPECT_TRUE(constraint.allows("{"));
  EXPECT_TRUE(constraint.allows("{\"a"));
  EXPECT_TRUE(constraint.allows("\n{"));
  EXPECT_FALSE(constraint.allows("}"));
  EXPECT_FALSE(constraint.allows("{}"));
  EXPECT_FALSE(constraint.allows(""));
  EXPECT_FALSE(constraint.may_end());
  constraint.accept("{\"a\": tru");
  EXPECT_TRUE(constraint.allows("e}"));
  EXPECT_FALSE(constraint.allows("e, "));
  constraint.accept("e}");
  EXPECT_TRUE(constraint.may_end() && constraint.must_end());
}

TEST(Constraint, ReasoningIsFree) {
  TokenConstraint inside(machine(), {.free_until = "</think>"});
  inside.accept("anything </thi");
  EXPECT_TRUE(inside.allows("x"));
  EXPECT_FALSE(inside.may_end());
  inside.accept("</think>\n\n");
  EXPECT_FALSE(inside.allows("x"));
  EXPECT_TRUE(inside.allows("{"));

  TokenConstraint opens(machine(), {.may_open = "<think>"});
  EXPECT_TRUE(opens.allows("{"));
  EXPECT_TRUE(opens.allows("<th"));
  EXPECT_FALSE(opens.allows("<thx"));
  opens.accept("<think>hm</think>");
  EXPECT_FALSE(opens.allows("x"));
}

TEST(Constraint, ATriggerBeginsTheGrammarInTheMiddleOfAToken) {
  TokenConstraint constraint(machine(), {.trigger = "<t>"});
  EXPECT_TRUE(constraint.allows("free text <"));
  EXPECT_TRUE(constraint.may_end());
  EXPECT_TRUE(constraint.allows("x<t>{\""));
  EXPECT_FALSE(constraint.allows("x<t>}"));
  constraint.accept("x<<t>{\"a\":1");
  EXPECT_FALSE(constraint.may_end());
  constraint.accept("}");
  EXPECT_TRUE(constraint.may_end());
  EXPECT_TRUE(constraint.allows("free again"));
}

TEST(Constraint, TheMaskIsWhatAllowsSays) {
  const SortedVocabulary vocabulary(53, bytes_of);
  TokenConstraint constraint(machine(), {.may_open = "<t>"});
  const std::vector<std::int32_t> stops = {kStop};
  for (const char* more : {"", "{", "\"a", "\": ", "1", "2", "}"}) {
    constraint.accept(more);
    std::vector<float> logits(53, 0.0F);
    constraint.mask(vocabulary, stops, logits);
    for (std::int32_t token = 0; token < 53; ++token) {
      const bool expected =
          token == kStop ? constraint.may_end() : constraint.allows(bytes_of(token));
      EXPECT_EQ(std::isfinite(logits[static_cast<std::size_t>(token)]), expected)
          << more << " " << bytes_of(token);
    }
  }
}

TEST(Constraint, AnEngineWritesWhatTheGrammarAllows) {
  MockModel model;
  EngineOptions options;
  options.token_bytes = bytes_of;
  Engine engine(model, std::move(options));
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Request request = testing::greedy_request({1, 2, 3}, 200);
    request.sampling.temperature = seed % 3 == 0 ? 0.0F : 1.0F;
    request.sampling.seed = seed;
    request.stop_tokens = {kStop};
    request.constraint = std::make_shared<TokenConstraint>(machine(), ConstraintOptions{});
    engine.submit(seed, std::move(request));
  }
  for (const auto& [seed, result] : testing::run(engine)) {
    if (result.finish->reason == FinishReason::length) continue;
    EXPECT_EQ(result.finish->reason, FinishReason::stop);
    const Json value = Json::parse(result.text);
    EXPECT_TRUE(value["a"].is_number_integer() || value["a"].is_boolean()) << result.text;
  }
}

// The limit of states is met while answering, by one request of two.
TEST(Constraint, AGrammarThatGrowsTooLargeEndsItsOwnRequestAlone) {
  text::Grammar grammar;
  text::JsonGrammar json(grammar);
  grammar.set_root(json.schema(Json::parse(R"({"type":"string","pattern":"a.{20}"})")));
  auto late = std::make_shared<text::GrammarMachine>(std::move(grammar));
  MockModel model(130);
  EngineOptions options;
  options.token_bytes = [](std::int32_t token) {
    if (token >= 128) return std::string(token == 128 ? "\"" : "");
    std::string letters;  // all texts of seven letters
    for (int bit = 0; bit < 7; ++bit) letters += (token >> bit & 1) == 0 ? 'a' : 'x';
    return letters;
  };
  Engine engine(model, std::move(options));
  Request bound = testing::greedy_request({1, 2, 3}, 900);
  bound.sampling.logit_bias = {{128, -20}, {129, 20}};  // first choice: a token that may not come
  bound.constraint = std::make_shared<TokenConstraint>(late, ConstraintOptions{});
  engine.submit(1, std::move(bound));
  engine.submit(2, testing::greedy_request({4, 5}, 900));
  const auto results = testing::run(engine);
  EXPECT_EQ(results.at(1).finish->reason, FinishReason::error);
  EXPECT_NE(results.at(1).finish->error.find("states"), std::string::npos)
      << results.at(1).finish->error;
  EXPECT_EQ(results.at(2).tokens, testing::greedy(model, {4, 5}, 900));
}

}  // namespace
}  // namespace frugal::engine
