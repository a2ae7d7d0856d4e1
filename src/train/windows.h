// Cuts a stream into training windows, in an order that depends on the seed alone.
#pragma once

#include <optional>

#include "base/rng.h"
#include "train/loss.h"
#include "train/token_stream.h"

namespace frugal::train {

/// The ids of the tokens that mark the parts of a rearranged document.
struct FimTokens {
  std::int32_t begin, hole, end;
};

struct WindowOptions {
  std::int64_t length = 256;       // rows of a window
  std::int32_t end_token = 0;      // closes a document
  bool mask_samples = false;       // each document of a window is a sequence of its own
  double fim_share = 0;            // of documents
  std::optional<FimTokens> fim{};  // needed when fim_share is above 0
  std::uint64_t seed = 1;
  bool shuffle = true;
};

/// Window i is a pure function of the stream, the options and i, so a run that knows how many
/// windows it has seen goes on with exactly the next token. Each pass over the stream cuts it at
/// another offset and visits the windows in another order.
class Windows {
 public:
  /// Throws Error when the stream is shorter than one window.
  Windows(const TokenStream& stream, const WindowOptions& options);

  /// Windows of one pass over the stream.
  std::int64_t per_pass() const { return per_pass_; }

  /// Adds window i, counted over all passes, to the batch.
  void append(std::int64_t i, Batch& batch);
  /// The same to the last of the batches, or to a new one where that would have more rows than
  /// `most_rows`.
  void append(std::int64_t i, std::int64_t most_rows, std::vector<Batch>& batches);

 private:
  void shuffle(std::int64_t pass);
  void rearrange(std::vector<std::int32_t>& tokens, std::int64_t i) const;

  const TokenStream& stream_;
  WindowOptions options_;
  std::int64_t per_pass_ = 0;
  std::int64_t pass_ = -1;           // the one that order_ is of
  std::int64_t offset_ = 0;          // of its first window
  std::vector<std::int64_t> order_;  // [per_pass]
};

/// Prefix, suffix, middle (Bavarian et al. 2022) as DeepSeek-V3 has it: begin, prefix, hole,
/// suffix, end, middle. The two cuts come from `rng`.
std::vector<std::int32_t> fill_in_the_middle(std::span<const std::int32_t> document,
                                             const FimTokens& fim, Rng& rng);

}  // namespace frugal::train
