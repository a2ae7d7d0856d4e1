// Gives expressions their values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/budget.h"
#include "text/jinja/scope.h"
#include "text/jinja/value.h"

namespace frugal::text::jinja {

/// An error that already says where in the template it happened.
class PlacedError : public Error {
 public:
  using Error::Error;
};

class Evaluator {
 public:
  /// `name` is that of the template.
  Evaluator(std::string_view name, Budget& budget) : name_(name), budget_(budget) {}

  /// Runs `action`, whose errors get the place `at` unless something inside of it has one.
  template <typename Action>
  auto placed(Position at, const Action& action) {
    const Recursion guard(budget_);
    try {
      budget_.step();
      return action();
    } catch (const PlacedError&) {
      throw;
    } catch (const Error& error) {
      throw PlacedError(
          fmt::format("{}, line {}, column {}: {}", name_, at.line, at.column, error.what()));
    }
  }

  Value evaluate(const Expression& expression, const Scope& scope);
  Arguments evaluate(const PassedArguments& passed, const Scope& scope);
  Value evaluate_name(const std::string& name, const Scope& scope) const;

  /// What a chain of filters makes of the content of a block.
  Value filter_block(const Expression& chain, const Scope& scope, const Value& content);

 private:
  Value value_of(const Constant& node, const Scope& scope);
  Value value_of(const Name& node, const Scope& scope);
  Value value_of(const NamespaceField& node, const Scope& scope);
  Value value_of(const TupleDisplay& node, const Scope& scope);
  Value value_of(const ListDisplay& node, const Scope& scope);
  Value value_of(const DictDisplay& node, const Scope& scope);
  Value value_of(const Arithmetic& node, const Scope& scope);
  Value value_of(const Sign& node, const Scope& scope);
  Value value_of(const Negation& node, const Scope& scope);
  Value value_of(const Logic& node, const Scope& scope);
  Value value_of(const Comparisons& node, const Scope& scope);
  Value value_of(const Concatenation& node, const Scope& scope);
  Value value_of(const Conditional& node, const Scope& scope);
  Value value_of(const Attribute& node, const Scope& scope);
  Value value_of(const Item& node, const Scope& scope);
  Value value_of(const SliceOf& node, const Scope& scope);
  Value value_of(const CallOf& node, const Scope& scope);
  Value value_of(const FilterOf& node, const Scope& scope);
  Value value_of(const TestOf& node, const Scope& scope);

  std::vector<Value> evaluate_all(const std::vector<ExpressionPtr>& expressions,
                                  const Scope& scope);
  bool holds(Comparison op, const Value& a, const Value& b);
  Value apply_filter(const FilterOf& node, const Value& operand, const Scope& scope);

  std::string_view name_;
  Budget& budget_;
};

/// The value of a name that nothing was assigned to.
Value undefined_name(const std::string& name);

/// Adds a named argument. Throws Error when there is one of that name.
void add_named(Arguments& arguments, const std::string& name, Value value);

}  // namespace frugal::text::jinja
