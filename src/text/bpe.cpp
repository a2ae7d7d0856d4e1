#include "text/bpe.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

#include "base/error.h"
#include "text/byte_level.h"
#include "text/utf8.h"

namespace frugal::text {

namespace {

constexpr int kRankBits = 22;
constexpr std::uint64_t kRankMask = (1ULL << kRankBits) - 1;
static_assert(kMaxTokens <= 1 << 21);

// Up to here looking at every pair again costs less than keeping them in a heap.
constexpr std::size_t kFew = 40;

}  // namespace

void MergeTable::reserve(std::size_t pairs) {
  merged_.reserve(pairs);
  grow(std::bit_ceil(pairs * 2 + 1));
}

std::size_t MergeTable::slot_of(std::uint64_t pair) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = mix_bits(pair) & mask;
  while (slots_[slot] != kEmpty && slots_[slot] >> kRankBits != pair) slot = (slot + 1) & mask;
  return slot;
}

void MergeTable::grow(std::size_t slots) {
  if (slots <= slots_.size()) return;
  const std::vector<std::uint64_t> old = std::exchange(slots_, {});
  slots_.assign(slots, kEmpty);
  for (const std::uint64_t entry : old) {
    if (entry != kEmpty) slots_[slot_of(entry >> kRankBits)] = entry;
  }
}

void MergeTable::set(std::int32_t left, std::int32_t right, std::uint32_t rank,
                     std::int32_t merged) {
  require(rank < kMaxRanks, "more than {} merges", kMaxRanks);
  if ((count_ + 1) * 2 > slots_.size()) grow(std::max<std::size_t>(64, slots_.size() * 2));
  const std::uint64_t pair =
      static_cast<std::uint64_t>(left) << 21 | static_cast<std::uint64_t>(right);
  std::uint64_t& slot = slots_[slot_of(pair)];
  if (slot == kEmpty) ++count_;
  slot = pair << kRankBits | rank;
  if (rank >= merged_.size()) merged_.resize(rank + 1, kNoToken);
  merged_[rank] = merged;
}

std::uint32_t MergeTable::rank(std::int32_t left, std::int32_t right) const {
  if (slots_.empty()) return kNoRank;
  const std::uint64_t pair =
      static_cast<std::uint64_t>(left) << 21 | static_cast<std::uint64_t>(right);
  const std::uint64_t slot = slots_[slot_of(pair)];
  return slot == kEmpty ? kNoRank : static_cast<std::uint32_t>(slot & kRankMask);
}

Bpe::Bpe(Vocabulary vocabulary, MergeTable merges, BpeOptions options)
    : vocabulary_(std::move(vocabulary)),
      merges_(std::move(merges)),
      options_(std::move(options)),
      unk_(options_.unk_token.empty() ? kNoToken : vocabulary_.find(options_.unk_token)) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char bytes[] = {static_cast<char>(byte)};
    byte_level_ids_[byte] = vocabulary_.find(to_byte_level(std::string_view(bytes, 1)));
    fallback_ids_[byte] =
        options_.byte_fallback ? vocabulary_.find(fmt::format("<0x{:02X}>", byte)) : kNoToken;
  }
}

void Bpe::encode(std::string_view piece, bool byte_level, Scratch& scratch,
                 std::vector<std::int32_t>& out) const {
  if (piece.empty()) return;
  const bool affixes =
      !options_.continuing_subword_prefix.empty() || !options_.end_of_word_suffix.empty();
  if (byte_level && (options_.ignore_merges || affixes)) {
    scratch.text = to_byte_level(piece);
    if (affixes) {
      piece = scratch.text;
      byte_level = false;
    }
  }
  if (options_.ignore_merges) {
    const std::int32_t whole = vocabulary_.find(byte_level ? scratch.text : piece);
    if (whole != kNoToken) {
      out.push_back(whole);
      return;
    }
  }
  std::vector<Symbol>& symbols = scratch.symbols;
  symbols.clear();
  byte_level ? first_symbols_of_bytes(piece, symbols) : first_symbols_of_chars(piece, symbols);
  symbols.size() <= kFew ? merge_few(symbols) : merge_many(scratch);
  for (const Symbol& symbol : symbols) {
    if (symbol.id != kNoToken) out.push_back(symbol.id);
  }
}

// An unknown token is held back until the next known one, so that a run can be fused. Bytes do not
// end a run: that is how the Rust library does it.
void Bpe::push(std::int32_t id, std::string_view text, bool& unknown,
               std::vector<Symbol>& symbols) const {
  if (id == kNoToken) {
    if (options_.byte_fallback && push_bytes(text, symbols)) return;
    if (options_.unk_token.empty()) return;
    require(unk_ != kNoToken, "the unknown token '{}' is not in the vocabulary",
            printable(options_.unk_token));
    if (unknown && !options_.fuse_unk) symbols.push_back({unk_, MergeTable::kNoRank, 0, 0});
    unknown = true;
    return;
  }
  if (unknown) symbols.push_back({unk_, MergeTable::kNoRank, 0, 0});
  unknown = false;
  symbols.push_back({id, MergeTable::kNoRank, 0, 0});
}

