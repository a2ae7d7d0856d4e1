#include "text/jinja/interpreter.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "text/jinja/globals.h"
#include "text/jinja/iterate.h"
#include "text/jinja/json_text.h"
#include "text/jinja/loop.h"
#include "text/jinja/macro.h"
#include "text/jinja/scope.h"

namespace frugal::text::jinja {

namespace {

// An error that already says where it happened.
class PlacedError : public Error {
 public:
  using Error::Error;
};

// How a body ended: in a recursive descent, `break` and `continue` are results.
enum class Flow { normal, broken, continued };

class Interpreter {
 public:
  Interpreter(std::string_view name, const RenderOptions& options)
      : name_(name), budget_(options.limits) {
    const GlobalHooks hooks{options.now, [this](std::shared_ptr<Namespace> made) {
                              namespaces_.push_back(std::move(made));
                            }};
    globals_ = std::make_shared<Scope>(nullptr);
    for (auto& [global, value] : make_globals(hooks)) globals_->set(global, std::move(value));
  }

  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // Namespaces and the scopes of macros may hold themselves, or chains too long to be destroyed
  // from one end; all of them are held here as well, so each is emptied on its own.
  ~Interpreter() {
    for (const auto& made : namespaces_) made->clear();
    for (const ScopePtr& scope : macro_scopes_) scope->clear();
  }

  std::string run(const Body& whole, const Json& variables) {
    require(variables.is_object(), "{}: the variables must be a JSON object", name_);
    const auto context = std::make_shared<Scope>(globals_);
    for (const auto& [key, value] : variables.items()) context->set(key, from_json(budget_, value));
    TextBuilder out(budget_);
    execute(whole, context, out);
    return out.take();
  }

 private:
  // Errors get the place of the innermost statement or expression that they come out of.
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

  ScopePtr inner(const ScopePtr& scope) {
    budget_.allocate(sizeof(Scope));
    return std::make_shared<Scope>(scope);
  }

  ScopePtr inner(const ScopePtr& scope, const Body& body) {
    ScopePtr made = inner(scope);
    for (const std::string& name : body.hidden) made->set(name, undefined_name(name));
    return made;
  }

  // ---- Statements

  Flow execute(const Block& block, const ScopePtr& scope, TextBuilder& out) {
    for (const Statement& statement : block) {
      const Flow flow = placed(statement.at, [&] {
        return std::visit([&](const auto& node) { return run(node, scope, out); }, statement.node);
      });
      if (flow != Flow::normal) return flow;
    }
    return Flow::normal;
  }

  Flow execute(const Body& body, const ScopePtr& around, TextBuilder& out) {
    return execute(body.block, inner(around, body), out);
  }

  Flow run(const Text& node, const ScopePtr&, TextBuilder& out) {
    out.append(node.text);
    return Flow::normal;
  }

  Flow run(const Print& node, const ScopePtr& scope, TextBuilder& out) {
    const Value value = evaluate(*node.value, scope);
    if (value.is(Kind::string)) {
      out.append(value.text());
    } else {
      out.append(to_text(budget_, value));
    }
    return Flow::normal;
  }

  Flow run(const If& node, const ScopePtr& scope, TextBuilder& out) {
    for (const auto& [test, body] : node.branches) {
      if (truthy(budget_, evaluate(*test, scope))) return execute(body, scope, out);
    }
    return execute(node.otherwise, scope, out);
  }

  Flow run(const For& node, const ScopePtr& scope, TextBuilder& out) {
    const Value items = evaluate(*node.iterable, scope);
    if (!node.recursive) return loop_over(node, items, scope, out, 0);
    out.append(recursive_loop(node, items, scope, 0));
    return Flow::normal;
  }

  std::string recursive_loop(const For& node, const Value& items, const ScopePtr& scope,
                             std::int64_t depth) {
    const Recursion guard(budget_);
    TextBuilder inside(budget_);
    loop_over(node, items, scope, inside, depth);
    return inside.take();
  }

