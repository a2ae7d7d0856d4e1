#include "text/jinja/globals.h"

#include <algorithm>
#include <cstdlib>

#include "text/jinja/arguments.h"
#include "text/jinja/iterate.h"

namespace frugal::text::jinja {

std::string Namespace::repr(Budget& budget) const {
  const Recursion guard(budget);  // it may hold itself
  TextBuilder out(budget);
  out.append("<Namespace {");
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (i != 0) out.append(", ");
    out.append(quoted(budget, fields_[i].first) + ": ");
    out.append(to_repr(budget, fields_[i].second));
  }
  out.append("}>");
  return out.take();
}

std::optional<Value> Namespace::attribute(Budget& budget, const std::string& name) {
  budget.step(fields_.size() / 4);
  for (const auto& [field, value] : fields_) {
    if (field == name) return value;
  }
  return std::nullopt;
}

void Namespace::set(const std::string& name, Value value) {
  require(!name.starts_with('_'),
          "a namespace cannot hold '{}': its name begins with an underscore", printable(name));
  for (auto& [field, old] : fields_) {
    if (field != name) continue;
    old = std::move(value);
    return;
  }
  fields_.emplace_back(name, std::move(value));
}

namespace {

// As many items as Jinja's sandbox allows.
constexpr std::int64_t kLongestRange = 100000;
// Beyond this, sums of a range's bounds could overflow.
constexpr std::int64_t kLargestBound = std::int64_t{1} << 53;

Value range(Budget& budget, const Arguments& arguments) {
  const Parameters parameters("range", arguments, {"", "", ""}, 1);
  const bool single = parameters.get(1) == nullptr;
  const std::int64_t start = single ? 0 : parameters.integer(0, 0);
  const std::int64_t stop = parameters.integer(single ? 0 : 1, 0);
  const std::int64_t step = parameters.integer(2, 1);
  require(step != 0, "range() arg 3 must not be zero");
  for (const std::int64_t bound : {start, stop, step}) {
    require(bound >= -kLargestBound && bound <= kLargestBound,
            "range() takes numbers up to {}, not {}", kLargestBound, bound);
  }
  const std::int64_t distance = step > 0 ? stop - start : start - stop;
  const std::int64_t count = distance <= 0 ? 0 : (distance - 1) / std::abs(step) + 1;
  require(count <= kLongestRange, "range() of {} items; the limit is {}", count, kLongestRange);
  return Value::range(budget, start, stop, step);
}

// dict(mapping or pairs, **named).
Dict make_dict(Budget& budget, const Arguments& arguments) {
  require(arguments.positional.size() <= 1, "dict expected at most 1 argument, got {}",
          arguments.positional.size());
  Dict dict;
  if (!arguments.positional.empty()) {
    const Value& source = arguments.positional[0];
    if (source.is(Kind::undefined)) fail("{}", source.hint());
    if (source.is(Kind::dict)) {
      budget.step(source.dict().size());
      for (const auto& [key, value] : source.dict().entries()) dict.set(budget, key, value);
    } else {
      for (const Value& item : to_items(budget, source)) {
        const std::vector<Value> pair = to_items(budget, item);
        require(pair.size() == 2, "dict() needs pairs, not sequences of {}", pair.size());
        dict.set(budget, pair[0], pair[1]);
      }
    }
  }
  for (const auto& [name, value] : arguments.named) {
    dict.set(budget, Value::string(budget, name), value);
  }
  return dict;
}

// `dict`, which can be called and has one method.
class DictType : public Object {
 public:
  std::string_view type_name() const override { return "TemplateDict"; }
  bool callable() const override { return true; }
  Value call(Budget& budget, const Arguments& arguments) override {
    return Value::dict(budget, make_dict(budget, arguments));
  }
  std::optional<Value> attribute(Budget&, const std::string& name) override {
    if (name != "fromkeys") return std::nullopt;
    return Value::object(
        std::make_shared<Function>("fromkeys", [](Budget& budget, const Arguments& arguments) {
          const Parameters parameters("fromkeys", arguments, {"", ""}, 1);
          const Value value = parameters.get(1) == nullptr ? Value::none() : parameters[1];
          Dict dict;
          for (const Value& key : to_items(budget, parameters[0])) dict.set(budget, key, value);
          return Value::dict(budget, std::move(dict));
        }));
  }
};

// Gives its items one after the other, again and again.
class Cycler : public Object, public std::enable_shared_from_this<Cycler> {
 public:
  Cycler(Budget& budget, const std::vector<Value>& items) : items_(Value::tuple(budget, items)) {}