void Bpe::first_symbols_of_bytes(std::string_view piece, std::vector<Symbol>& symbols) const {
  bool unknown = false;
  for (const char& c : piece) {
    const std::int32_t id = byte_level_ids_[static_cast<unsigned char>(c)];
    if (id != kNoToken) [[likely]] {
      push(id, {}, unknown, symbols);
    } else {
      push(id, to_byte_level({&c, 1}), unknown, symbols);
    }
  }
  if (unknown) symbols.push_back({unk_, MergeTable::kNoRank, 0, 0});
}

void Bpe::first_symbols_of_chars(std::string_view piece, std::vector<Symbol>& symbols) const {
  bool unknown = false;
  std::string affixed;
  for (bool first = true; !piece.empty(); first = false) {
    std::string_view text = piece.substr(0, utf8_length(piece[0]));
    piece.remove_prefix(text.size());
    std::string_view prefix;
    std::string_view suffix;
    if (!first) prefix = options_.continuing_subword_prefix;
    if (piece.empty()) suffix = options_.end_of_word_suffix;
    if (!prefix.empty() || !suffix.empty()) {
      affixed.assign(prefix).append(text).append(suffix);
      text = affixed;
    }
    push(vocabulary_.find(text), text, unknown, symbols);
  }
  if (unknown) symbols.push_back({unk_, MergeTable::kNoRank, 0, 0});
}

bool Bpe::push_bytes(std::string_view text, std::vector<Symbol>& symbols) const {
  const std::size_t before = symbols.size();
  for (const char c : text) {
    const std::int32_t id = fallback_ids_[static_cast<unsigned char>(c)];
    if (id == kNoToken) {
      symbols.resize(before);
      return false;
    }
    symbols.push_back({id, MergeTable::kNoRank, 0, 0});
  }
  return true;
}

void Bpe::merge_few(std::vector<Symbol>& symbols) const {
  const auto rank_at = [&](std::size_t i) {
    return i + 1 < symbols.size() ? merges_.rank(symbols[i].id, symbols[i + 1].id)
                                  : MergeTable::kNoRank;
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) symbols[i].rank = rank_at(i);
  while (symbols.size() > 1) {
    const auto best =
        std::min_element(symbols.begin(), symbols.end(),
                         [](const Symbol& a, const Symbol& b) { return a.rank < b.rank; });
    if (best->rank == MergeTable::kNoRank) break;
    best->id = merges_.merged(best->rank);
    const auto i = static_cast<std::size_t>(best - symbols.begin());
    symbols.erase(best + 1);
    symbols[i].rank = rank_at(i);
    if (i > 0) symbols[i - 1].rank = rank_at(i - 1);
  }
}

// The same with a linked list and a heap of (rank, position). An entry whose pair has changed since
// is recognised by its rank and dropped.
void Bpe::merge_many(Scratch& scratch) const {
  std::vector<Symbol>& symbols = scratch.symbols;
  std::vector<std::uint64_t>& queue = scratch.queue;
  const auto n = static_cast<std::int32_t>(symbols.size());
  const auto at = [&](std::int32_t i) -> Symbol& { return symbols[static_cast<std::size_t>(i)]; };
  const auto update_rank = [&](std::int32_t i) {
    at(i).rank = at(i).next < n ? merges_.rank(at(i).id, at(at(i).next).id) : MergeTable::kNoRank;
    return at(i).rank != MergeTable::kNoRank;
  };
  const auto entry = [&](std::int32_t i) {
    return static_cast<std::uint64_t>(at(i).rank) << 32 | static_cast<std::uint64_t>(i);
  };
  queue.clear();
  for (std::int32_t i = 0; i < n; ++i) {
    at(i).previous = i - 1;
    at(i).next = i + 1;
  }
  for (std::int32_t i = 0; i < n; ++i) {
    if (update_rank(i)) queue.push_back(entry(i));
  }
  std::make_heap(queue.begin(), queue.end(), std::greater<>());
  while (!queue.empty()) {
    std::pop_heap(queue.begin(), queue.end(), std::greater<>());
    const std::uint64_t top = queue.back();
    queue.pop_back();
    const auto i = static_cast<std::int32_t>(top & UINT32_MAX);
    if (at(i).id == kNoToken || entry(i) != top) continue;
    Symbol& left = at(i);
    Symbol& right = at(left.next);
    left.id = merges_.merged(left.rank);
    left.next = right.next;
    right.id = kNoToken;
    if (left.next < n) at(left.next).previous = i;
    for (const std::int32_t changed : {left.previous, i}) {
      if (changed < 0 || !update_rank(changed)) continue;
      queue.push_back(entry(changed));
      std::push_heap(queue.begin(), queue.end(), std::greater<>());
    }
  }
}

}  // namespace frugal::text
