// The functions that every template finds, and the objects they make.
#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/value.h"

namespace frugal::text::jinja {

/// A function with a name.
class Function : public Object {
 public:
  using Body = std::function<Value(Budget&, const Arguments&)>;

  /// `held` is a value that `body` holds, if any.
  Function(std::string name, Body body, const Value& held = {})
      : name_(std::move(name)), body_(std::move(body)), nesting_(held.nesting()) {}
  std::string_view type_name() const override { return "function"; }
  std::string repr(Budget&) const override { return "<function " + name_ + ">"; }
  unsigned nesting() const override { return nesting_; }
  bool callable() const override { return true; }
  Value call(Budget& budget, const Arguments& arguments) override {
    return body_(budget, arguments);
  }

 private:
  std::string name_;
  Body body_;
  unsigned nesting_;
};

/// The one thing that a template can write to: `namespace(a=1)`, then `{% set ns.a = 2 %}`.
class Namespace : public Object {
 public:
  std::string_view type_name() const override { return "Namespace"; }
  std::string repr(Budget& budget) const override;
  std::optional<Value> attribute(Budget& budget, const std::string& name) override;
  /// Throws Error on names with an underscore in front, which transformers refuses.
  void set(const std::string& name, Value value);
  void clear() { fields_.clear(); }

 private:
  std::vector<std::pair<std::string, Value>> fields_;
};

/// What the functions need from the rendering that they are part of.
struct GlobalHooks {
  std::function<std::tm()> now;  // local time, for strftime_now
  /// Is told of each new namespace. Those can hold themselves, so somebody has to clear them.
  std::function<void(std::shared_ptr<Namespace>)> made;
};

/// range, dict, namespace, cycler, joiner, raise_exception and strftime_now, by name.
std::vector<std::pair<std::string, Value>> make_globals(const GlobalHooks& hooks);

}  // namespace frugal::text::jinja
