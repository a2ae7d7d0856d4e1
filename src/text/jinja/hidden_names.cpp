#include "text/jinja/hidden_names.h"

#include <set>
#include <string>

namespace frugal::text::jinja {

namespace {

// The names of one body, without those of the bodies inside of it.
class Names {
 public:
  Names(Body& body, const Names* outer) : body_(body), outer_(outer) {}

  // What the body gets from its loop or its caller.
  void add(const std::string& parameter) { known_.insert(parameter); }
  void add_targets(const Expression& target) {
    if (const Name* name = std::get_if<Name>(&target.node)) add(name->name);
    for_each_child(target, [&](const Expression& child) { add_targets(child); });
  }

  void read(const Expression& expression) {
    if (const Name* name = std::get_if<Name>(&expression.node)) read(name->name);
    for_each_child(expression, [&](const Expression& child) { read(child); });
  }
  void read(const ExpressionPtr& expression) {
    if (expression != nullptr) read(*expression);
  }

  // Goes over the body, then over the bodies inside, which need to know all names out here.
  void finish() {
    block(body_.block);
    for (const auto& visit : inside_) visit();
  }

 private:
  bool is_known(const std::string& name) const {
    return known_.count(name) != 0 || (outer_ != nullptr && outer_->is_known(name));
  }

  void read(const std::string& name) {
    if (!is_known(name)) known_.insert(name);
  }

  void write(const std::string& name) {
    // Inside of an `if` it may not happen, so there the value from outside stays visible.
    if (!is_known(name) && conditions_ == 0) body_.hidden.push_back(name);
    known_.insert(name);
  }

  void write(const Expression& target) {
    if (const Name* name = std::get_if<Name>(&target.node)) return write(name->name);
    if (const auto* field = std::get_if<NamespaceField>(&target.node)) return read(field->name);
    for_each_child(target, [&](const Expression& child) { write(child); });
  }

  void block(Block& statements) {
    for (Statement& statement : statements) {
      std::visit([&](auto& node) { visit(node); }, statement.node);
    }
  }

  // Puts off a body inside until the names of this one are complete.
  template <typename Prepare>
  void later(Body& body, const Prepare& prepare) {
    inside_.push_back([this, &body, prepare] {
      Names names(body, this);
      prepare(names);
      names.finish();
    });
  }
  void later(Body& body) {
    later(body, [](Names&) {});
  }

  void macro(MacroDefinition& definition) {
    later(definition.body, [&definition](Names& names) {
      for (const std::string& parameter : definition.parameters) names.add(parameter);
      if (definition.uses_caller) names.add("caller");
      if (definition.uses_kwargs) names.add("kwargs");
      if (definition.uses_varargs) names.add("varargs");
      for (const ExpressionPtr& value : definition.defaults) names.read(value);
    });
  }

  void visit(Text&) {}
  void visit(Break&) {}
  void visit(Continue&) {}
  void visit(Print& node) { read(node.value); }
  void visit(If& node) {
    ++conditions_;
    for (auto& [test, body] : node.branches) {
      read(test);
      block(body);
    }
    block(node.otherwise);
    --conditions_;
  }
  void visit(For& node) {
    read(node.iterable);
    later(node.body, [&node](Names& names) {
      names.add("loop");
      names.add_targets(*node.target);
    });
    later(node.otherwise);
  }
  void visit(Set& node) {
    read(node.value);
    write(*node.target);
  }
  void visit(SetBlock& node) {
    write(*node.target);
    later(node.body);
  }
  void visit(FilterBlock& node) {
    read(node.filter);
    later(node.body);
  }
  void visit(With& node) {
    for (const auto& binding : node.bindings) read(binding.second);
    later(node.body, [&node](Names& names) {
      for (const auto& binding : node.bindings) names.add_targets(*binding.first);
    });
  }
  void visit(Generation& node) { later(node.body); }
  void visit(std::unique_ptr<MacroDefinition>& node) {
    write(node->name);
    macro(*node);
  }
  void visit(CallBlock& node) {
    read(node.call);
    macro(*node.caller);
  }

  Body& body_;
  const Names* outer_;
  std::set<std::string> known_;
  unsigned conditions_ = 0;  // around the statement that is looked at
  std::vector<std::function<void()>> inside_;
};

}  // namespace

void find_hidden_names(Body& whole) { Names(whole, nullptr).finish(); }

}  // namespace frugal::text::jinja