  std::string_view type_name() const override { return "Cycler"; }
  unsigned nesting() const override { return items_.nesting() + 1; }
  std::optional<Value> attribute(Budget&, const std::string& name) override {
    if (name == "current") return items_.items()[position_];
    if (name == "items") return items_;
    if (name == "pos") return Value::integer(static_cast<std::int64_t>(position_));
    if (name != "next" && name != "reset") return std::nullopt;
    const bool resets = name == "reset";
    const auto self = shared_from_this();
    const auto step = [self, resets](Budget&, const Arguments& arguments) {
      const Parameters none("next", arguments, {});
      const std::size_t position = self->position_;
      self->position_ = resets ? 0 : (position + 1) % self->items_.items().size();
      return resets ? Value::none() : self->items_.items()[position];
    };
    return Value::object(std::make_shared<Function>(name, step, Value::object(self)));
  }

 private:
  Value items_;
  std::size_t position_ = 0;
};

// Nothing at the first call, then the separator.
class Joiner : public Object {
 public:
  Joiner(Budget& budget, Value separator) : separator_(std::move(separator)) {
    budget.check_nesting(nesting());
  }

  std::string_view type_name() const override { return "Joiner"; }
  unsigned nesting() const final { return separator_.nesting() + 1; }
  bool callable() const override { return true; }
  Value call(Budget& budget, const Arguments& arguments) override {
    const Parameters none("joiner", arguments, {});
    return std::exchange(used_, true) ? separator_ : Value::string(budget, "");
  }

 private:
  Value separator_;
  bool used_ = false;
};

Value make_cycler(Budget& budget, const Arguments& arguments) {
  require(arguments.named.empty(), "cycler() takes no named arguments");
  require(!arguments.positional.empty(), "at least one item has to be provided");
  return Value::object(std::make_shared<Cycler>(budget, arguments.positional));
}

Value make_joiner(Budget& budget, const Arguments& arguments) {
  const Parameters parameters("joiner", arguments, {"sep"});
  return Value::object(std::make_shared<Joiner>(
      budget, parameters.get(0) == nullptr ? Value::string(budget, ", ") : parameters[0]));
}

Value raise_exception(Budget& budget, const Arguments& arguments) {
  const Parameters parameters("raise_exception", arguments, {"message"}, 1);
  fail("{}", to_text(budget, parameters[0]));
}

Value format_time(Budget& budget, const std::tm& time, const Arguments& arguments) {
  const Parameters parameters("strftime_now", arguments, {"format"}, 1);
  const std::string& format = parameters.text(0);
  require(format.find('\0') == std::string::npos, "strftime_now() found a NUL in its format");
  if (format.empty()) return Value::string(budget, "");
  char text[1024];
  const std::size_t size = std::strftime(text, sizeof text, format.c_str(), &time);
  require(size != 0, "strftime_now() makes nothing, or more than {} bytes, of \"{}\"", sizeof text,
          printable(format));
  return Value::string(budget, std::string(text, size));
}

}  // namespace

std::vector<std::pair<std::string, Value>> make_globals(const GlobalHooks& hooks) {
  std::vector<std::pair<std::string, Value>> globals;
  const auto add = [&](const char* name, Function::Body body) {
    globals.emplace_back(name, Value::object(std::make_shared<Function>(name, std::move(body))));
  };
  add("range", range);
  add("cycler", make_cycler);
  add("joiner", make_joiner);
  add("raise_exception", raise_exception);
  add("strftime_now", [now = hooks.now](Budget& budget, const Arguments& arguments) {
    return format_time(budget, now(), arguments);
  });
  add("namespace", [made = hooks.made](Budget& budget, const Arguments& arguments) {
    const auto result = std::make_shared<Namespace>();
    const Dict fields = make_dict(budget, arguments);
    for (const auto& [key, value] : fields.entries()) {
      require(key.is(Kind::string), "a namespace needs names that are strings, not '{}'",
              jinja::type_name(key));
      result->set(key.text(), value);
    }
    budget.allocate(sizeof(Namespace));
    made(result);
    return Value::object(result);
  });
  globals.emplace_back("dict", Value::object(std::make_shared<DictType>()));
  return globals;
}

}  // namespace frugal::text::jinja
