#include "text/jinja/analysis.h"

#include <set>

namespace frugal::text::jinja {

namespace {

// Which of the special names of macros a body reads without having assigned them.
class SpecialNames {
 public:
  explicit SpecialNames(const Body& body) { block(body.block); }
  bool uses(const std::string& name) const { return used_.count(name) != 0; }

 private:
  void block(const Block& statements) {
    for (const Statement& statement : statements) std::visit(*this, statement.node);
  }
  void read(const Expression& expression) {
    if (const Name* name = std::get_if<Name>(&expression.node)) {
      if (open_.count(name->name) != 0) used_.insert(name->name);
    }
    for_each_child(expression, [&](const Expression& child) { read(child); });
  }
  void read(const ExpressionPtr& expression) {
    if (expression != nullptr) read(*expression);
  }
  void assign(const Expression& target) {
    if (const Name* name = std::get_if<Name>(&target.node)) open_.erase(name->name);
    for_each_child(target, [&](const Expression& child) { assign(child); });
  }
  void macro(const MacroDefinition& definition) {
    for (const std::string& parameter : definition.parameters) open_.erase(parameter);
    for (const ExpressionPtr& value : definition.defaults) read(value);
    block(definition.body.block);
  }

 public:  // for std::visit
  void operator()(const Text&) {}
  void operator()(const Break&) {}
  void operator()(const Continue&) {}
  void operator()(const Print& node) { read(node.value); }
  void operator()(const For& node) {
    assign(*node.target);
    read(node.iterable);
    block(node.body.block);
    block(node.otherwise.block);
    read(node.test);
  }
  void operator()(const If& node) {
    for (const auto& [test, body] : node.branches) {
      read(test);
      block(body);
    }
    block(node.otherwise);
  }
  void operator()(const Set& node) {
    assign(*node.target);
    read(node.value);
  }
  void operator()(const SetBlock& node) {
    assign(*node.target);
    read(node.filter);
    block(node.body.block);
  }
  void operator()(const FilterBlock& node) {
    block(node.body.block);
    read(node.filter);
  }
  void operator()(const With& node) {
    for (const auto& binding : node.bindings) assign(*binding.first);
    for (const auto& binding : node.bindings) read(binding.second);
    block(node.body.block);
  }
  void operator()(const Generation& node) { block(node.body.block); }
  void operator()(const std::unique_ptr<MacroDefinition>& node) { macro(*node); }
  void operator()(const CallBlock& node) {
    read(node.call);
    macro(*node.caller);
  }

 private:
  std::set<std::string> open_{"caller", "kwargs", "varargs"};
  std::set<std::string> used_;
};

class Analyzer {
 public:
  explicit Analyzer(std::string_view name) : name_(name) {}

  void block(Block& statements, bool guarded) {
    for (Statement& statement : statements) {
      std::visit([&](auto& node) { visit(node, statement.at, guarded); }, statement.node);
    }
  }

 private:
  // `guarded` is whether only a condition leads here, so that it may never be reached.
  void check(const Expression& expression, bool guarded) const {
    if (const auto* filter = std::get_if<FilterOf>(&expression.node)) {
      if (!guarded && filter->filter == nullptr) {
        fail_at(name_, expression.at, fmt::format("no filter named '{}'", printable(filter->name)));
      }
    } else if (const auto* test = std::get_if<TestOf>(&expression.node)) {
      if (!guarded && test->test == nullptr) {
        fail_at(name_, expression.at, fmt::format("no test named '{}'", printable(test->name)));
      }
    }
    const bool inside = guarded || std::holds_alternative<Conditional>(expression.node);
    for_each_child(expression, [&](const Expression& child) { check(child, inside); });
  }
  void check(const ExpressionPtr& expression, bool guarded) const {
    if (expression != nullptr) check(*expression, guarded);
  }

  void macro(MacroDefinition& definition, Position at) {
    for (const ExpressionPtr& value : definition.defaults) check(value, false);
    const SpecialNames special(definition.body);
    definition.uses_caller = special.uses("caller");
    definition.uses_kwargs = special.uses("kwargs");
    definition.uses_varargs = special.uses("varargs");
    const std::size_t required = definition.parameters.size() - definition.defaults.size();
    for (std::size_t i = 0; definition.uses_caller && i < required; ++i) {
      if (definition.parameters[i] == "caller") {
        fail_at(name_, at, "the parameter 'caller' of a macro must have a default");
      }
    }
    block(definition.body.block, false);
  }

  void visit(Text&, Position, bool) {}
  void visit(Break&, Position, bool) {}
  void visit(Continue&, Position, bool) {}
  void visit(Print& node, Position, bool guarded) { check(node.value, guarded); }
  void visit(For& node, Position, bool guarded) {
    check(node.iterable, guarded);
    check(node.test, false);
    block(node.body.block, false);
    block(node.otherwise.block, false);
  }
  void visit(If& node, Position, bool) {
    for (auto& [test, body] : node.branches) {
      check(test, true);
      block(body, true);
    }
    block(node.otherwise, true);
  }
  void visit(Set& node, Position, bool guarded) { check(node.value, guarded); }
  void visit(SetBlock& node, Position, bool) {
    check(node.filter, false);
    block(node.body.block, false);
  }
  void visit(FilterBlock& node, Position, bool) {
    check(node.filter, false);
    block(node.body.block, false);
  }
  void visit(With& node, Position, bool guarded) {
    for (const auto& binding : node.bindings) check(binding.second, guarded);
    block(node.body.block, false);
  }
  void visit(Generation& node, Position, bool) { block(node.body.block, false); }
  void visit(std::unique_ptr<MacroDefinition>& node, Position at, bool) { macro(*node, at); }
  void visit(CallBlock& node, Position at, bool guarded) {
    check(node.call, guarded);
    macro(*node.caller, at);
  }

  std::string_view name_;
};

}  // namespace

void analyze(Block& block, std::string_view name) { Analyzer(name).block(block, false); }

}  // namespace frugal::text::jinja
