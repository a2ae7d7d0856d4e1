#include "text/jinja/value.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace frugal::text::jinja {

Value Value::undefined(std::string hint) {
  return Value(Data(Undefined{std::make_shared<const std::string>(std::move(hint))}));
}

Value Value::string(Budget& budget, std::string text, bool safe) {
  budget.allocate(text.size() + sizeof(std::string));
  return Value(Data(Text{std::make_shared<const std::string>(std::move(text)), safe}));
}

namespace {

Sequence make_sequence(Budget& budget, Kind kind, std::vector<Value> items) {
  budget.allocate(items.size() + 2, sizeof(Value));
  Sequence sequence;
  sequence.kind = kind;
  sequence.items = std::move(items);
  for (const Value& item : sequence.items) {
    sequence.nesting = std::max(sequence.nesting, item.nesting() + 1);
  }
  budget.check_nesting(sequence.nesting);
  return sequence;
}

}  // namespace

Value Value::sequence(Budget& budget, Kind kind, std::vector<Value> items) {
  return Value(
      Data(std::make_shared<const Sequence>(make_sequence(budget, kind, std::move(items)))));
}

Value Value::list(Budget& budget, std::vector<Value> items) {
  return sequence(budget, Kind::list, std::move(items));
}

Value Value::tuple(Budget& budget, std::vector<Value> items) {
  return sequence(budget, Kind::tuple, std::move(items));
}

Value Value::named_tuple(Budget& budget, std::vector<Value> items,
                         std::vector<std::string> fields) {
  Sequence sequence = make_sequence(budget, Kind::tuple, std::move(items));
  sequence.fields = std::move(fields);
  return Value(Data(std::make_shared<const Sequence>(std::move(sequence))));
}

Value Value::range(Budget& budget, std::int64_t start, std::int64_t stop, std::int64_t step) {
  std::vector<Value> items;
  // Counted in 128 bits: the last step may pass the end of the 64-bit range.
  for (__int128 i = start; step > 0 ? i < stop : i > stop; i += step) {
    items.push_back(integer(static_cast<std::int64_t>(i)));
  }
  Sequence sequence = make_sequence(budget, Kind::range, std::move(items));
  sequence.bounds = {start, stop, step};
  return Value(Data(std::make_shared<const Sequence>(std::move(sequence))));
}

Value Value::dict(Budget& budget, Dict entries) {
  budget.allocate(entries.size() + 1, sizeof(Dict::Entry));
  budget.check_nesting(entries.nesting());
  return Value(Data(std::make_shared<const Dict>(std::move(entries))));
}

Kind Value::kind() const {
  switch (data_.index()) {
    case 0:
      return Kind::none;
    case 1:
      return Kind::undefined;
    case 2:
      return Kind::boolean;
    case 3:
      return Kind::integer;
    case 4:
      return Kind::real;
    case 5:
      return Kind::string;
    case 6:
      return sequence().kind;
    case 7:
      return Kind::dict;
    default:
      return Kind::object;
  }
}

bool Value::is_number() const { return data_.index() >= 2 && data_.index() <= 4; }
bool Value::is_integral() const { return data_.index() == 2 || data_.index() == 3; }
bool Value::is_sequence() const { return std::holds_alternative<SequencePtr>(data_); }

bool Value::is_safe() const {
  const Text* text = std::get_if<Text>(&data_);
  return text != nullptr && text->safe;
}

const std::vector<Value>& Value::items() const { return sequence().items; }

std::int64_t Value::integer() const {
  if (const bool* truth = std::get_if<bool>(&data_)) return *truth ? 1 : 0;
  return std::get<std::int64_t>(data_);
}

double Value::real() const {
  if (const double* value = std::get_if<double>(&data_)) return *value;
  return static_cast<double>(integer());
}

unsigned Value::nesting() const {
  if (const SequencePtr* items = std::get_if<SequencePtr>(&data_)) return (*items)->nesting;
  if (const DictPtr* entries = std::get_if<DictPtr>(&data_)) return (*entries)->nesting();
  if (const ObjectPtr* other = std::get_if<ObjectPtr>(&data_)) return (*other)->nesting();
  return 0;
}

