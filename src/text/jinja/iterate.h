// Python's iter(), and the generators that filters such as `map` return.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "text/jinja/value.h"

namespace frugal::text::jinja {

/// Something that gives its items once, in order, each when it is asked for. As in Python, it has
/// no length, is always true, and is empty after it was looped over.
class Iterator : public Object {
 public:
  std::string_view type_name() const override { return "generator"; }
  bool iterable() const override { return true; }
};

/// Gives what `next` returns until that is nothing. `source` is what `next` reads, if anything.
class Generator : public Iterator {
 public:
  using Next = std::function<std::optional<Value>(Budget&)>;

  /// Throws Error when generators are nested too deeply.
  Generator(Budget& budget, const Value& source, Next next);
  std::optional<Value> next(Budget& budget) override;
  unsigned nesting() const override { return nesting_; }

 private:
  unsigned nesting_;
  Next next_;
};

bool is_iterable(const Value& value);

/// Throws Error when `value` cannot be looped over. An iterator is its own iterator.
ObjectPtr iterate(Budget& budget, const Value& value);

/// Calls iterate() when the first item is asked for, as the body of a generator does.
class LateIterator {
 public:
  explicit LateIterator(Value value) : value_(std::move(value)) {}

  std::optional<Value> next(Budget& budget) {
    if (iterator_ == nullptr) iterator_ = iterate(budget, value_);
    return iterator_->next(budget);
  }

 private:
  Value value_;
  ObjectPtr iterator_;
};

/// Python's list(value).
std::vector<Value> to_items(Budget& budget, const Value& value);

/// Python's reversed(value): an iterator from the end. Throws Error for what has no end to start
/// from, such as an iterator.
ObjectPtr reversed(Budget& budget, const Value& value);

/// Python's len(value). Throws Error for what has none.
std::size_t length_of(Budget& budget, const Value& value);

}  // namespace frugal::text::jinja
