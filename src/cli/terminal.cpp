#include "cli/terminal.h"

#include <unistd.h>

#include <cstdlib>

#include "text/utf8.h"

namespace frugal::cli {

namespace {

constexpr const char* kReplacement = "\uFFFD";

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  // U+0080 to U+009F: some terminals take them for escape sequences.
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

}  // namespace

Style style_for(int stream) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool wanted = no_color == nullptr || *no_color == '\0';
  const bool able = terminal != nullptr && std::string_view(terminal) != "dumb";
  if (!wanted || !able || ::isatty(stream) != 1) return {};
  return {.dim = "\033[2m", .bold = "\033[1m", .reset = "\033[0m"};
}

std::string TerminalText::feed(std::string_view bytes) {
  kept_ += bytes;
  std::string_view rest = kept_;
  std::string out;
  while (!rest.empty()) {
    const text::Utf8Piece piece = text::utf8_piece(rest);
    if (piece.kind == text::Utf8Kind::cut) break;
    const std::string_view character = rest.substr(0, piece.length);
    rest.remove_prefix(piece.length);
    if (character == "\r") continue;  // of a line's end, as some models write it
    const bool plain = character == "\n" || character == "\t" ||
                       (piece.kind == text::Utf8Kind::whole && !is_control(character));
    out += plain ? character : kReplacement;
  }
  kept_ = std::string(rest);
  return out;
}

std::string TerminalText::finish() {
  const bool unfinished = !kept_.empty();
  kept_.clear();
  return unfinished ? kReplacement : "";
}

}  // namespace frugal::cli
