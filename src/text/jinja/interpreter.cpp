#include "text/jinja/interpreter.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "text/jinja/evaluator.h"
#include "text/jinja/globals.h"
#include "text/jinja/iterate.h"
#include "text/jinja/json_text.h"
#include "text/jinja/loop.h"
#include "text/jinja/macro.h"

namespace frugal::text::jinja {

namespace {

// How a body ended: in a recursive descent, `break` and `continue` are results.
enum class Flow { normal, broken, continued };

class Interpreter {
 public:
  Interpreter(std::string_view name, const RenderOptions& options)
      : name_(name), budget_(options.limits), evaluator_(name, budget_) {
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
  ScopePtr inner(const ScopePtr& scope) {
    budget_.allocate(sizeof(Scope));
    return std::make_shared<Scope>(scope);
  }

  ScopePtr inner(const ScopePtr& scope, const Body& body) {
    ScopePtr made = inner(scope);
    for (const std::string& name : body.hidden) made->set(name, undefined_name(name));
    return made;
  }

  Flow execute(const Block& block, const ScopePtr& scope, TextBuilder& out) {
    for (const Statement& statement : block) {
      const Flow flow = evaluator_.placed(statement.at, [&] {
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
    const Value value = evaluator_.evaluate(*node.value, *scope);
    if (value.is(Kind::string)) {
      out.append(value.text());
    } else {
      out.append(to_text(budget_, value));
    }
    return Flow::normal;
  }

  Flow run(const If& node, const ScopePtr& scope, TextBuilder& out) {
    for (const auto& [test, body] : node.branches) {
      if (truthy(budget_, evaluator_.evaluate(*test, *scope))) return execute(body, scope, out);
    }
    return execute(node.otherwise, scope, out);
  }

  Flow run(const For& node, const ScopePtr& scope, TextBuilder& out) {
    const Value items = evaluator_.evaluate(*node.iterable, *scope);
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
            if (truthy(budget, evaluator_.evaluate(*node.test, *test))) return item;
          }
          return std::nullopt;
        }));
  }

  Flow run(const Set& node, const ScopePtr& scope, TextBuilder&) {
    assign(*node.target, evaluator_.evaluate(*node.value, *scope), scope);
    return Flow::normal;
  }

  Flow run(const SetBlock& node, const ScopePtr& scope, TextBuilder&) {
    const ScopePtr body = inner(scope, node.body);
    TextBuilder text(budget_);
    const Flow flow = execute(node.body.block, body, text);
    if (flow != Flow::normal) return flow;
    const Value content = Value::string(budget_, text.take());
    assign(*node.target,
           node.filter == nullptr ? content : evaluator_.filter_block(*node.filter, *body, content),
           scope);
    return Flow::normal;
  }

  Flow run(const FilterBlock& node, const ScopePtr& scope, TextBuilder& out) {
    const ScopePtr body = inner(scope, node.body);
    TextBuilder text(budget_);
    const Flow flow = execute(node.body.block, body, text);
    if (flow != Flow::normal) return flow;
    const Value content = Value::string(budget_, text.take());
    const Value result = evaluator_.filter_block(*node.filter, *body, content);
    out.append(block_text(result));
    return Flow::normal;
  }

  Flow run(const With& node, const ScopePtr& scope, TextBuilder& out) {
    const ScopePtr body = inner(scope, node.body);
    for (const auto& [target, value] : node.bindings) {
      assign(*target, evaluator_.evaluate(*value, *scope), body);
    }
    return execute(node.body.block, body, out);
  }

  Flow run(const Generation& node, const ScopePtr& scope, TextBuilder& out) {
    return execute(node.body, scope, out);
  }

  Flow run(const std::unique_ptr<MacroDefinition>& node, const ScopePtr& scope, TextBuilder&) {
    scope->set(node->name, make_macro(*node, scope));
    return Flow::normal;
  }

  Flow run(const CallBlock& node, const ScopePtr& scope, TextBuilder& out) {
    const auto& call_of = std::get<CallOf>(node.call->node);
    const Value callee = evaluator_.evaluate(*call_of.callee, *scope);
    Arguments arguments = evaluator_.evaluate(call_of.arguments, *scope);
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
    macro_scopes_.push_back(scope);
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
      body->set(name, i < required
                          ? Value::undefined("parameter '" + name + "' was not provided")
                          : evaluator_.evaluate(*definition.defaults[i - required], *body));
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
      const Value owner = evaluator_.evaluate_name(field->name, *scope);
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

  std::string_view name_;
  Budget budget_;
  Evaluator evaluator_;
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
