// Macros, and the bodies of call blocks, as values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/value.h"

namespace frugal::text::jinja {

/// A call of a macro, matched with its definition.
struct MacroArguments {
  std::vector<std::optional<Value>> values;            // one for each parameter
  std::vector<std::pair<std::string, Value>> special;  // caller, kwargs and varargs, if used
};

/// Throws Error when the call does not fit.
MacroArguments match(Budget& budget, const MacroDefinition& definition, const Arguments& arguments);

class Macro : public Object {
 public:
  using Run = std::function<Value(MacroArguments arguments)>;

  /// `definition` must outlive the macro.
  Macro(const MacroDefinition& definition, Run run)
      : definition_(definition), run_(std::move(run)) {}

  std::string_view type_name() const override { return "Macro"; }
  std::string repr(Budget& budget) const override;
  std::optional<Value> attribute(Budget& budget, const std::string& name) override;
  bool callable() const override { return true; }
  Value call(Budget& budget, const Arguments& arguments) override {
    return run_(match(budget, definition_, arguments));
  }

 private:
  const MacroDefinition& definition_;
  Run run_;
};

}  // namespace frugal::text::jinja