bool Value::same(const Value& other) const {
  if (data_.index() != other.data_.index()) return false;
  switch (data_.index()) {
    case 0:
      return true;
    case 2:
      return truth() == other.truth();
    case 3:
      return integer() == other.integer();
    case 5:
      return std::get<Text>(data_).utf8 == std::get<Text>(other.data_).utf8;
    case 6:
      return std::get<SequencePtr>(data_) == std::get<SequencePtr>(other.data_);
    case 7:
      return std::get<DictPtr>(data_) == std::get<DictPtr>(other.data_);
    case 8:
      return object() == other.object();
    default:
      return false;
  }
}

// Up to here a dict is searched from end to end, which is faster than hashing.
constexpr std::size_t kSmallDict = 8;

template <typename Matches>
const Dict::Entry* Dict::find_if(Budget& budget, std::size_t hash, const Matches& matches) const {
  if (entries_.size() <= kSmallDict) {
    budget.step(entries_.size() / 4);
    const auto found = std::find_if(entries_.begin(), entries_.end(), matches);
    return found == entries_.end() ? nullptr : &*found;
  }
  const auto [first, last] = index_.equal_range(hash);
  for (auto place = first; place != last; ++place) {
    budget.step();
    if (matches(entries_[place->second])) return &entries_[place->second];
  }
  return nullptr;
}

void Dict::set(Budget& budget, const Value& key, Value value) {
  const std::size_t key_hash = hash(budget, key);
  nesting_ = std::max({nesting_, key.nesting() + 1, value.nesting() + 1});
  const Entry* found = find_if(budget, key_hash,
                               [&](const Entry& entry) { return equal(budget, entry.first, key); });
  if (found != nullptr) {
    entries_[static_cast<std::size_t>(found - entries_.data())].second = std::move(value);
    return;
  }
  budget.allocate(sizeof(Entry));
  entries_.emplace_back(key, std::move(value));
  if (entries_.size() <= kSmallDict) return;
  for (std::size_t i = index_.size(); i < entries_.size(); ++i) {
    index_.emplace(hash(budget, entries_[i].first), i);
  }
}

const Value* Dict::find(Budget& budget, const Value& key) const {
  const Entry* found = find_if(budget, hash(budget, key),
                               [&](const Entry& entry) { return equal(budget, entry.first, key); });
  return found == nullptr ? nullptr : &found->second;
}

const Value* Dict::find(Budget& budget, std::string_view key) const {
  const Entry* found = find_if(budget, std::hash<std::string_view>()(key), [&](const Entry& entry) {
    return entry.first.is(Kind::string) && entry.first.text() == key;
  });
  return found == nullptr ? nullptr : &found->second;
}

std::string Object::repr(Budget&) const { return fmt::format("<{} object>", type_name()); }

std::optional<Value> Object::attribute(Budget&, const std::string&) { return std::nullopt; }

Value Object::call(Budget&, const Arguments&) { fail("'{}' object is not callable", type_name()); }

std::optional<Value> Object::next(Budget&) { fail("'{}' object is not iterable", type_name()); }

std::optional<std::size_t> Object::length(Budget&) { return std::nullopt; }

std::string_view type_name(const Value& value) {
  switch (value.kind()) {
    case Kind::none:
      return "None";
    case Kind::undefined:
      return "Undefined";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::real:
      return "float";
    case Kind::string:
      return "str";
    case Kind::list:
      return "list";
    case Kind::tuple:
      return "tuple";
    case Kind::range:
      return "range";
    case Kind::keys:
      return "dict_keys";
    case Kind::values:
      return "dict_values";
    case Kind::items:
      return "dict_items";
    case Kind::dict:
      return "dict";
    case Kind::object:
      return value.object()->type_name();
  }
  return "unknown";
}

bool truthy(Budget& budget, const Value& value) {
  switch (value.kind()) {
    case Kind::none:
    case Kind::undefined:
      return false;
    case Kind::boolean:
      return value.truth();
    case Kind::integer:
      return value.integer() != 0;
    case Kind::real:
      return value.real() != 0;
    case Kind::string:
      return !value.text().empty();
    case Kind::dict:
      return value.dict().size() != 0;
    case Kind::object:
      return value.object()->length(budget).value_or(1) != 0;
    default:
      return !value.items().empty();
  }
}

}  // namespace frugal::text::jinja
