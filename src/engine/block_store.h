// Keeps cache blocks beyond the life of the engine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace frugal::engine {

/// Blocks by a key that says all that they depend on: the model, the owner, and all tokens from the
/// start of the sequence. Called on the engine's thread, which waits; throws nothing: a block that
/// cannot be kept or read is computed again.
class BlockStore {
 public:
  using Key = std::array<std::uint8_t, 32>;

  virtual ~BlockStore() = default;
  /// The empty beginning of any sequence of `owner`.
  virtual Key root(const std::string& owner) const = 0;
  /// `parent`'s sequence, longer by one block of tokens.
  virtual Key child(const Key& parent, std::span<const std::int32_t> tokens) const = 0;
  /// Fills `block`, and returns true, when it is known.
  virtual bool load(const Key& key, std::span<std::byte> block) = 0;
  virtual void save(const Key& key, std::span<const std::byte> block) = 0;
};

}  // namespace frugal::engine
