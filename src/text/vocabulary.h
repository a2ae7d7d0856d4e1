// Token texts and their ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::text {

/// No token.
constexpr std::int32_t kNoToken = -1;

/// Ids at or beyond this are refused: arrays are indexed by id, and a hostile file may name any.
constexpr std::int32_t kMaxTokens = 1 << 20;

/// Texts by id: they lie end to end in one buffer, since 100,000 strings of their own would take
/// longer to allocate than a whole file takes to read.
class TextTable {
 public:
  /// `texts` and `bytes` are what is expected in all.
  void reserve(std::size_t texts, std::size_t bytes);
  /// `id` must be free and in [0, kMaxTokens).
  void set(std::int32_t id, std::string_view text);
  bool has(std::int32_t id) const;
  /// Empty where there is none, whatever the id.
  std::string_view get(std::int32_t id) const;
  /// One more than the largest id.
  std::int32_t size() const { return static_cast<std::int32_t>(entries_.size()); }

 private:
  struct Entry {
    std::uint32_t offset = 0;
    std::uint32_t length = UINT32_MAX;  // UINT32_MAX: no text
  };
  std::vector<Entry> entries_;  // [size()]
  std::string buffer_;
};

/// Texts by id and ids by text, through an open-addressing table.
class Vocabulary {
 public:
  void reserve(std::size_t tokens, std::size_t bytes);
  /// Returns false, and adds nothing, when `text` has an id already. `id` as in TextTable::set.
  bool add(std::string_view text, std::int32_t id);
  /// kNoToken when there is none.
  std::int32_t find(std::string_view text) const;

  bool has(std::int32_t id) const { return texts_.has(id); }
  std::string_view text(std::int32_t id) const { return texts_.get(id); }
  std::int32_t size() const { return texts_.size(); }
  std::size_t count() const { return count_; }

 private:
  struct Slot {
    std::uint32_t tag = 0;  // upper half of the hash, so that most misses end without a look at the
                            // text
    std::int32_t id = kNoToken;
  };
  std::size_t slot_of(std::string_view text, std::uint64_t hash) const;
  void grow(std::size_t slots);

  TextTable texts_;
  std::vector<Slot> slots_;  // [a power of two]
  std::size_t count_ = 0;
};

/// Spreads what differs between values over all bits: multiply by 2^64 / golden ratio, fold.
inline std::uint64_t mix_bits(std::uint64_t value) {
  __extension__ using Wide = unsigned __int128;
  const auto product = static_cast<Wide>(value) * 0x9E3779B97F4A7C15ULL;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A fast hash of `bytes`, for tables in memory only.
std::uint64_t hash_bytes(std::string_view bytes);

}  // namespace frugal::text
