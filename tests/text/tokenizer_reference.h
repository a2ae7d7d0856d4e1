// The Rust library `tokenizers`, through its binding for node, as the reference of tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace frugal::text {

struct ReferenceJob {
  std::filesystem::path tokenizer;  // a tokenizer.json
  std::vector<std::string> texts;   // valid UTF-8
  bool add_special_tokens = true;
};

/// What became of one text.
struct ReferenceText {
  std::vector<std::int32_t> ids;
  std::string decoded;
  std::string plain;  // decoded without special tokens
  double encode_seconds = 0;
};

struct ReferenceResult {
  std::vector<ReferenceText> texts;  // as in the job
  double load_seconds = 0;
};

/// Why the reference cannot be run here, or the empty text.
std::string reference_missing();

/// Throws Error when node fails.
std::vector<ReferenceResult> run_reference(const std::vector<ReferenceJob>& jobs);

/// Encodes and decodes the job's texts with `ours` and expects what the reference made of them.
/// Returns our seconds for each text's encoding.
std::vector<double> expect_same(const Tokenizer& ours, const ReferenceJob& job,
                                const ReferenceResult& reference);

}  // namespace frugal::text
