// The tiny models under tests/golden/ and their reference logits.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/transformer.h"

namespace frugal::models::testing {

/// Where a model and its reference lie. `model` is relative to tests/golden/.
struct GoldenSource {
  std::string model;   // "models/llama" or "gguf/qwen2.gguf"
  std::string logits;  // "models/llama/logits.safetensors"
};

/// Every folder of tests/golden/models/, then every GGUF with the reference of its model.
std::vector<GoldenSource> golden_sources();

/// Logits of the reference after the tokens at some positions of one sequence.
struct Reference {
  std::vector<std::int32_t> tokens;         // [T]
  std::vector<std::int64_t> positions;      // [P]
  Tensor logits;                            // [P, vocab_size]
  std::vector<std::int64_t> mtp_positions;  // [Q], empty without a multi-token layer
  Tensor mtp_logits;                        // [Q, vocab_size]
};

Reference read_reference(const std::filesystem::path& path);

/// Logits of every row [T, vocab_size] of `tokens`, run without a cache as in training.
Tensor run_at_once(Transformer& model, std::span<const std::int32_t> tokens);

/// The same through the cache, in chunks of these many tokens.
Tensor run_in_chunks(Transformer& model, std::span<const std::int32_t> tokens,
                     std::span<const std::int64_t> chunks);

/// The sequences side by side, each advancing by a random number of tokens, at most `most`, at
/// every step, their cache blocks scattered. Logits of every row, one matrix a sequence.
std::vector<Tensor> run_packed(Transformer& model,
                               std::span<const std::vector<std::int32_t>> sequences,
                               std::uint64_t seed, std::uint64_t most = 79);

/// Largest distance of a row from the reference, relative to the norm of the reference's row.
/// Row i of `wanted` is compared with row positions[i] of `got`.
double worst_row(ConstView got, ConstView wanted, std::span<const std::int64_t> positions);

/// Norm of the difference relative to the norm of `wanted`, over all rows together.
double distance(ConstView got, ConstView wanted, std::span<const std::int64_t> positions);

}  // namespace frugal::models::testing
