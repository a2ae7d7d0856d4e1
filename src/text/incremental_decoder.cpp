#include "text/tokenizer.h"
#include "text/tokenizer_parts.h"
#include "text/utf8.h"

namespace frugal::text {

IncrementalDecoder::IncrementalDecoder(const Tokenizer& tokenizer, bool skip_special_tokens)
    : tokenizer_(tokenizer), skip_special_tokens_(skip_special_tokens) {
  const Decoder::Dropped dropped = tokenizer.parts_->decoder.dropped_at_start();
  dropped_ = dropped.text;
  times_ = drops_left_ = dropped.times;
}

std::string IncrementalDecoder::push(std::int32_t id) {
  if (skip_special_tokens_ && tokenizer_.is_special(id)) return {};
  kept_ += tokenizer_.token_bytes(id);
  for (; drops_left_ > 0 && kept_.size() >= dropped_.size(); --drops_left_) {
    if (!kept_.starts_with(dropped_)) {
      drops_left_ = 0;
      break;
    }
    kept_.erase(0, dropped_.size());
  }
  return take_whole();
}

std::string IncrementalDecoder::take_whole() {
  std::size_t whole = 0;
  while (whole < kept_.size()) {
    const Utf8Piece piece = utf8_piece(std::string_view(kept_).substr(whole));
    if (piece.kind == Utf8Kind::cut) break;
    whole += piece.length;
  }
  std::string out = to_valid_utf8(std::string_view(kept_).substr(0, whole));
  kept_.erase(0, whole);
  return out;
}

std::string IncrementalDecoder::finish() {
  std::string out = to_valid_utf8(kept_);
  kept_.clear();
  drops_left_ = times_;
  return out;
}

}  // namespace frugal::text
