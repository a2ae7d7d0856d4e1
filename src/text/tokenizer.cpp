#include "text/tokenizer.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <utility>

#include "base/error.h"
#include "text/tokenizer_parts.h"
#include "text/utf8.h"

namespace frugal::text {

namespace {

std::string_view decode_text(const TokenizerParts& parts, std::int32_t id) {
  return parts.decode_texts.has(id) ? parts.decode_texts.get(id)
                                    : parts.model.vocabulary().text(id);
}

bool flagged(const std::vector<bool>& flags, std::int32_t id) {
  return id >= 0 && static_cast<std::size_t>(id) < flags.size() &&
         flags[static_cast<std::size_t>(id)];
}

// One call of encode(): the buffers, and which pieces were seen already.
class Encoding {
 public:
  Encoding(const TokenizerParts& parts, std::size_t text_bytes, std::vector<std::int32_t>& ids)
      : parts_(parts),
        ids_(ids),
        seen_(std::clamp<std::size_t>(std::bit_ceil(text_bytes / 4 + 1), 16, kMaxSeen)) {}

  void add(std::string_view text, bool parse_special) {
    const char* const start = text.data();
    const PreTokenizer::Sink sink = [&](std::string_view piece) { add_piece(piece); };
    PreTokenizer::Run run{matcher_, storage_, sink};
    parts_.raw_finder.split(text, parse_special, [&](std::string_view part, std::int32_t id) {
      if (id != kNoToken) return ids_.push_back(id);
      std::string buffer;
      std::string_view normal = parts_.normalizer.apply(part, matcher_, buffer);
      if (!buffer.empty()) normal = storage_.emplace_back(std::move(buffer));
      const bool at_start = part.data() == start;
      parts_.normalized_finder.split(
          normal, parse_special, [&](std::string_view piece, std::int32_t added) {
            if (added != kNoToken) return ids_.push_back(added);
            parts_.pre_tokenizer.split(piece, at_start && piece.data() == normal.data(), run);
          });
    });
  }

 private:
  static constexpr std::size_t kMaxSeen = 1U << 16;
  static constexpr std::size_t kMaxSeenBytes = 128;  // longer pieces hardly ever come twice

  // A piece seen before: its ids stand in ids_ already.
  struct Seen {
    const char* text = nullptr;
    std::uint32_t bytes = 0;
    std::uint32_t count = 0;
    std::size_t first = 0;
  };

  void add_piece(std::string_view piece) {
    if (piece.size() > kMaxSeenBytes) return encode(piece);
    Seen& seen = seen_[hash_bytes(piece) & (seen_.size() - 1)];
    if (std::string_view(seen.text, seen.bytes) == piece) {
      const std::size_t old_size = ids_.size();
      ids_.resize(old_size + seen.count);
      std::copy_n(ids_.data() + seen.first, seen.count, ids_.data() + old_size);
      return;
    }
    const std::size_t first = ids_.size();
    encode(piece);
    seen = {piece.data(), static_cast<std::uint32_t>(piece.size()),
            static_cast<std::uint32_t>(ids_.size() - first), first};
  }

  void encode(std::string_view piece) {
    parts_.model.encode(piece, parts_.pre_tokenizer.byte_level(), scratch_, ids_);
  }

