#include "engine/output_text.h"

#include "text/utf8.h"

namespace frugal::engine {

std::string OutputText::feed(std::string_view bytes) {
  cut_ += stops_.feed(bytes);
  std::size_t whole = 0;
  while (whole < cut_.size()) {
    const text::Utf8Piece piece = text::utf8_piece(std::string_view(cut_).substr(whole));
    if (piece.kind == text::Utf8Kind::cut) break;
    whole += piece.length;
  }
  const std::string ready = cut_.substr(0, whole);
  cut_.erase(0, whole);
  return text::to_valid_utf8(ready);
}

std::string OutputText::finish() {
  cut_ += stops_.flush();
  return text::to_valid_utf8(std::exchange(cut_, {}));
}

}  // namespace frugal::engine
