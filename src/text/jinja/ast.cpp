#include "text/jinja/ast.h"

namespace frugal::text::jinja {

namespace {

// One overload for each kind of node.
class Children {
 public:
  explicit Children(const std::function<void(const Expression&)>& visit) : visit_(visit) {}

  void operator()(const Constant&) const {}
  void operator()(const Name&) const {}
  void operator()(const NamespaceField&) const {}
  void operator()(const TupleDisplay& node) const { all(node.items); }
  void operator()(const ListDisplay& node) const { all(node.items); }
  void operator()(const DictDisplay& node) const {
    for (const auto& [key, value] : node.items) {
      one(key);
      one(value);
    }
  }
  void operator()(const Arithmetic& node) const {
    one(node.left);
    one(node.right);
  }
  void operator()(const Sign& node) const { one(node.operand); }
  void operator()(const Negation& node) const { one(node.operand); }
  void operator()(const Logic& node) const {
    one(node.left);
    one(node.right);
  }
  void operator()(const Comparisons& node) const {
    one(node.first);
    for (const auto& operand : node.rest) one(operand.second);
  }
  void operator()(const Concatenation& node) const { all(node.parts); }
  void operator()(const Conditional& node) const {
    one(node.test);
    one(node.value);
    one(node.otherwise);
  }
  void operator()(const Attribute& node) const { one(node.object); }
  void operator()(const Item& node) const {
    one(node.object);
    one(node.index);
  }
  void operator()(const SliceOf& node) const {
    one(node.object);
    one(node.start);
    one(node.stop);
    one(node.step);
  }
  void operator()(const CallOf& node) const {
    one(node.callee);
    arguments(node.arguments);
  }
  void operator()(const FilterOf& node) const {
    one(node.operand);
    arguments(node.arguments);
  }
  void operator()(const TestOf& node) const {
    one(node.operand);
    arguments(node.arguments);
  }

 private:
  void one(const ExpressionPtr& child) const {
    if (child != nullptr) visit_(*child);
  }
  void all(const std::vector<ExpressionPtr>& children) const {
    for (const ExpressionPtr& child : children) one(child);
  }
  void arguments(const PassedArguments& passed) const {
    all(passed.positional);
    for (const auto& argument : passed.named) one(argument.second);
    one(passed.more_positional);
    one(passed.more_named);
  }

  const std::function<void(const Expression&)>& visit_;
};

}  // namespace

void for_each_child(const Expression& expression,
                    const std::function<void(const Expression&)>& visit) {
  std::visit(Children(visit), expression.node);
}

}  // namespace frugal::text::jinja
