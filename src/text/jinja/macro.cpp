#include "text/jinja/macro.h"

#include <algorithm>

namespace frugal::text::jinja {

MacroArguments match(Budget& budget, const MacroDefinition& definition,
                     const Arguments& arguments) {
  MacroArguments matched;
  std::vector<std::pair<std::string, Value>> named = arguments.named;
  const auto take = [&](const std::string& name) -> std::optional<Value> {
    const auto found = std::find_if(named.begin(), named.end(),
                                    [&](const auto& argument) { return argument.first == name; });
    if (found == named.end()) return std::nullopt;
    Value value = std::move(found->second);
    named.erase(found);
    return value;
  };
  const std::size_t passed = arguments.positional.size();
  const std::size_t count = definition.parameters.size();
  bool has_caller = false;  // as a parameter of its own
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& name = definition.parameters[i];
    has_caller = has_caller || name == "caller";
    matched.values.push_back(i < passed ? arguments.positional[i] : take(name));
  }
  if (definition.uses_caller && !has_caller) {
    std::optional<Value> caller = take("caller");
    const bool none = !caller || caller->is(Kind::none);
    matched.special.emplace_back("caller", none ? Value::undefined("No caller defined") : *caller);
  }
  if (definition.uses_kwargs) {
    Dict rest;
    for (const auto& [name, value] : named) rest.set(budget, Value::string(budget, name), value);
    matched.special.emplace_back("kwargs", Value::dict(budget, std::move(rest)));
  } else if (!named.empty()) {
    require(named[0].first != "caller", "the macro '{}' does not use its caller", definition.name);
    fail("the macro '{}' has no parameter named '{}'", definition.name, printable(named[0].first));
  }
  if (definition.uses_varargs) {
    const auto first =
        arguments.positional.begin() + static_cast<std::ptrdiff_t>(std::min(passed, count));
    matched.special.emplace_back(
        "varargs", Value::tuple(budget, std::vector<Value>(first, arguments.positional.end())));
  } else {
    require(passed <= count, "the macro '{}' takes at most {} arguments, not {}", definition.name,
            count, passed);
  }
  return matched;
}

std::string Macro::repr(Budget& budget) const {
  if (definition_.name.empty()) return "<Macro anonymous>";
  return "<Macro " + quoted(budget, definition_.name) + ">";
}

std::optional<Value> Macro::attribute(Budget& budget, const std::string& name) {
  if (name == "name") {
    return definition_.name.empty() ? Value::none() : Value::string(budget, definition_.name);
  }
  if (name == "arguments") {
    std::vector<Value> names;
    for (const std::string& parameter : definition_.parameters) {
      names.push_back(Value::string(budget, parameter));
    }
    return Value::tuple(budget, std::move(names));
  }
  if (name == "catch_kwargs") return Value::boolean(definition_.uses_kwargs);
  if (name == "catch_varargs") return Value::boolean(definition_.uses_varargs);
  if (name == "caller") return Value::boolean(definition_.uses_caller);
  return std::nullopt;
}

}  // namespace frugal::text::jinja
