// What the two halves of the parser read from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/lexer.h"

namespace frugal::text::jinja {

class TokenStream {
 public:
  TokenStream(std::vector<Token> tokens, std::string_view name)
      : tokens_(std::move(tokens)), name_(name) {}

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& take() {
    const Token& token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool take_if(TokenKind kind, std::string_view text) {
    if (!peek().is(kind, text)) return false;
    take();
    return true;
  }
  bool take_name(std::string_view name) { return take_if(TokenKind::name, name); }
  bool take_symbol(std::string_view symbol) { return take_if(TokenKind::symbol, symbol); }

  const Token& expect(TokenKind kind, std::string_view what) {
    if (peek().kind != kind) fail_expected(what);
    return take();
  }
  void expect_symbol(std::string_view symbol) {
    if (!take_symbol(symbol)) fail_expected(symbol);
  }
  void expect_name(std::string_view name) {
    if (!take_name(name)) fail_expected(name);
  }

  [[noreturn]] void fail_expected(std::string_view what) const {
    fail_here(fmt::format("expected {}, got {}", what, describe(peek())));
  }
  [[noreturn]] void fail_here(std::string_view message) const { fail_at(peek().at, message); }
  [[noreturn]] void fail_at(Position at, std::string_view message) const {
    jinja::fail_at(name_, at, message);
  }

  static std::string describe(const Token& token) {
    switch (token.kind) {
      case TokenKind::data:
        return "template text";
      case TokenKind::variable_begin:
        return "'{{'";
      case TokenKind::block_begin:
        return "'{%'";
      case TokenKind::end:
        return "the end of the template";
      default:
        return fmt::format("'{}'", printable(token.text));
    }
  }

 private:
  std::vector<Token> tokens_;
  std::string_view name_;
  std::size_t at_ = 0;
};

}  // namespace frugal::text::jinja