  Flow loop_over(const For& node, const Value& items, const ScopePtr& scope, TextBuilder& out,
                 std::int64_t depth) {
    Loop::Recurse recurse;
    if (node.recursive) {
      recurse = [this, &node, scope, depth](const Value& deeper) {
        return Value::string(budget_, recursive_loop(node, deeper, scope, depth + 1));
      };
    }
    const Value source = node.test == nullptr ? items : filtered(node, items, scope);
    const auto loop = std::make_shared<Loop>(budget_, source, std::move(recurse), depth);
    const std::unique_ptr<Loop, void (*)(Loop*)> finisher(loop.get(),
                                                          [](Loop* done) { done->finish(); });
    bool completed = false;  // an iteration; Jinja takes the else branch when none was
    while (const std::optional<Value> item = loop->advance(budget_)) {
      const ScopePtr body = inner(scope, node.body);
      body->set("loop", Value::object(loop));
      assign(*node.target, *item, body);
      const Flow flow = execute(node.body.block, body, out);
      if (flow == Flow::broken) break;
      completed = completed || flow == Flow::normal;
    }
    return completed ? Flow::normal : execute(node.otherwise, scope, out);
  }

  // The items that pass the test of the loop, which sees the target but not the loop itself.
  Value filtered(const For& node, const Value& items, const ScopePtr& scope) {
    const ObjectPtr iterator = iterate(budget_, items);
    return Value::object(std::make_shared<Generator>(
        budget_, items, [this, &node, scope, iterator](Budget& budget) -> std::optional<Value> {
          while (std::optional<Value> item = iterator->next(budget)) {
            const ScopePtr test = inner(scope);
            assign(*node.target, *item, test);
            if (truthy(budget, evaluate(*node.test, test))) return item;
          }
          return std::nullopt;
        }));
  }

  Flow run(const Set& node, const ScopePtr& scope, TextBuilder&) {
    assign(*node.target, evaluate(*node.value, scope), scope);
    return Flow::normal;
  }

  Flow run(const SetBlock& node, const ScopePtr& scope, TextBuilder&) {
    const ScopePtr body = inner(scope, node.body);
    TextBuilder text(budget_);
    const Flow flow = execute(node.body.block, body, text);
    if (flow != Flow::normal) return flow;
    const Value content = Value::string(budget_, text.take());
    assign(*node.target,
           node.filter == nullptr ? content : filter_block(*node.filter, body, content), scope);
    return Flow::normal;
  }

  Flow run(const FilterBlock& node, const ScopePtr& scope, TextBuilder& out) {
    const ScopePtr body = inner(scope, node.body);
    TextBuilder text(budget_);
    const Flow flow = execute(node.body.block, body, text);
    if (flow != Flow::normal) return flow;
    const Value content = Value::string(budget_, text.take());
    const Value result = filter_block(*node.filter, body, content);
    out.append(block_text(result));
    return Flow::normal;
  }

  Flow run(const With& node, const ScopePtr& scope, TextBuilder& out) {
    const ScopePtr body = inner(scope, node.body);
    for (const auto& [target, value] : node.bindings) {
      assign(*target, evaluate(*value, scope), body);
    }
    return execute(node.body.block, body, out);
  }

  Flow run(const Generation& node, const ScopePtr& scope, TextBuilder& out) {
    return execute(node.body, scope, out);
  }

  Flow run(const std::unique_ptr<MacroDefinition>& node, const ScopePtr& scope, TextBuilder&) {
    macro_scopes_.push_back(scope);
    scope->set(node->name, make_macro(*node, scope));
    return Flow::normal;
  }

  Flow run(const CallBlock& node, const ScopePtr& scope, TextBuilder& out) {
    const auto& call_of = std::get<CallOf>(node.call->node);
    const Value callee = evaluate(*call_of.callee, scope);
    Arguments arguments = evaluate(call_of.arguments, scope);
    add_named(arguments, "caller", make_macro(*node.caller, scope));
    const Value result = call(budget_, callee, arguments);
    out.append(block_text(result));
    return Flow::normal;
  }

  // Unlike what is printed, what a filter or call makes of a block has to be text.
  static const std::string& block_text(const Value& value) {
    require(value.is(Kind::string), "a block became '{}' instead of text", type_name(value));
    return value.text();
  }

  Flow run(const Break&, const ScopePtr&, TextBuilder&) { return Flow::broken; }
  Flow run(const Continue&, const ScopePtr&, TextBuilder&) { return Flow::continued; }

  Value make_macro(const MacroDefinition& definition, const ScopePtr& scope) {
    budget_.allocate(sizeof(Macro));
    return Value::object(
        std::make_shared<Macro>(definition, [this, &definition, scope](MacroArguments arguments) {
          return call_macro(definition, scope, std::move(arguments));
        }));
  }

