#include "text/jinja/methods.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "text/jinja/arguments.h"

namespace frugal::text::jinja {

namespace {

// A method together with what it is a method of.
class BoundMethod : public Object {
 public:
  BoundMethod(Value receiver, const Method& method)
      : receiver_(std::move(receiver)), method_(method) {}

  std::string_view type_name() const override { return "builtin_function_or_method"; }
  std::string repr(Budget&) const override {
    return fmt::format("<built-in method {} of {} object>", method_.name,
                       jinja::type_name(receiver_));
  }
  bool callable() const override { return true; }
  Value call(Budget& budget, const Arguments& arguments) override {
    budget.step();
    return method_.function({budget, method_.name, receiver_, arguments});
  }
  unsigned nesting() const override { return receiver_.nesting() + 1; }

 private:
  Value receiver_;
  const Method& method_;
};

Value get(const Call& call) {
  const Parameters parameters(call, {"", ""}, 1);
  const Value* found = call.self.dict().find(call.budget, parameters[0]);
  if (found != nullptr) return *found;
  return parameters.get(1) != nullptr ? parameters[1] : Value::none();
}

Value items(const Call& call) {
  const Parameters none(call, {});
  std::vector<Value> pairs;
  for (const auto& [key, value] : call.self.dict().entries()) {
    pairs.push_back(Value::tuple(call.budget, {key, value}));
  }
  return Value::sequence(call.budget, Kind::items, std::move(pairs));
}

Value keys(const Call& call) {
  const Parameters none(call, {});
  call.budget.allocate(call.self.dict().size(), sizeof(Value));
  std::vector<Value> out;
  for (const auto& entry : call.self.dict().entries()) out.push_back(entry.first);
  return Value::sequence(call.budget, Kind::keys, std::move(out));
}

Value values(const Call& call) {
  const Parameters none(call, {});
  call.budget.allocate(call.self.dict().size(), sizeof(Value));
  std::vector<Value> out;
  for (const auto& entry : call.self.dict().entries()) out.push_back(entry.second);
  return Value::sequence(call.budget, Kind::values, std::move(out));
}

Value copy(const Call& call) {
  const Parameters none(call, {});
  return call.self;
}

Value index(const Call& call) {
  const Parameters parameters(call, {"", "", ""}, 1);
  const std::vector<Value>& all = call.self.items();
  const auto size = static_cast<std::int64_t>(all.size());
  const auto bound = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  };
  const std::int64_t last = bound(parameters.integer(2, size));
  for (std::int64_t i = bound(parameters.integer(1, 0)); i < last; ++i) {
    if (equal(call.budget, all[static_cast<std::size_t>(i)], parameters[0])) {
      return Value::integer(i);
    }
  }
  fail("{} is not in {}", printable(to_repr(call.budget, parameters[0])), type_name(call.self));
}

Value count(const Call& call) {
  const Parameters parameters(call, {""}, 1);
  const std::vector<Value>& all = call.self.items();
  return Value::integer(std::count_if(all.begin(), all.end(), [&](const Value& item) {
    return equal(call.budget, item, parameters[0]);
  }));
}

constexpr Method kDictMethods[] = {
    {"copy", copy}, {"get", get}, {"items", items}, {"keys", keys}, {"values", values},
};
constexpr Method kSequenceMethods[] = {{"count", count}, {"index", index}, {"copy", copy}};

constexpr std::string_view kDictMutators[] = {"clear", "pop", "popitem", "setdefault", "update"};
constexpr std::string_view kListMutators[] = {"append", "clear", "pop",    "reverse",
                                              "insert", "sort",  "extend", "remove"};

template <typename Table>
bool lists(const Table& table, std::string_view name) {
  return std::find(std::begin(table), std::end(table), name) != std::end(table);
}

const Method* lookup(const Value& receiver, std::string_view name) {
  switch (receiver.kind()) {
    case Kind::string:
      return find_string_method(name);
    case Kind::dict:
      return find_row(kDictMethods, name);
    case Kind::list:
      return find_row(kSequenceMethods, name);
    case Kind::tuple:
    case Kind::range:
      return name == "copy" ? nullptr : find_row(kSequenceMethods, name);
    default:
      return nullptr;
  }
}

}  // namespace

std::optional<Value> find_method(Budget& budget, const Value& receiver, const std::string& name) {
  if (const Method* method = lookup(receiver, name)) {
    budget.allocate(sizeof(BoundMethod));
    return Value::object(std::make_shared<BoundMethod>(receiver, *method));
  }
  if (!is_mutating_method(receiver, name)) return std::nullopt;
  return Value::undefined(fmt::format(
      "the method '{}' would change a {}, which templates may not do", name, type_name(receiver)));
}

bool is_mutating_method(const Value& receiver, std::string_view name) {
  if (receiver.is(Kind::dict)) return lists(kDictMutators, name);
  return receiver.is(Kind::list) && lists(kListMutators, name);
}

}  // namespace frugal::text::jinja
