// The half of the parser that reads expressions.
#pragma once

#include <initializer_list>
#include <string_view>

#include "text/jinja/ast.h"
#include "text/jinja/token_stream.h"

namespace frugal::text::jinja {

/// A recursive descent through Jinja's levels of precedence, one function each.
class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& stream) : stream_(stream), budget_(Limits{}) {}

  /// One expression; without `conditional` it cannot be `a if b else c`.
  ExpressionPtr expression(bool conditional = true);
  /// Expressions with commas between them are a tuple. It also ends before the name `end`.
  ExpressionPtr tuple(bool conditional = true, std::string_view end = {});
  /// What may be assigned to: names, tuples of targets and, if asked for, fields of namespaces.
  ExpressionPtr target(bool namespaces, std::string_view end = {});
  /// The filters after a `|`, applied to `operand`, which may be null.
  ExpressionPtr filters(ExpressionPtr operand);
  /// One filter without its `|`.
  ExpressionPtr filter(ExpressionPtr operand);

 private:
  ExpressionPtr condition();
  ExpressionPtr disjunction();
  ExpressionPtr conjunction();
  ExpressionPtr negation();
  ExpressionPtr comparison();
  ExpressionPtr sum();
  ExpressionPtr concatenation();
  ExpressionPtr product();
  ExpressionPtr power();
  ExpressionPtr unary(bool with_filters = true);
  ExpressionPtr postfix(ExpressionPtr operand);
  ExpressionPtr filters_and_tests(ExpressionPtr operand);
  ExpressionPtr test(ExpressionPtr operand);
  ExpressionPtr primary(bool namespaces = false);
  ExpressionPtr name(bool namespaces);
  ExpressionPtr list();
  ExpressionPtr dict();
  ExpressionPtr subscript(ExpressionPtr object);
  ExpressionPtr call(ExpressionPtr callee);
  PassedArguments arguments();
  ExpressionPtr tuple_of(bool simple, bool conditional, bool namespaces, std::string_view end,
                         bool parenthesized);
  std::string dotted_name();

  template <typename Node>
  ExpressionPtr make(Position at, Node node);
  void check_target(const Expression& target) const;

  friend class Nesting;

  TokenStream& stream_;
  Budget budget_;  // pays for constants
  unsigned nesting_ = 0;
};

}  // namespace frugal::text::jinja
