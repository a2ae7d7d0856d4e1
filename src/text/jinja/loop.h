// The variable `loop` of a for loop.
#pragma once

#include <functional>
#include <memory>

#include "text/jinja/value.h"

namespace frugal::text::jinja {

/// Walks over the items and knows where it is. It looks ahead only when a template asks for what is
/// ahead (last, nextitem, length of a generator), as Jinja's does.
class Loop : public Object, public std::enable_shared_from_this<Loop> {
 public:
  /// Renders the body of a recursive loop for other items, one level deeper.
  using Recurse = std::function<Value(const Value& items)>;

  Loop(Budget& budget, Value items, Recurse recurse, std::int64_t depth);

  /// Goes to the next item and returns it; nothing at the end.
  std::optional<Value> advance(Budget& budget);
  /// To be called when the loop is over: lets go of what could hold the loop in turn. What is ahead
  /// is nothing then, and the loop cannot be called any more.
  void finish();

  std::string_view type_name() const override { return "LoopContext"; }
  std::string repr(Budget& budget) const override;
  unsigned nesting() const override { return items_.nesting() + 1; }
  std::optional<std::size_t> length(Budget& budget) override;
  std::optional<Value> attribute(Budget& budget, const std::string& name) override;
  bool callable() const override { return true; }
  Value call(Budget& budget, const Arguments& arguments) override;

 private:
  const std::optional<Value>& peek(Budget& budget);
  Value method(const std::string& name);
  Value cycle(const Arguments& arguments) const;
  Value changed(Budget& budget, const Arguments& arguments);

  Value items_;
  ObjectPtr iterator_;
  Recurse recurse_;
  std::int64_t depth_;       // counted from 0
  std::int64_t index_ = -1;  // of the current item, counted from 0
  std::optional<std::int64_t> length_;
  std::optional<Value> before_;
  std::optional<Value> current_;
  std::optional<Value> after_;  // looked up ahead of time
  std::optional<Value> last_changed_;
};

}  // namespace frugal::text::jinja
