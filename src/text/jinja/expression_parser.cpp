#include "text/jinja/expression_parser.h"

#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/tests.h"

namespace frugal::text::jinja {

// Far above what templates need, and little enough for the stack of the parser, the interpreter
// and the destructors.
constexpr unsigned kDeepest = 200;

class Nesting {
 public:
  explicit Nesting(ExpressionParser& parser) : parser_(parser) {
    if (parser.nesting_ >= kDeepest) parser.stream_.fail_here("expressions nested too deeply");
    ++parser.nesting_;
  }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;
  ~Nesting() { --parser_.nesting_; }

 private:
  ExpressionParser& parser_;
};

template <typename Node>
ExpressionPtr ExpressionParser::make(Position at, Node node) {
  auto expression = std::make_unique<Expression>(Expression{at, std::move(node)});
  for_each_child(*expression, [&](const Expression& child) {
    expression->depth = std::max(expression->depth, child.depth + 1);
  });
  if (expression->depth > kDeepest) stream_.fail_at(at, "an expression of too many parts");
  return expression;
}

ExpressionPtr ExpressionParser::expression(bool conditional) {
  const Nesting guard(*this);
  return conditional ? condition() : disjunction();
}

ExpressionPtr ExpressionParser::condition() {
  const Position at = stream_.peek().at;
  ExpressionPtr value = disjunction();
  while (stream_.take_name("if")) {
    ExpressionPtr test = disjunction();
    ExpressionPtr otherwise = stream_.take_name("else") ? expression() : nullptr;
    value = make(at, Conditional{std::move(test), std::move(value), std::move(otherwise)});
  }
  return value;
}

ExpressionPtr ExpressionParser::disjunction() {
  const Position at = stream_.peek().at;
  ExpressionPtr left = conjunction();
  while (stream_.take_name("or")) {
    ExpressionPtr right = conjunction();
    left = make(at, Logic{false, std::move(left), std::move(right)});
  }
  return left;
}

ExpressionPtr ExpressionParser::conjunction() {
  const Position at = stream_.peek().at;
  ExpressionPtr left = negation();
  while (stream_.take_name("and")) {
    ExpressionPtr right = negation();
    left = make(at, Logic{true, std::move(left), std::move(right)});
  }
  return left;
}

ExpressionPtr ExpressionParser::negation() {
  const Position at = stream_.peek().at;
  if (!stream_.take_name("not")) return comparison();
  const Nesting guard(*this);
  return make(at, Negation{negation()});
}

namespace {

std::optional<Comparison> comparison_symbol(const Token& token) {
  if (token.kind != TokenKind::symbol) return std::nullopt;
  if (token.text == "==") return Comparison::eq;
  if (token.text == "!=") return Comparison::ne;
  if (token.text == "<") return Comparison::lt;
  if (token.text == "<=") return Comparison::le;
  if (token.text == ">") return Comparison::gt;
  if (token.text == ">=") return Comparison::ge;
  return std::nullopt;
}

}  // namespace

ExpressionPtr ExpressionParser::comparison() {
  const Position at = stream_.peek().at;
  Comparisons chain{sum(), {}};
  while (true) {
    if (const std::optional<Comparison> op = comparison_symbol(stream_.peek())) {
      stream_.take();
      chain.rest.emplace_back(*op, sum());
    } else if (stream_.take_name("in")) {
      chain.rest.emplace_back(Comparison::in, sum());
    } else if (stream_.peek().is_name("not") && stream_.peek(1).is_name("in")) {
      stream_.take();
      stream_.take();
      chain.rest.emplace_back(Comparison::not_in, sum());
    } else {
      break;
    }
  }
  return chain.rest.empty() ? std::move(chain.first) : make(at, std::move(chain));
}

ExpressionPtr ExpressionParser::sum() {
  ExpressionPtr left = concatenation();
  while (stream_.peek().is_symbol("+") || stream_.peek().is_symbol("-")) {
    const Token& symbol = stream_.take();
    const Position at = symbol.at;
    const Operator op = symbol.text == "+" ? Operator::add : Operator::subtract;
    ExpressionPtr right = concatenation();
    left = make(at, Arithmetic{op, std::move(left), std::move(right)});
  }
  return left;
}

ExpressionPtr ExpressionParser::concatenation() {
  const Position at = stream_.peek().at;
  Concatenation all;
  all.parts.push_back(product());
  while (stream_.take_symbol("~")) all.parts.push_back(product());
  return all.parts.size() == 1 ? std::move(all.parts[0]) : make(at, std::move(all));
}

ExpressionPtr ExpressionParser::product() {
  ExpressionPtr left = power();
  while (true) {
    const Position at = stream_.peek().at;
    Operator op = Operator::multiply;
    if (stream_.take_symbol("/")) {
      op = Operator::divide;
    } else if (stream_.take_symbol("//")) {
      op = Operator::floor_divide;
    } else if (stream_.take_symbol("%")) {
      op = Operator::modulo;
    } else if (!stream_.take_symbol("*")) {
      return left;
    }
    ExpressionPtr right = power();
    left = make(at, Arithmetic{op, std::move(left), std::move(right)});
  }
}

// Jinja's power groups to the left, and takes a sign on its left side as part of the base.
ExpressionPtr ExpressionParser::power() {
  ExpressionPtr left = unary();
  while (true) {
    const Position at = stream_.peek().at;
    if (!stream_.take_symbol("**")) return left;
    ExpressionPtr right = unary();
    left = make(at, Arithmetic{Operator::power, std::move(left), std::move(right)});
  }
}

ExpressionPtr ExpressionParser::unary(bool with_filters) {
  const Nesting guard(*this);
  const Position at = stream_.peek().at;
  ExpressionPtr value;
  if (stream_.take_symbol("-")) {
    value = make(at, Sign{true, unary(false)});
  } else if (stream_.take_symbol("+")) {
    value = make(at, Sign{false, unary(false)});
  } else {
    value = primary();
  }
  value = postfix(std::move(value));
  return with_filters ? filters_and_tests(std::move(value)) : std::move(value);
}

ExpressionPtr ExpressionParser::postfix(ExpressionPtr operand) {
  while (true) {
    if (stream_.peek().is_symbol(".") || stream_.peek().is_symbol("[")) {
      operand = subscript(std::move(operand));
    } else if (stream_.peek().is_symbol("(")) {
      operand = call(std::move(operand));
    } else {
      return operand;
    }
  }
}

ExpressionPtr ExpressionParser::filters_and_tests(ExpressionPtr operand) {
  while (true) {
    if (stream_.peek().is_symbol("|")) {
      operand = filters(std::move(operand));
    } else if (stream_.peek().is_name("is")) {
      operand = test(std::move(operand));
    } else if (stream_.peek().is_symbol("(")) {
      operand = call(std::move(operand));
    } else {
      return operand;
    }
  }
}

ExpressionPtr ExpressionParser::filters(ExpressionPtr operand) {
  while (stream_.take_symbol("|")) operand = filter(std::move(operand));
  return operand;
}

ExpressionPtr ExpressionParser::filter(ExpressionPtr operand) {
  const Position at = stream_.peek().at;
  std::string name = dotted_name();
  PassedArguments passed;
  if (stream_.peek().is_symbol("(")) passed = arguments();
  const Method* found = find_filter(name);
  return make(at, FilterOf{std::move(operand), std::move(name), found, std::move(passed)});
}

std::string ExpressionParser::dotted_name() {
  std::string name = stream_.expect(TokenKind::name, "a name").text;
  while (stream_.take_symbol(".")) name += "." + stream_.expect(TokenKind::name, "a name").text;
  return name;
}

ExpressionPtr ExpressionParser::test(ExpressionPtr operand) {
  stream_.expect_name("is");
  const bool negated = stream_.take_name("not");
  const Position at = stream_.peek().at;
  std::string name = dotted_name();
  PassedArguments passed;
  const Token& next = stream_.peek();
  if (next.is_symbol("(")) {
    passed = arguments();
  } else if ((next.kind == TokenKind::name || next.kind == TokenKind::string ||
              next.kind == TokenKind::integer || next.kind == TokenKind::real ||
              next.is_symbol("[") || next.is_symbol("{")) &&
             !next.is_name("else") && !next.is_name("or") && !next.is_name("and")) {
    if (next.is_name("is")) stream_.fail_here("tests with 'is' cannot be chained");
    passed.positional.push_back(postfix(primary()));
  }
  const Method* found = find_test(name);
  ExpressionPtr result =
      make(at, TestOf{std::move(operand), std::move(name), found, std::move(passed)});
  return negated ? make(at, Negation{std::move(result)}) : std::move(result);
}

ExpressionPtr ExpressionParser::primary(bool namespaces) {
  const Token& token = stream_.peek();
  const Position at = token.at;
  switch (token.kind) {
    case TokenKind::name:
      return name(namespaces);
    case TokenKind::integer:
      return make(at, Constant{Value::integer(stream_.take().integer)});
    case TokenKind::real:
      return make(at, Constant{Value::real(stream_.take().real)});
    case TokenKind::string: {
      std::string text;  // strings next to each other are one
      while (stream_.peek().kind == TokenKind::string) text += stream_.take().text;
      return make(at, Constant{Value::string(budget_, std::move(text))});
    }
    default:
      break;
  }
  if (stream_.take_symbol("(")) {
    ExpressionPtr inside = tuple_of(false, true, false, {}, true);
    stream_.expect_symbol(")");
    return inside;
  }
  if (token.is_symbol("[")) return list();
  if (token.is_symbol("{")) return dict();
  stream_.fail_here(fmt::format("unexpected {}", TokenStream::describe(token)));
}

ExpressionPtr ExpressionParser::name(bool namespaces) {
  const Token& token = stream_.take();
  const Position at = token.at;
  const std::string text = token.text;
  if (text == "true" || text == "True") return make(at, Constant{Value::boolean(true)});
  if (text == "false" || text == "False") return make(at, Constant{Value::boolean(false)});
  if (text == "none" || text == "None") return make(at, Constant{Value::none()});
  if (namespaces && stream_.take_symbol(".")) {
    return make(at, NamespaceField{text, stream_.expect(TokenKind::name, "a name").text});
  }
  return make(at, Name{text});
}

ExpressionPtr ExpressionParser::list() {
  const Position at = stream_.take().at;
  ListDisplay display;
  while (!stream_.peek().is_symbol("]")) {
    if (!display.items.empty()) stream_.expect_symbol(",");
    if (stream_.peek().is_symbol("]")) break;
    display.items.push_back(expression());
  }
  stream_.expect_symbol("]");
  return make(at, std::move(display));
}

ExpressionPtr ExpressionParser::dict() {
  const Position at = stream_.take().at;
  DictDisplay display;
  while (!stream_.peek().is_symbol("}")) {
    if (!display.items.empty()) stream_.expect_symbol(",");
    if (stream_.peek().is_symbol("}")) break;
    ExpressionPtr key = expression();
    stream_.expect_symbol(":");
    display.items.emplace_back(std::move(key), expression());
  }
  stream_.expect_symbol("}");
  return make(at, std::move(display));
}

ExpressionPtr ExpressionParser::subscript(ExpressionPtr object) {
  const Position at = stream_.peek().at;
  if (stream_.take_symbol(".")) {
    const Token& token = stream_.take();
    if (token.kind == TokenKind::name) return make(at, Attribute{std::move(object), token.text});
    if (token.kind != TokenKind::integer) stream_.fail_at(token.at, "expected a name or number");
    return make(at,
                Item{std::move(object), make(token.at, Constant{Value::integer(token.integer)})});
  }
  stream_.expect_symbol("[");
  const auto part = [&]() -> ExpressionPtr {  // of a slice
    const Token& next = stream_.peek();
    if (next.is_symbol(":") || next.is_symbol("]") || next.is_symbol(",")) return nullptr;
    return expression();
  };
  TupleDisplay indices;
  while (!stream_.peek().is_symbol("]")) {
    if (!indices.items.empty()) stream_.expect_symbol(",");
    ExpressionPtr index = stream_.peek().is_symbol(":") ? nullptr : expression();
    if (index == nullptr || stream_.peek().is_symbol(":")) {
      if (!indices.items.empty()) stream_.fail_here("a slice among several indices");
      stream_.expect_symbol(":");
      ExpressionPtr stop = part();
      ExpressionPtr step = stream_.take_symbol(":") ? part() : nullptr;
      stream_.expect_symbol("]");
      return make(at,
                  SliceOf{std::move(object), std::move(index), std::move(stop), std::move(step)});
    }
    indices.items.push_back(std::move(index));
  }
  stream_.expect_symbol("]");
  ExpressionPtr index =
      indices.items.size() == 1 ? std::move(indices.items[0]) : make(at, std::move(indices));
  return make(at, Item{std::move(object), std::move(index)});
}

ExpressionPtr ExpressionParser::call(ExpressionPtr callee) {
  const Position at = stream_.peek().at;
  PassedArguments passed = arguments();
  return make(at, CallOf{std::move(callee), std::move(passed)});
}

PassedArguments ExpressionParser::arguments() {
  stream_.expect_symbol("(");
  PassedArguments passed;
  const auto check = [&](bool condition) {
    if (!condition) stream_.fail_here("arguments in the wrong order");
  };
  for (bool first = true; !stream_.peek().is_symbol(")"); first = false) {
    if (!first) {
      stream_.expect_symbol(",");
      if (stream_.peek().is_symbol(")")) break;
    }
    if (stream_.take_symbol("*")) {
      check(passed.more_positional == nullptr && passed.more_named == nullptr);
      passed.more_positional = expression();
    } else if (stream_.take_symbol("**")) {
      check(passed.more_named == nullptr);
      passed.more_named = expression();
    } else if (stream_.peek().kind == TokenKind::name && stream_.peek(1).is_symbol("=")) {
      check(passed.more_named == nullptr);
      const std::string name = stream_.take().text;
      stream_.take();
      for (const auto& argument : passed.named) {
        if (argument.first == name) stream_.fail_here(fmt::format("'{}' is passed twice", name));
      }
      passed.named.emplace_back(name, expression());
    } else {
      check(passed.more_positional == nullptr && passed.more_named == nullptr &&
            passed.named.empty());
      passed.positional.push_back(expression());
    }
  }
  stream_.expect_symbol(")");
  return passed;
}

ExpressionPtr ExpressionParser::tuple(bool conditional, std::string_view end) {
  return tuple_of(false, conditional, false, end, false);
}

ExpressionPtr ExpressionParser::tuple_of(bool simple, bool conditional, bool namespaces,
                                         std::string_view end, bool parenthesized) {
  const Position at = stream_.peek().at;
  TupleDisplay display;
  bool is_tuple = false;
  while (true) {
    const Token& next = stream_.peek();
    if (next.kind == TokenKind::variable_end || next.kind == TokenKind::block_end ||
        next.is_symbol(")") || (!end.empty() && next.is_name(end))) {
      break;
    }
    display.items.push_back(simple ? primary(namespaces) : expression(conditional));
    if (!stream_.take_symbol(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && !display.items.empty()) return std::move(display.items[0]);
  if (!is_tuple && !parenthesized) stream_.fail_expected("an expression");
  return make(at, std::move(display));
}

ExpressionPtr ExpressionParser::target(bool namespaces, std::string_view end) {
  ExpressionPtr result = tuple_of(true, true, namespaces, end, false);
  check_target(*result);
  return result;
}

void ExpressionParser::check_target(const Expression& target) const {
  if (std::holds_alternative<Name>(target.node)) return;
  if (std::holds_alternative<NamespaceField>(target.node)) return;
  const auto* items = std::get_if<TupleDisplay>(&target.node);
  if (items == nullptr) stream_.fail_at(target.at, "this cannot be assigned to");
  for (const ExpressionPtr& item : items->items) check_target(*item);
}

}  // namespace frugal::text::jinja
