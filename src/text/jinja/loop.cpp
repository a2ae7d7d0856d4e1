#include "text/jinja/loop.h"

#include "text/jinja/arguments.h"
#include "text/jinja/globals.h"
#include "text/jinja/iterate.h"

namespace frugal::text::jinja {

Loop::Loop(Budget& budget, Value items, Recurse recurse, std::int64_t depth)
    : items_(std::move(items)),
      iterator_(iterate(budget, items_)),
      recurse_(std::move(recurse)),
      depth_(depth) {
  budget.check_nesting(nesting());
}

std::optional<Value> Loop::advance(Budget& budget) {
  std::optional<Value> next =
      after_ ? std::exchange(after_, std::nullopt) : iterator_->next(budget);
  if (!next) return std::nullopt;
  ++index_;
  before_ = std::exchange(current_, std::move(next));
  return current_;
}

void Loop::finish() {
  last_changed_.reset();
  recurse_ = nullptr;
  iterator_ = nullptr;
  if (!items_.is(Kind::object)) return;
  if (!length_) length_ = index_ + 1;
  items_ = Value::none();
}

const std::optional<Value>& Loop::peek(Budget& budget) {
  if (!after_ && iterator_ != nullptr) after_ = iterator_->next(budget);
  return after_;
}

std::string Loop::repr(Budget&) const { return fmt::format("<LoopContext {}>", index_ + 1); }

std::optional<std::size_t> Loop::length(Budget& budget) {
  if (!length_ && !items_.is(Kind::object)) {
    length_ = static_cast<std::int64_t>(length_of(budget, items_));
  } else if (!length_) {  // a generator, which has to be run to its end
    std::vector<Value> rest = to_items(budget, Value::object(iterator_));
    length_ = static_cast<std::int64_t>(rest.size()) + index_ + 1 + (after_ ? 1 : 0);
    iterator_ = iterate(budget, Value::list(budget, std::move(rest)));
  }
  return static_cast<std::size_t>(*length_);
}

std::optional<Value> Loop::attribute(Budget& budget, const std::string& name) {
  if (name == "index") return Value::integer(index_ + 1);
  if (name == "index0") return Value::integer(index_);
  if (name == "first") return Value::boolean(index_ == 0);
  if (name == "last") return Value::boolean(!peek(budget));
  if (name == "depth") return Value::integer(depth_ + 1);
  if (name == "depth0") return Value::integer(depth_);
  if (name == "length" || name == "revindex" || name == "revindex0") {
    const auto count = static_cast<std::int64_t>(*length(budget));
    return Value::integer(name == "length"     ? count
                          : name == "revindex" ? count - index_
                                               : count - index_ - 1);
  }
  if (name == "previtem") {
    return index_ > 0 && before_ ? *before_ : Value::undefined("there is no previous item");
  }
  if (name == "nextitem") {
    const std::optional<Value>& next = peek(budget);
    return next ? *next : Value::undefined("there is no next item");
  }
  if (name == "cycle" || name == "changed") return method(name);
  return std::nullopt;
}

// The loop is held weakly: `loop.changed(loop.changed)` would make it hold itself.
Value Loop::method(const std::string& name) {
  return Value::object(
      std::make_shared<Function>(name, [weak = weak_from_this(), cycles = name == "cycle"](
                                           Budget& budget, const Arguments& arguments) {
        const std::shared_ptr<Loop> self = weak.lock();
        require(self != nullptr, "the loop of this method is over");
        return cycles ? self->cycle(arguments) : self->changed(budget, arguments);
      }));
}

Value Loop::cycle(const Arguments& arguments) const {
  require(arguments.named.empty(), "cycle() takes no named arguments");
  require(!arguments.positional.empty(), "no items for cycling given");
  return arguments.positional[static_cast<std::size_t>(index_) % arguments.positional.size()];
}

Value Loop::changed(Budget& budget, const Arguments& arguments) {
  require(arguments.named.empty(), "changed() takes no named arguments");
  const Value values = Value::tuple(budget, arguments.positional);
  if (last_changed_ && equal(budget, *last_changed_, values)) return Value::boolean(false);
  last_changed_ = values;
  return Value::boolean(true);
}

Value Loop::call(Budget&, const Arguments& arguments) {
  const Parameters parameters("loop", arguments, {"iterable"}, 1);
  require(recurse_ != nullptr, "only a loop that is marked 'recursive' can be called");
  return recurse_(parameters[0]);
}

}  // namespace frugal::text::jinja