  Value call_macro(const MacroDefinition& definition, const ScopePtr& scope,
                   MacroArguments arguments) {
    const Recursion guard(budget_);
    const ScopePtr body = inner(scope, definition.body);
    for (auto& [name, value] : arguments.special) body->set(name, std::move(value));
    // Defaults may use the other parameters; those that were not passed are undefined for them.
    const std::size_t count = definition.parameters.size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& name = definition.parameters[i];
      const auto& passed = arguments.values[i];
      body->set(name, passed ? *passed : undefined_name(name));
    }
    const std::size_t required = count - definition.defaults.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (arguments.values[i]) continue;
      const std::string& name = definition.parameters[i];
      body->set(name, i < required ? Value::undefined("parameter '" + name + "' was not provided")
                                   : evaluate(*definition.defaults[i - required], body));
    }
    TextBuilder out(budget_);
    execute(definition.body.block, body, out);
    return Value::string(budget_, out.take());
  }

  void assign(const Expression& target, const Value& value, const ScopePtr& scope) {
    if (const Name* name = std::get_if<Name>(&target.node)) {
      budget_.allocate(sizeof(Value));
      scope->set(name->name, value);
    } else if (const auto* field = std::get_if<NamespaceField>(&target.node)) {
      const Value owner = evaluate_name(field->name, scope);
      const auto space =
          owner.is(Kind::object) ? std::dynamic_pointer_cast<Namespace>(owner.object()) : nullptr;
      require(space != nullptr, "cannot assign attribute on non-namespace object");
      budget_.allocate(sizeof(Value));
      space->set(field->field, value);
    } else {
      const auto& targets = std::get<TupleDisplay>(target.node).items;
      const std::vector<Value> items = to_items(budget_, value);
      require(items.size() == targets.size(), "cannot unpack {} values into {} names", items.size(),
              targets.size());
      for (std::size_t i = 0; i < items.size(); ++i) assign(*targets[i], items[i], scope);
    }
  }

  // ---- Expressions

  Value evaluate(const Expression& expression, const ScopePtr& scope) {
    return placed(expression.at, [&] {
      return std::visit([&](const auto& node) { return value_of(node, scope); }, expression.node);
    });
  }

  static Value undefined_name(const std::string& name) {
    return Value::undefined("'" + name + "' is undefined");
  }

  Value evaluate_name(const std::string& name, const ScopePtr& scope) {
    const Value* value = scope->find(name);
    return value == nullptr ? undefined_name(name) : *value;
  }

  Value value_of(const Constant& node, const ScopePtr&) { return node.value; }
  Value value_of(const Name& node, const ScopePtr& scope) {
    return evaluate_name(node.name, scope);
  }
  Value value_of(const NamespaceField&, const ScopePtr&) { fail("this can only be assigned to"); }

  std::vector<Value> evaluate_all(const std::vector<ExpressionPtr>& expressions,
                                  const ScopePtr& scope) {
    std::vector<Value> values;
    values.reserve(expressions.size());
    for (const ExpressionPtr& expression : expressions)
      values.push_back(evaluate(*expression, scope));
    return values;
  }

  Value value_of(const TupleDisplay& node, const ScopePtr& scope) {
    return Value::tuple(budget_, evaluate_all(node.items, scope));
  }

  Value value_of(const ListDisplay& node, const ScopePtr& scope) {
    return Value::list(budget_, evaluate_all(node.items, scope));
  }

  Value value_of(const DictDisplay& node, const ScopePtr& scope) {
    Dict dict;
    for (const auto& [key, value] : node.items) {
      const Value key_value = evaluate(*key, scope);
      dict.set(budget_, key_value, evaluate(*value, scope));
    }
    return Value::dict(budget_, std::move(dict));
  }

  Value value_of(const Arithmetic& node, const ScopePtr& scope) {
    const Value left = evaluate(*node.left, scope);
    return apply(budget_, node.op, left, evaluate(*node.right, scope));
  }

  Value value_of(const Sign& node, const ScopePtr& scope) {
    const Value operand = evaluate(*node.operand, scope);
    return node.minus ? negate(budget_, operand) : plus(budget_, operand);
  }

  Value value_of(const Negation& node, const ScopePtr& scope) {
    return Value::boolean(!truthy(budget_, evaluate(*node.operand, scope)));
  }

