#include "text/jinja/evaluator.h"

#include <utility>

#include "text/jinja/iterate.h"
#include "text/jinja/operators.h"

namespace frugal::text::jinja {

Value undefined_name(const std::string& name) {
  return Value::undefined("'" + name + "' is undefined");
}

void add_named(Arguments& arguments, const std::string& name, Value value) {
  for (const auto& argument : arguments.named) {
    require(argument.first != name, "got two values for the argument '{}'", printable(name));
  }
  arguments.named.emplace_back(name, std::move(value));
}

Value Evaluator::evaluate(const Expression& expression, const Scope& scope) {
  return placed(expression.at, [&] {
    return std::visit([&](const auto& node) { return value_of(node, scope); }, expression.node);
  });
}

Value Evaluator::evaluate_name(const std::string& name, const Scope& scope) const {
  const Value* value = scope.find(name);
  return value == nullptr ? undefined_name(name) : *value;
}

Value Evaluator::value_of(const Constant& node, const Scope&) { return node.value; }
Value Evaluator::value_of(const Name& node, const Scope& scope) {
  return evaluate_name(node.name, scope);
}
Value Evaluator::value_of(const NamespaceField&, const Scope&) {
  fail("this can only be assigned to");
}

std::vector<Value> Evaluator::evaluate_all(const std::vector<ExpressionPtr>& expressions,
                                           const Scope& scope) {
  std::vector<Value> values;
  values.reserve(expressions.size());
  for (const ExpressionPtr& item : expressions) values.push_back(evaluate(*item, scope));
  return values;
}

Value Evaluator::value_of(const TupleDisplay& node, const Scope& scope) {
  return Value::tuple(budget_, evaluate_all(node.items, scope));
}

Value Evaluator::value_of(const ListDisplay& node, const Scope& scope) {
  return Value::list(budget_, evaluate_all(node.items, scope));
}

Value Evaluator::value_of(const DictDisplay& node, const Scope& scope) {
  Dict dict;
  for (const auto& [key, value] : node.items) {
    const Value key_value = evaluate(*key, scope);
    dict.set(budget_, key_value, evaluate(*value, scope));
  }
  return Value::dict(budget_, std::move(dict));
}

Value Evaluator::value_of(const Arithmetic& node, const Scope& scope) {
  const Value left = evaluate(*node.left, scope);
  return apply(budget_, node.op, left, evaluate(*node.right, scope));
}

Value Evaluator::value_of(const Sign& node, const Scope& scope) {
  const Value operand = evaluate(*node.operand, scope);
  return node.minus ? negate(budget_, operand) : plus(budget_, operand);
}

Value Evaluator::value_of(const Negation& node, const Scope& scope) {
  return Value::boolean(!truthy(budget_, evaluate(*node.operand, scope)));
}

Value Evaluator::value_of(const Logic& node, const Scope& scope) {
  Value left = evaluate(*node.left, scope);
  return truthy(budget_, left) == node.is_and ? evaluate(*node.right, scope) : left;
}

bool Evaluator::holds(Comparison op, const Value& a, const Value& b) {
  switch (op) {
    case Comparison::eq:
      return equal(budget_, a, b);
    case Comparison::ne:
      return !equal(budget_, a, b);
    case Comparison::in:
      return contains(budget_, b, a);
    case Comparison::not_in:
      return !contains(budget_, b, a);
    case Comparison::lt:
      return compare(budget_, a, b, "<").value_or(0) < 0;
    case Comparison::le:
      return compare(budget_, a, b, "<=").value_or(1) <= 0;
    case Comparison::gt:
      return compare(budget_, a, b, ">").value_or(0) > 0;
    default:
      return compare(budget_, a, b, ">=").value_or(-1) >= 0;
  }
}

Value Evaluator::value_of(const Comparisons& node, const Scope& scope) {
  Value left = evaluate(*node.first, scope);
  for (const auto& [op, operand] : node.rest) {
    Value right = evaluate(*operand, scope);
    if (!holds(op, left, right)) return Value::boolean(false);
    left = std::move(right);
  }
  return Value::boolean(true);
}

Value Evaluator::value_of(const Concatenation& node, const Scope& scope) {
  TextBuilder out(budget_);
  for (const Value& part : evaluate_all(node.parts, scope)) out.append(to_text(budget_, part));
  return Value::string(budget_, out.take());
}

Value Evaluator::value_of(const Conditional& node, const Scope& scope) {
  if (truthy(budget_, evaluate(*node.test, scope))) return evaluate(*node.value, scope);
  if (node.otherwise != nullptr) return evaluate(*node.otherwise, scope);
  return Value::undefined("an inline if was false and has no else");
}

Value Evaluator::value_of(const Attribute& node, const Scope& scope) {
  return get_attribute(budget_, evaluate(*node.object, scope), node.name);
}

Value Evaluator::value_of(const Item& node, const Scope& scope) {
  const Value object = evaluate(*node.object, scope);
  return get_item(budget_, object, evaluate(*node.index, scope));
}

Value Evaluator::value_of(const SliceOf& node, const Scope& scope) {
  const Value object = evaluate(*node.object, scope);
  const auto bound = [&](const ExpressionPtr& expression) {
    return expression == nullptr ? Value::none() : evaluate(*expression, scope);
  };
  const Value start = bound(node.start);
  const Value stop = bound(node.stop);
  return get_slice(budget_, object, start, stop, bound(node.step));
}

Value Evaluator::value_of(const CallOf& node, const Scope& scope) {
  const Value callee = evaluate(*node.callee, scope);
  return call(budget_, callee, evaluate(node.arguments, scope));
}

Value Evaluator::value_of(const FilterOf& node, const Scope& scope) {
  return apply_filter(node, evaluate(*node.operand, scope), scope);
}

Value Evaluator::value_of(const TestOf& node, const Scope& scope) {
  const Value operand = evaluate(*node.operand, scope);
  require(node.test != nullptr, "no test named '{}'", printable(node.name));
  const Arguments arguments = evaluate(node.arguments, scope);
  return node.test->function({budget_, node.name, operand, arguments});
}

Value Evaluator::apply_filter(const FilterOf& node, const Value& operand, const Scope& scope) {
  require(node.filter != nullptr, "no filter named '{}'", printable(node.name));
  const Arguments arguments = evaluate(node.arguments, scope);
  return node.filter->function({budget_, node.name, operand, arguments});
}

// A chain of filters that begins with the content of a block.
Value Evaluator::filter_block(const Expression& chain, const Scope& scope, const Value& content) {
  return placed(chain.at, [&] {
    const auto& node = std::get<FilterOf>(chain.node);
    return apply_filter(
        node, node.operand == nullptr ? content : filter_block(*node.operand, scope, content),
        scope);
  });
}

Arguments Evaluator::evaluate(const PassedArguments& passed, const Scope& scope) {
  Arguments arguments;
  arguments.positional = evaluate_all(passed.positional, scope);
  if (passed.more_positional != nullptr) {
    for (Value& value : to_items(budget_, evaluate(*passed.more_positional, scope))) {
      arguments.positional.push_back(std::move(value));
    }
  }
  for (const auto& [name, value] : passed.named) {
    arguments.named.emplace_back(name, evaluate(*value, scope));
  }
  if (passed.more_named != nullptr) {
    const Value more = evaluate(*passed.more_named, scope);
    require(more.is(Kind::dict), "the argument after ** must be a mapping, not {}",
            type_name(more));
    budget_.step(more.dict().size() * more.dict().size() / 16);
    for (const auto& [key, value] : more.dict().entries()) {
      require(key.is(Kind::string), "keywords must be strings");
      add_named(arguments, key.text(), value);
    }
  }
  return arguments;
}

}  // namespace frugal::text::jinja
