// The tokens that a run learns from, as one long row.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace frugal::train {

/// Documents one after the other, each closed by the end token. Implementations may map files:
/// reading is cheap and in any order.
class TokenStream {
 public:
  virtual ~TokenStream() = default;
  virtual std::int64_t size() const = 0;
  /// Tokens [begin, begin + out.size()), which lie inside the stream.
  virtual void read(std::int64_t begin, std::span<std::int32_t> out) const = 0;
};

/// Tokens in memory.
class TokenList final : public TokenStream {
 public:
  explicit TokenList(std::vector<std::int32_t> tokens) : tokens_(std::move(tokens)) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(tokens_.size()); }
  void read(std::int64_t begin, std::span<std::int32_t> out) const override;

 private:
  std::vector<std::int32_t> tokens_;
};

/// Tokens [begin, end) of another stream, which must live as long.
class TokenSlice final : public TokenStream {
 public:
  TokenSlice(const TokenStream& whole, std::int64_t begin, std::int64_t end)
      : whole_(whole), begin_(begin), end_(end) {}
  std::int64_t size() const override { return end_ - begin_; }
  void read(std::int64_t begin, std::span<std::int32_t> out) const override;

 private:
  const TokenStream& whole_;
  std::int64_t begin_, end_;
};

}  // namespace frugal::train
