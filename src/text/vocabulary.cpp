#include "text/vocabulary.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"

namespace frugal::text {

void TextTable::reserve(std::size_t texts, std::size_t bytes) {
  entries_.reserve(texts);
  buffer_.reserve(bytes);
}

void TextTable::set(std::int32_t id, std::string_view text) {
  require(id >= 0 && id < kMaxTokens, "token id {} is out of range; it must be 0 to {}", id,
          kMaxTokens - 1);
  require(buffer_.size() + text.size() < UINT32_MAX, "the tokens' texts take more than 4 GiB");
  const auto index = static_cast<std::size_t>(id);
  if (index >= entries_.size()) entries_.resize(index + 1);
  entries_[index] = {static_cast<std::uint32_t>(buffer_.size()),
                     static_cast<std::uint32_t>(text.size())};
  buffer_ += text;
}

bool TextTable::has(std::int32_t id) const {
  return id >= 0 && id < size() && entries_[static_cast<std::size_t>(id)].length != UINT32_MAX;
}

std::string_view TextTable::get(std::int32_t id) const {
  if (!has(id)) return {};
  const Entry entry = entries_[static_cast<std::size_t>(id)];
  return std::string_view(buffer_).substr(entry.offset, entry.length);
}

std::uint64_t hash_bytes(std::string_view bytes) {
  std::uint64_t hash = bytes.size() * 0xD1B54A32D192ED03ULL;  // any odd number
  std::uint64_t word = 0;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::memcpy(&word, bytes.data(), 8);
    hash = mix_bits(hash ^ word);
  }
  word = 0;
  for (const char byte : bytes) word = word << 8 | static_cast<unsigned char>(byte);
  return mix_bits(mix_bits(hash ^ word) + 1);
}

void Vocabulary::reserve(std::size_t tokens, std::size_t bytes) {
  texts_.reserve(tokens, bytes);
  grow(std::bit_ceil(tokens * 2 + 1));
}

std::size_t Vocabulary::slot_of(std::string_view text, std::uint64_t hash) const {
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot].id != kNoToken &&
         (slots_[slot].tag != tag || texts_.get(slots_[slot].id) != text)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void Vocabulary::grow(std::size_t slots) {
  if (slots <= slots_.size()) return;
  slots_.assign(slots, Slot{});
  for (std::int32_t id = 0; id < texts_.size(); ++id) {
    if (!texts_.has(id)) continue;
    const std::uint64_t hash = hash_bytes(texts_.get(id));
    slots_[slot_of(texts_.get(id), hash)] = {static_cast<std::uint32_t>(hash >> 32), id};
  }
}

bool Vocabulary::add(std::string_view text, std::int32_t id) {
  if ((count_ + 1) * 2 > slots_.size()) grow(std::max<std::size_t>(64, slots_.size() * 2));
  const std::uint64_t hash = hash_bytes(text);
  Slot& slot = slots_[slot_of(text, hash)];
  if (slot.id != kNoToken) return false;
  texts_.set(id, text);
  slot = {static_cast<std::uint32_t>(hash >> 32), id};
  ++count_;
  return true;
}

std::int32_t Vocabulary::find(std::string_view text) const {
  return slots_.empty() ? kNoToken : slots_[slot_of(text, hash_bytes(text))].id;
}

}  // namespace frugal::text
