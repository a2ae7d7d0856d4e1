#include "engine/mock_model.h"

#include <set>

#include "base/error.h"
#include "base/rng.h"

namespace frugal::engine::testing {

namespace {

struct Entry {
  std::int64_t position;
  std::int32_t token;
  std::int32_t unused;
};

Entry& entry(std::byte* cache, std::span<const std::int32_t> blocks, std::int64_t position) {
  const std::int32_t block = blocks[static_cast<std::size_t>(position / ops::kBlockTokens)];
  return reinterpret_cast<Entry*>(cache)[block * ops::kBlockTokens + position % ops::kBlockTokens];
}

std::uint64_t extend(std::uint64_t hash, std::int32_t token) {
  return Rng(hash, static_cast<std::uint64_t>(token)).next();
}

void fill_logits(std::uint64_t hash, std::span<float> logits) {
  Rng rng(hash);
  for (float& logit : logits) logit = static_cast<float>(rng.uniform() * 8 - 4);
}

void check_layout(std::span<const std::int32_t> tokens, const ops::SequenceLayout& layout,
                  std::int64_t vocab) {
  std::int64_t row = 0;
  std::set<std::int32_t> written;
  for (const ops::Segment& segment : layout.segments) {
    require(segment.row == row && segment.rows > 0, "segments do not cover the rows in order");
    row += segment.rows;
    const std::int64_t end = segment.position + segment.rows;
    require(static_cast<std::int64_t>(segment.blocks.size()) * ops::kBlockTokens >= end,
            "the block table is too short");
    for (std::int64_t block = segment.position / ops::kBlockTokens; block * ops::kBlockTokens < end;
         ++block) {
      require(written.insert(segment.blocks[static_cast<std::size_t>(block)]).second,
              "two sequences write one block");
    }
  }
  require(row == layout.rows && row == static_cast<std::int64_t>(tokens.size()), "rows disagree");
  for (const std::int32_t token : tokens) {
    require(token >= 0 && token < vocab, "token {} is not in the vocabulary", token);
  }
}

}  // namespace

std::int64_t MockModel::cache_block_bytes() const {
  return ops::kBlockTokens * std::int64_t{sizeof(Entry)};
}

void MockModel::forward(std::span<const std::int32_t> tokens, const ops::SequenceLayout& layout,
                        std::byte* cache, std::span<const std::int64_t> logit_rows, View logits) {
  if (before) before(tokens, layout);
  ++passes;
  rows += layout.rows;
  check_layout(tokens, layout, vocab_);
  require(logits.rows == static_cast<std::int64_t>(logit_rows.size()), "logit rows disagree");
  for (const ops::Segment& segment : layout.segments) {
    for (std::int64_t i = 0; i < segment.rows; ++i) {
      entry(cache, segment.blocks, segment.position + i) = {
          segment.position + i, tokens[static_cast<std::size_t>(segment.row + i)], 0};
    }
  }
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const std::int64_t row = logit_rows[static_cast<std::size_t>(i)];
    for (const ops::Segment& segment : layout.segments) {
      if (row < segment.row || row >= segment.row + segment.rows) continue;
      std::uint64_t hash = 0;
      for (std::int64_t p = 0; p <= segment.position + row - segment.row; ++p) {
        const Entry& read = entry(cache, segment.blocks, p);
        require(read.position == p, "position {} of the cache holds position {}", p, read.position);
        hash = extend(hash, read.token);
      }
      fill_logits(hash, {logits.row(i), static_cast<std::size_t>(vocab_)});
    }
  }
  if (after) after(logits);
}

std::vector<float> MockModel::logits_after(std::span<const std::int32_t> tokens) const {
  std::uint64_t hash = 0;
  for (const std::int32_t token : tokens) hash = extend(hash, token);
  std::vector<float> logits(static_cast<std::size_t>(vocab_));
  fill_logits(hash, logits);
  return logits;
}

}  // namespace frugal::engine::testing
