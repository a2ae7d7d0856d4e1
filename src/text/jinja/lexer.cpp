#include "text/jinja/lexer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "text/jinja/string_literal.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

void fail_at(std::string_view name, Position at, std::string_view message) {
  fail("{}, line {}, column {}: {}", name, at.line, at.column, message);
}

namespace {

// Longest first, so that the first match is the right one.
constexpr std::string_view kSymbols[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                         "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                         ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};

bool is_digit_in(char c, unsigned base) {
  const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                         : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                : 99;
  return digit < base;
}

class Lexer {
 public:
  Lexer(std::string source, std::string_view name) : source_(std::move(source)), name_(name) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) text_and_tag();
    add(TokenKind::end, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void error(std::string_view message) const { fail_at(name_, here_, message); }

  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  std::string_view rest() const { return std::string_view(source_).substr(at_); }
  bool at(std::string_view wanted) const { return rest().starts_with(wanted); }

  // Moves on, counting lines and columns.
  void skip(std::size_t bytes) {
    for (const std::size_t end = at_ + bytes; at_ < end; ++at_) {
      if (source_[at_] == '\n') {
        here_ = {here_.line + 1, 1};
      } else if ((static_cast<unsigned char>(source_[at_]) & 0xC0) != 0x80) {
        ++here_.column;
      }
    }
  }
  void skip_spaces() { skip(rest().size() - strip_left(rest()).size()); }

  void add(TokenKind kind, std::string_view text) {
    tokens_.push_back({kind, std::string(text), here_});
  }

  // Template text up to the next tag, then the tag.
  void text_and_tag() {
    std::size_t tag = source_.find('{', at_);
    while (tag != std::string::npos && !is_tag(tag)) tag = source_.find('{', tag + 1);
    if (tag == std::string::npos) {
      add(TokenKind::data, rest());
      skip(rest().size());
      return;
    }
    const char kind = source_[tag + 1];
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    add_text(tag, sign, kind != '{');
    skip(tag - at_);
    const Position start = here_;
    if (kind == '#') {
      comment();
    } else if (kind == '%' && raw_begin()) {
      raw();
    } else {
      skip(2);
      if (sign == '-' || sign == '+') skip(1);
      tokens_.push_back(
          {kind == '%' ? TokenKind::block_begin : TokenKind::variable_begin, "", start});
      inside_tag(kind == '%');
    }
  }

  bool is_tag(std::size_t place) const {
    const char next = place + 1 < source_.size() ? source_[place + 1] : '\0';
    return next == '%' || next == '{' || next == '#';
  }

  // The text from here to the tag at `end`. A minus strips all white space before the tag; without
  // a sign, a block or comment that stands first on its line takes its indentation with it.
  void add_text(std::size_t end, char sign, bool strips_indent) {
    std::string_view text = std::string_view(source_).substr(at_, end - at_);
    if (sign == '-') {
      text = strip_right(text);
    } else if (sign != '+' && strips_indent) {
      const std::size_t newline = text.rfind('\n');
      const std::size_t line = newline == std::string_view::npos ? 0 : newline + 1;
      if ((line > 0 || starts_line_) && strip_left(text.substr(line)).empty()) {
        text = text.substr(0, line);
      }
    }
    if (!text.empty()) add(TokenKind::data, text);
  }

  // Skips the end of a block, comment or raw block that stands here: its first newline goes too.
  bool block_end(std::string_view end) {
    std::size_t size = end.size();
    if (at(end)) {
      if (peek(size) == '\n') ++size;
      skip(size);
    } else if ((peek() == '-' || peek() == '+') && rest().substr(1).starts_with(end)) {
      const bool strips = peek() == '-';
      skip(size + 1);
      if (strips) skip_spaces();
    } else {
      return false;
    }
    starts_line_ = source_[at_ - 1] == '\n';
    return true;
  }

  void comment() {
    const Position start = here_;
    skip(2);
    if (at_ == source_.size()) return;  // Jinja lets this pass
    while (!block_end("#}")) {
      if (at_ >= source_.size()) fail_at(name_, start, "missing end of comment tag");
      skip(1);
    }
  }

  // The length of a `{% raw %}` or `{% endraw %}` up to its end, or nothing.
  std::optional<std::size_t> raw_tag(std::size_t place, std::string_view word) const {
    std::string_view text = std::string_view(source_).substr(place + 2);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    text = strip_left(text);
    if (!text.starts_with(word)) return std::nullopt;
    text = strip_left(text.substr(word.size()));
    return source_.size() - text.size() - place;
  }

  bool raw_begin() {
    const std::optional<std::size_t> size = raw_tag(at_, "raw");
    if (!size) return false;
    const std::string_view end = rest().substr(*size);
    if (!end.starts_with("%}") && !end.starts_with("-%}")) return false;
    const bool strips = end[0] == '-';
    skip(*size + (strips ? 3 : 2));
    if (strips) skip_spaces();
    starts_line_ = source_[at_ - 1] == '\n';
    return true;
  }

  void raw() {
    const Position start = here_;
    if (at_ == source_.size()) return;  // Jinja lets this pass
    for (std::size_t tag = source_.find("{%", at_); tag != std::string::npos;
         tag = source_.find("{%", tag + 1)) {
      const std::optional<std::size_t> size = raw_tag(tag, "endraw");
      if (!size) continue;
      const std::string_view end = std::string_view(source_).substr(tag + *size);
      if (!end.starts_with("%}") && !end.starts_with("-%}") && !end.starts_with("+%}")) continue;
      add_text(tag, source_[tag + 2], true);
      skip(tag + *size - at_);
      block_end("%}");
      return;
    }
    fail_at(name_, start, "missing end of raw directive");
  }

  void inside_tag(bool is_block) {
    open_.clear();
    while (true) {
      skip_spaces();
      if (at_ >= source_.size()) return;  // the parser knows what is missing
      if (open_.empty() && tag_end(is_block)) return;
      token();
    }
  }

  bool tag_end(bool is_block) {
    const Position start = here_;
    if (is_block) {
      if (!block_end("%}")) return false;
    } else if (at("-}}")) {
      skip(3);
      skip_spaces();
    } else if (at("}}")) {
      skip(2);
    } else {
      return false;
    }
    starts_line_ = source_[at_ - 1] == '\n';
    tokens_.push_back(
        {is_block ? TokenKind::block_end : TokenKind::variable_end, is_block ? "%}" : "}}", start});
    return true;
  }

  void token() {
    if (peek() >= '0' && peek() <= '9') return number();
    if (peek() == '\'' || peek() == '"') return string();
    std::size_t end = at_;
    if (starts_identifier(next_code_point(source_, end))) return identifier();
    for (const std::string_view symbol : kSymbols) {
      if (at(symbol)) return this->symbol(symbol);
    }
    error(fmt::format("unexpected character '{}'", printable(rest().substr(0, end - at_))));
  }

  void symbol(std::string_view text) {
    const char c = text[0];
    if (c == '(' || c == '[' || c == '{') {
      open_.push_back(c == '(' ? ')' : c == '[' ? ']' : '}');
    } else if (c == ')' || c == ']' || c == '}') {
      if (open_.empty()) error(fmt::format("unexpected '{}'", c));
      if (open_.back() != c) {
        error(fmt::format("unexpected '{}', expected '{}'", c, open_.back()));
      }
      open_.pop_back();
    }
    add(TokenKind::symbol, text);
    skip(text.size());
  }

  void identifier() {
    std::size_t end = at_;
    for (std::size_t next = end; next < source_.size(); end = next) {
      if (!continues_identifier(next_code_point(source_, next))) break;
    }
    add(TokenKind::name, rest().substr(0, end - at_));
    skip(end - at_);
  }

  void string() {
    const char quote = peek();
    std::size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) error("this string has no end");
    const std::string_view inside = std::string_view(source_).substr(at_ + 1, end - at_ - 1);
    try {
      add(TokenKind::string, unescape(inside));
    } catch (const Error& problem) {
      error(problem.what());
    }
    skip(end + 1 - at_);
  }

  // Digits from `start`, of the base, with single underscores between them.
  std::size_t digits(std::size_t start, unsigned base) const {
    std::size_t end = start;
    while (end < source_.size()) {
      if (is_digit_in(source_[end], base)) {
        ++end;
      } else if (source_[end] == '_' && end > start && end + 1 < source_.size() &&
                 is_digit_in(source_[end + 1], base)) {
        end += 2;
      } else {
        break;
      }
    }
    return end;
  }

  // The end of a float that starts here, or nothing when no float does.
  std::optional<std::size_t> float_end() const {
    if (at_ > 0 && source_[at_ - 1] == '.') return std::nullopt;  // x.1.2 holds no float
    const std::size_t whole = digits(at_, 10);
    std::size_t end = whole;
    if (end < source_.size() && source_[end] == '.') {
      const std::size_t fraction = digits(end + 1, 10);
      if (fraction > end + 1) end = fraction;
    }
    if (end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
      std::size_t exponent = end + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) {
        ++exponent;
      }
      const std::size_t exponent_end = digits(exponent, 10);
      if (exponent_end > exponent) return exponent_end;
    }
    return end > whole ? std::optional(end) : std::nullopt;
  }

