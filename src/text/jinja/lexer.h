// Cuts the source of a template into tokens, as Jinja does with trim_blocks and lstrip_blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace frugal::text::jinja {

/// Where something stands in the source, both counted from 1; columns count characters.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// Throws Error: "TEMPLATE, line L, column C: MESSAGE".
[[noreturn]] void fail_at(std::string_view name, Position at, std::string_view message);

enum class TokenKind {
  data,
  variable_begin,
  variable_end,
  block_begin,
  block_end,
  name,
  string,
  integer,
  real,
  symbol,
  end
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // a string without quotes and with its escapes resolved
  Position at;
  std::int64_t integer = 0;
  double real = 0;

  bool is(TokenKind wanted, std::string_view wanted_text) const {
    return kind == wanted && text == wanted_text;
  }
  bool is_name(std::string_view wanted) const { return is(TokenKind::name, wanted); }
  bool is_symbol(std::string_view wanted) const { return is(TokenKind::symbol, wanted); }
};

/// The tokens of `source`, which must be UTF-8, with a last one of kind `end`. Comments and white
/// space inside of tags are left out. Throws Error with `name`, line and column.
std::vector<Token> tokenize(std::string_view source, std::string_view name);

}  // namespace frugal::text::jinja