  const TokenizerParts& parts_;
  std::vector<std::int32_t>& ids_;
  std::vector<Seen> seen_;  // [a power of two], by hash, the newest wins
  Regex::Matcher matcher_;
  Bpe::Scratch scratch_;
  std::deque<std::string> storage_;  // what pieces point into when they are not in the text
};

}  // namespace

void finish_parts(TokenizerParts& parts, std::string_view what) {
  std::vector<AddedToken> raw;
  std::vector<AddedToken> normalized;
  Regex::Matcher matcher;
  const Vocabulary& model = parts.model.vocabulary();
  for (const AddedToken& token : parts.added) {
    require(token.id >= 0 && token.id < kMaxTokens,
            "{}: added token '{}' has id {}; it must be 0 to {}", what, printable(token.content),
            token.id, kMaxTokens - 1);
    const std::int32_t known = model.find(token.content);
    require(known == kNoToken || known == token.id,
            "{}: added token '{}' has id {}, and {} in the vocabulary", what,
            printable(token.content), token.id, known);
    require(known == token.id || (!model.has(token.id) && !parts.added_texts.has(token.id)),
            "{}: two tokens have id {}, '{}' is one", what, token.id, printable(token.content));
    if (known == kNoToken) {
      require(parts.added_texts.add(token.content, token.id), "{}: added token '{}' stands twice",
              what, printable(token.content));
    }
    AddedToken wanted = token;
    if (token.normalized) {
      std::string buffer;
      wanted.content = parts.normalizer.apply(token.content, matcher, buffer);
    }
    parts.decode_texts.set(token.id, wanted.content);
    (token.normalized ? normalized : raw).push_back(std::move(wanted));
  }
  parts.raw_finder = AddedTokenFinder(std::move(raw), what);
  parts.normalized_finder = AddedTokenFinder(std::move(normalized), what);

  const std::int32_t size = std::max(model.size(), parts.added_texts.size());
  parts.bytes.reserve(static_cast<std::size_t>(size), static_cast<std::size_t>(size) * 8);
  for (std::int32_t id = 0; id < size; ++id) {
    if (!model.has(id) && !parts.added_texts.has(id)) continue;
    parts.bytes.set(id, parts.decoder.token_bytes(decode_text(parts, id)));
  }
  parts.special.assign(static_cast<std::size_t>(size), false);
  parts.skipped.assign(static_cast<std::size_t>(size), false);
  for (const AddedToken& token : parts.added) {
    if (!token.special) continue;
    const auto index = static_cast<std::size_t>(token.id);
    parts.special[index] = true;
    // The Rust library compares the normalised text with the plain one; so do we.
    parts.skipped[index] = parts.decode_texts.get(token.id) == token.content;
  }
}

Tokenizer::Tokenizer(TokenizerParts parts)
    : parts_(std::make_unique<const TokenizerParts>(std::move(parts))) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, EncodeOptions options) const {
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = to_valid_utf8(text);
  std::vector<std::int32_t> ids;
  ids.reserve(text.size() / 3 + 8);
  if (options.add_special_tokens) ids = parts_->prefix;
  Encoding(*parts_, text.size(), ids).add(text, options.parse_special);
  if (options.add_special_tokens) {
    ids.insert(ids.end(), parts_->suffix.begin(), parts_->suffix.end());
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const std::int32_t id : ids) {
    if (!parts_->bytes.has(id) || (skip_special_tokens && flagged(parts_->skipped, id))) continue;
    tokens.emplace_back(decode_text(*parts_, id));
  }
  return parts_->decoder.decode(std::move(tokens));
}

std::string_view Tokenizer::token_bytes(std::int32_t id) const { return parts_->bytes.get(id); }

std::string_view Tokenizer::token_text(std::int32_t id) const {
  const Vocabulary& model = parts_->model.vocabulary();
  return model.has(id) ? model.text(id) : parts_->added_texts.text(id);
}

std::optional<std::int32_t> Tokenizer::id_of(std::string_view token) const {
  std::int32_t id = parts_->model.vocabulary().find(token);
  if (id == kNoToken) id = parts_->added_texts.find(token);
  if (id == kNoToken) return std::nullopt;
  return id;
}

std::int32_t Tokenizer::vocab_size() const { return parts_->bytes.size(); }
bool Tokenizer::is_special(std::int32_t id) const { return flagged(parts_->special, id); }
std::optional<std::int32_t> Tokenizer::bos_id() const { return parts_->bos; }
std::optional<std::int32_t> Tokenizer::eos_id() const { return parts_->eos; }
std::optional<std::int32_t> Tokenizer::pad_id() const { return parts_->pad; }

}  // namespace frugal::text
