// Requests, and what to expect of their answers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/mock_model.h"

namespace frugal::engine::testing {

/// One letter for each of a MockModel's 53 tokens, for EngineOptions::token_bytes.
std::string letter(std::int32_t token);

struct Result {
  std::vector<std::int32_t> tokens;
  std::vector<Sample> samples;
  std::string text;
  std::optional<Finish> finish;
};

/// All events until the engine is idle, put together; a request without its last event has no
/// `finish`.
std::map<RequestId, Result> run(Engine& engine);

/// The greedy continuation without engine, cache or batch.
std::vector<std::int32_t> greedy(const MockModel& model, std::vector<std::int32_t> tokens,
                                 std::size_t count);

Request greedy_request(std::vector<std::int32_t> prompt, std::int64_t max_tokens);

/// Tokens below 53; a longer prompt begins with the shorter ones.
std::vector<std::int32_t> long_prompt(std::int32_t length);

}  // namespace frugal::engine::testing
