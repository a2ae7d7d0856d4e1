// Filters on sequences and dicts.
#include <algorithm>

#include "text/jinja/arguments.h"
#include "text/jinja/filters.h"
#include "text/jinja/iterate.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

namespace {

// What sorting and grouping compare unless they are case sensitive.
Value without_case(Budget& budget, const Value& value, bool case_sensitive) {
  if (case_sensitive || !value.is(Kind::string)) return value;
  return Value::string(budget, to_lower(value.text()));
}

bool before(Budget& budget, const Value& a, const Value& b) {
  const std::optional<int> order = compare(budget, a, b, "<");
  return order && *order < 0;
}

// Items with the keys to sort them by.
using Keyed = std::vector<std::pair<Value, Value>>;

// Python's sorted(): equal keys keep their order, also when reversed.
void sort_by_key(Budget& budget, Keyed& items, bool reverse) {
  std::stable_sort(items.begin(), items.end(), [&](const auto& a, const auto& b) {
    return reverse ? before(budget, b.first, a.first) : before(budget, a.first, b.first);
  });
}

Value first(const Call& call) {
  const Parameters none(call, {});
  const std::optional<Value> item = iterate(call.budget, call.self)->next(call.budget);
  return item ? *item : Value::undefined("No first item, sequence was empty.");
}

Value last(const Call& call) {
  const Parameters none(call, {});
  const std::optional<Value> item = reversed(call.budget, call.self)->next(call.budget);
  return item ? *item : Value::undefined("No last item, sequence was empty.");
}

Value count(const Call& call) {
  const Parameters none(call, {});
  return Value::integer(static_cast<std::int64_t>(length_of(call.budget, call.self)));
}

Value list(const Call& call) {
  const Parameters none(call, {});
  return Value::list(call.budget, to_items(call.budget, call.self));
}

Value join(const Call& call) {
  const Parameters parameters(call, {"d", "attribute"});
  const std::string separator =
      parameters.get(0) == nullptr ? "" : to_text(call.budget, parameters[0]);
  const Value* attribute = parameters.get_some(1);
  const ObjectPtr iterator = iterate(call.budget, call.self);
  TextBuilder out(call.budget);
  bool is_first = true;
  while (const std::optional<Value> item = iterator->next(call.budget)) {
    if (!is_first) out.append(separator);
    is_first = false;
    out.append(to_text(call.budget,
                       attribute == nullptr ? *item : get_path(call.budget, *item, *attribute)));
  }
  return Value::string(call.budget, out.take());
}

Value reverse(const Call& call) {
  const Parameters none(call, {});
  if (call.self.is(Kind::string)) {
    return get_slice(call.budget, call.self, {}, {}, Value::integer(-1));
  }
  if (!call.self.is(Kind::object)) return Value::object(reversed(call.budget, call.self));
  std::vector<Value> items = to_items(call.budget, call.self);
  std::reverse(items.begin(), items.end());
  return Value::list(call.budget, std::move(items));
}

// The values of the comma-separated paths in `attribute`, which decide one after the other.
Value sort_key(Budget& budget, const Value& item, const Value* attribute, bool case_sensitive) {
  if (attribute == nullptr || !attribute->is(Kind::string)) {
    const Value key = attribute == nullptr ? item : get_path(budget, item, *attribute);
    return Value::list(budget, {without_case(budget, key, case_sensitive)});
  }
  std::vector<Value> keys;
  std::string_view rest = attribute->text();
  while (true) {
    const std::size_t comma = rest.find(',');
    const Value path = Value::string(budget, std::string(rest.substr(0, comma)));
    keys.push_back(without_case(budget, get_path(budget, item, path), case_sensitive));
    if (comma == std::string_view::npos) return Value::list(budget, std::move(keys));
    rest.remove_prefix(comma + 1);
  }
}

Value sort(const Call& call) {
  const Parameters parameters(call, {"reverse", "case_sensitive", "attribute"});
  const bool case_sensitive = parameters.truth(call.budget, 1, false);
  Keyed items;
  for (Value& item : to_items(call.budget, call.self)) {
    Value key = sort_key(call.budget, item, parameters.get_some(2), case_sensitive);
    items.emplace_back(std::move(key), std::move(item));
  }
  sort_by_key(call.budget, items, parameters.integer(0, 0) != 0);
  std::vector<Value> sorted;
  for (auto& item : items) sorted.push_back(std::move(item.second));
  return Value::list(call.budget, std::move(sorted));
}

Value dict_sort(const Call& call) {
  const Parameters parameters(call, {"case_sensitive", "by", "reverse"});
  const std::string by = parameters.text(1, "key");
  require(by == "key" || by == "value", "dictsort sorts by \"key\" or \"value\", not {}",
          printable(by));
  if (call.self.is(Kind::undefined)) fail("{}", call.self.hint());
  require(call.self.is(Kind::dict), "dictsort needs a dict, not '{}'", type_name(call.self));
  const bool case_sensitive = parameters.truth(call.budget, 0, false);
  Keyed items;
  for (const auto& [key, value] : call.self.dict().entries()) {
    items.emplace_back(without_case(call.budget, by == "key" ? key : value, case_sensitive),
                       Value::tuple(call.budget, {key, value}));
  }
  sort_by_key(call.budget, items, parameters.integer(2, 0) != 0);
  std::vector<Value> sorted;
  for (auto& item : items) sorted.push_back(std::move(item.second));
  return Value::list(call.budget, std::move(sorted));
}

Value unique(const Call& call) {
  const Parameters parameters(call, {"case_sensitive", "attribute"});
  const bool case_sensitive = parameters.truth(call.budget, 0, false);
  const Value attribute = parameters.get_some(1) == nullptr ? Value::none() : parameters[1];
  return Value::object(std::make_shared<Generator>(
      call.budget, Value::tuple(call.budget, {call.self, attribute}),
      [=, items = LateIterator(call.self),
       seen = Dict()](Budget& budget) mutable -> std::optional<Value> {
        while (std::optional<Value> item = items.next(budget)) {
          const Value key =
              without_case(budget, get_path(budget, *item, attribute), case_sensitive);
          if (seen.find(budget, key) != nullptr) continue;
          seen.set(budget, key, Value::none());
          return item;
        }
        return std::nullopt;
      }));
}

template <bool largest>
Value extreme(const Call& call) {
  const Parameters parameters(call, {"case_sensitive", "attribute"});
  const bool case_sensitive = parameters.truth(call.budget, 0, false);
  const Value attribute = parameters.get_some(1) == nullptr ? Value::none() : parameters[1];
  const ObjectPtr iterator = iterate(call.budget, call.self);
  std::optional<Value> best;
  Value best_key;
  while (std::optional<Value> item = iterator->next(call.budget)) {
    const Value key =
        without_case(call.budget, get_path(call.budget, *item, attribute), case_sensitive);
    const bool better = !best || (largest ? before(call.budget, best_key, key)
                                          : before(call.budget, key, best_key));
    if (!better) continue;
    best = item;
    best_key = key;
  }
  return best ? *best : Value::undefined("No aggregated item, sequence was empty.");
}

Value sum(const Call& call) {
  const Parameters parameters(call, {"attribute", "start"});
  Value total = parameters.get(1) == nullptr ? Value::integer(0) : parameters[1];
  require(!total.is(Kind::string), "sum cannot add strings; use join");
  const Value* attribute = parameters.get_some(0);
  const ObjectPtr iterator = iterate(call.budget, call.self);
  while (const std::optional<Value> item = iterator->next(call.budget)) {
    total = apply(call.budget, Operator::add, total,
                  attribute == nullptr ? *item : get_path(call.budget, *item, *attribute));
  }
  return total;
}

// Fills the last line of a batch up to `count`.
void pad_line(Budget& budget, std::vector<Value>& line, const Value& count, const Value& fill) {
  require(count.is_integral(), "batch needs a number of items, not '{}'", type_name(count));
  const std::int64_t missing = count.integer() - static_cast<std::int64_t>(line.size());
  if (missing <= 0) return;
  budget.allocate(static_cast<std::size_t>(missing), sizeof(Value));
  line.insert(line.end(), static_cast<std::size_t>(missing), fill);
}

Value batch(const Call& call) {
  const Parameters parameters(call, {"linecount", "fill_with"}, 1);
  const Value& count = parameters[0];
  const Value fill = parameters.get_some(1) == nullptr ? Value::none() : parameters[1];
  return Value::object(std::make_shared<Generator>(
      call.budget, Value::tuple(call.budget, {call.self, count, fill}),
      [=, items = LateIterator(call.self),
       held = std::optional<Value>()](Budget& budget) mutable -> std::optional<Value> {
        std::vector<Value> line;
        if (held) line.push_back(*std::exchange(held, std::nullopt));
        while (std::optional<Value> item = items.next(budget)) {
          if (equal(budget, count, Value::integer(static_cast<std::int64_t>(line.size())))) {
            held = std::move(item);
            return Value::list(budget, std::move(line));
          }
          line.push_back(std::move(*item));
        }
        if (line.empty()) return std::nullopt;
        if (!fill.is(Kind::none)) pad_line(budget, line, count, fill);
        return Value::list(budget, std::move(line));
      }));
}

Value slice(const Call& call) {
  const Parameters parameters(call, {"slices", "fill_with"}, 1);
  const Value& count = parameters[0];
  const Value fill = parameters.get_some(1) == nullptr ? Value::none() : parameters[1];
  return Value::object(std::make_shared<Generator>(
      call.budget, Value::tuple(call.budget, {call.self, count, fill}),
      [=, self = call.self, items = std::optional<std::vector<Value>>(),
       number = std::int64_t{0}](Budget& budget) mutable -> std::optional<Value> {
        if (!items) items = to_items(budget, self);
        require(count.is_integral(), "slice needs a number of slices, not '{}'", type_name(count));
        const std::int64_t slices = count.integer();
        require(slices != 0, "integer division or modulo by zero");
        if (number >= slices) return std::nullopt;
        const auto size = static_cast<std::int64_t>(items->size());
        const std::int64_t extra = size % slices;  // the first ones are one longer
        const std::int64_t start = number * (size / slices) + std::min(number, extra);
        const std::int64_t length = size / slices + (number < extra ? 1 : 0);
        std::vector<Value> part(items->begin() + start, items->begin() + start + length);
        if (!fill.is(Kind::none) && number >= extra) part.push_back(fill);
        ++number;
        return Value::list(budget, std::move(part));
      }));
}

Value group_by(const Call& call) {
  const Parameters parameters(call, {"attribute", "default", "case_sensitive"}, 1);
  Budget& budget = call.budget;
  const bool case_sensitive = parameters.truth(budget, 2, false);
  const Value* otherwise = parameters.get_some(1);
  Keyed items;
  for (Value& item : to_items(budget, call.self)) {
    Value key =
        without_case(budget, get_path(budget, item, parameters[0], otherwise), case_sensitive);
    items.emplace_back(std::move(key), std::move(item));
  }
  sort_by_key(budget, items, false);
  std::vector<Value> groups;
  for (std::size_t i = 0; i < items.size();) {
    std::vector<Value> group;
    std::size_t end = i;
    for (; end < items.size() && equal(budget, items[end].first, items[i].first); ++end) {
      group.push_back(items[end].second);
    }
    end = std::max(end, i + 1);  // a NaN is not even equal to itself
    if (group.empty()) group.push_back(items[i].second);
    const Value key = get_path(budget, group[0], parameters[0], otherwise);
    groups.push_back(Value::named_tuple(budget, {key, Value::list(budget, std::move(group))},
                                        {"grouper", "list"}));
    i = end;
  }
  return Value::list(budget, std::move(groups));
}

Value items(const Call& call) {
  const Parameters none(call, {});
  return Value::object(std::make_shared<Generator>(
      call.budget, call.self,
      [self = call.self, i = std::size_t{0}](Budget& budget) mutable -> std::optional<Value> {
        if (self.is(Kind::undefined)) return std::nullopt;
        require(self.is(Kind::dict), "Can only get item pairs from a mapping.");
        if (i >= self.dict().size()) return std::nullopt;
        const Dict::Entry& entry = self.dict().entries()[i++];
        return Value::tuple(budget, {entry.first, entry.second});
      }));
}

constexpr Method kFilters[] = {
    {"batch", batch},      {"count", count}, {"dictsort", dict_sort}, {"first", first},
    {"groupby", group_by}, {"items", items}, {"join", join},          {"last", last},
    {"length", count},     {"list", list},   {"max", extreme<true>},  {"min", extreme<false>},
    {"reverse", reverse},  {"slice", slice}, {"sort", sort},          {"sum", sum},
    {"unique", unique},
};

}  // namespace

const Method* find_sequence_filter(std::string_view name) { return find_row(kFilters, name); }

}  // namespace frugal::text::jinja