  Value value_of(const Logic& node, const ScopePtr& scope) {
    Value left = evaluate(*node.left, scope);
    return truthy(budget_, left) == node.is_and ? evaluate(*node.right, scope) : left;
  }

  bool holds(Comparison op, const Value& a, const Value& b) {
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

  Value value_of(const Comparisons& node, const ScopePtr& scope) {
    Value left = evaluate(*node.first, scope);
    for (const auto& [op, operand] : node.rest) {
      Value right = evaluate(*operand, scope);
      if (!holds(op, left, right)) return Value::boolean(false);
      left = std::move(right);
    }
    return Value::boolean(true);
  }

  Value value_of(const Concatenation& node, const ScopePtr& scope) {
    TextBuilder out(budget_);
    for (const Value& part : evaluate_all(node.parts, scope)) out.append(to_text(budget_, part));
    return Value::string(budget_, out.take());
  }

  Value value_of(const Conditional& node, const ScopePtr& scope) {
    if (truthy(budget_, evaluate(*node.test, scope))) return evaluate(*node.value, scope);
    if (node.otherwise != nullptr) return evaluate(*node.otherwise, scope);
    return Value::undefined("an inline if was false and has no else");
  }

  Value value_of(const Attribute& node, const ScopePtr& scope) {
    return get_attribute(budget_, evaluate(*node.object, scope), node.name);
  }

  Value value_of(const Item& node, const ScopePtr& scope) {
    const Value object = evaluate(*node.object, scope);
    return get_item(budget_, object, evaluate(*node.index, scope));
  }

  Value value_of(const SliceOf& node, const ScopePtr& scope) {
    const Value object = evaluate(*node.object, scope);
    const auto bound = [&](const ExpressionPtr& expression) {
      return expression == nullptr ? Value::none() : evaluate(*expression, scope);
    };
    const Value start = bound(node.start);
    const Value stop = bound(node.stop);
    return get_slice(budget_, object, start, stop, bound(node.step));
  }

  Value value_of(const CallOf& node, const ScopePtr& scope) {
    const Value callee = evaluate(*node.callee, scope);
    return call(budget_, callee, evaluate(node.arguments, scope));
  }

  Value value_of(const FilterOf& node, const ScopePtr& scope) {
    return apply_filter(node, evaluate(*node.operand, scope), scope);
  }

  Value value_of(const TestOf& node, const ScopePtr& scope) {
    const Value operand = evaluate(*node.operand, scope);
    require(node.test != nullptr, "no test named '{}'", printable(node.name));
    const Arguments arguments = evaluate(node.arguments, scope);
    return node.test->function({budget_, node.name, operand, arguments});
  }

  Value apply_filter(const FilterOf& node, const Value& operand, const ScopePtr& scope) {
    require(node.filter != nullptr, "no filter named '{}'", printable(node.name));
    const Arguments arguments = evaluate(node.arguments, scope);
    return node.filter->function({budget_, node.name, operand, arguments});
  }

  // A chain of filters that begins with the content of a block.
  Value filter_block(const Expression& chain, const ScopePtr& scope, const Value& content) {
    return placed(chain.at, [&] {
      const auto& node = std::get<FilterOf>(chain.node);
      return apply_filter(
          node, node.operand == nullptr ? content : filter_block(*node.operand, scope, content),
          scope);
    });
  }

  static void add_named(Arguments& arguments, const std::string& name, Value value) {
    for (const auto& argument : arguments.named) {
      require(argument.first != name, "got two values for the argument '{}'", printable(name));
    }
    arguments.named.emplace_back(name, std::move(value));
  }

  Arguments evaluate(const PassedArguments& passed, const ScopePtr& scope) {
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

  std::string_view name_;
  Budget budget_;
  ScopePtr globals_;
  std::vector<std::shared_ptr<Namespace>> namespaces_;
  std::vector<ScopePtr> macro_scopes_;
};

std::tm local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm result{};
  ::localtime_r(&now, &result);
  return result;
}

}  // namespace

std::string render(const Body& whole, std::string_view name, const Json& variables,
                   const RenderOptions& options) {
  RenderOptions complete = options;
  if (!complete.now) complete.now = local_time;
  Interpreter interpreter(name, complete);
  return interpreter.run(whole, variables);
}

}  // namespace frugal::text::jinja