  void number() {
    if (const std::optional<std::size_t> end = float_end()) {
      std::string text = source_.substr(at_, *end - at_);
      std::erase(text, '_');
      Token token{TokenKind::real, text, here_};
      // Too large becomes infinite and too small 0, as in Python.
      token.real = std::strtod(text.c_str(), nullptr);
      tokens_.push_back(token);
      return skip(*end - at_);
    }
    const char letter = static_cast<char>(peek(1) | 0x20);
    unsigned base = peek() != '0'   ? 10
                    : letter == 'b' ? 2
                    : letter == 'o' ? 8
                    : letter == 'x' ? 16
                                    : 10;
    std::size_t start = base == 10 ? at_ : at_ + 2;
    if (base != 10 && peek(2) == '_') ++start;
    std::size_t end = digits(start, base);
    if (base != 10 && end == start) {  // a lone 0, then a name
      base = 10;
      start = at_;
      end = at_ + 1;
    } else if (base == 10 && peek() == '0') {  // zeros only
      for (end = at_ + 1; end < source_.size() && source_[end] == '0';) ++end;
    }
    std::string text = source_.substr(start, end - start);
    std::erase(text, '_');
    Token token{TokenKind::integer, text, here_};
    const auto result = std::from_chars(text.data(), text.data() + text.size(), token.integer,
                                        static_cast<int>(base));
    if (result.ec != std::errc()) error("an integer leaves the range of 64 bits");
    tokens_.push_back(token);
    skip(end - at_);
  }

  std::string source_;
  std::string_view name_;
  std::vector<Token> tokens_;
  std::vector<char> open_;  // the brackets that wait for their end
  std::size_t at_ = 0;
  Position here_;
  bool starts_line_ = true;  // whether the last tag ended with a newline
};

// Only "\n" ends lines from here on, and one newline at the very end does not count.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else if (i + 1 == source.size() || source[i + 1] != '\n') {
      out += '\n';
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace

std::vector<Token> tokenize(std::string_view source, std::string_view name) {
  return Lexer(normalized(source), name).run();
}

}  // namespace frugal::text::jinja
