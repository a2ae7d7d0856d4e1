// The values of a template: Python's, as far as templates can reach them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "text/jinja/budget.h"

namespace frugal::text::jinja {

class Dict;
class Object;
class Value;
struct Sequence;

using DictPtr = std::shared_ptr<const Dict>;
using ObjectPtr = std::shared_ptr<Object>;
using SequencePtr = std::shared_ptr<const Sequence>;

enum class Kind {
  none,
  undefined,
  boolean,
  integer,
  real,
  string,
  list,
  tuple,
  range,
  keys,  // dict.keys(), and below its values() and items()
  values,
  items,
  dict,
  object,
};

/// One immutable value. Lists and dicts never change, as in the sandbox that transformers renders
/// in, so a value cannot contain itself; only namespaces (an Object) are written to.
class Value {
 public:
  Value() = default;  // None

  static Value none() { return {}; }
  /// What a missing name or attribute gives. It prints as nothing, but using it throws `hint`.
  static Value undefined(std::string hint);
  static Value boolean(bool value) { return Value(Data(std::in_place_index<2>, value)); }
  static Value integer(std::int64_t value) { return Value(Data(std::in_place_index<3>, value)); }
  static Value real(double value) { return Value(Data(std::in_place_index<4>, value)); }
  /// UTF-8. `safe` marks the result of the filters `safe` and `escape` (Python's Markup).
  static Value string(Budget& budget, std::string text, bool safe = false);
  static Value sequence(Budget& budget, Kind kind, std::vector<Value> items);
  static Value list(Budget& budget, std::vector<Value> items);
  static Value tuple(Budget& budget, std::vector<Value> items);
  /// A tuple whose items can also be read as attributes, such as those of `groupby`.
  static Value named_tuple(Budget& budget, std::vector<Value> items,
                           std::vector<std::string> fields);
  /// Python's range; the caller has checked its length.
  static Value range(Budget& budget, std::int64_t start, std::int64_t stop, std::int64_t step);
  static Value dict(Budget& budget, Dict entries);
  static Value object(ObjectPtr object) { return Value(Data(std::in_place_index<8>, object)); }

  Kind kind() const;
  bool is(Kind wanted) const { return kind() == wanted; }
  bool is_number() const;    // an integer, a float, or a boolean, which Python counts as 0 or 1
  bool is_integral() const;  // an integer or a boolean
  bool is_sequence() const;  // list, tuple, range or a view of a dict
  bool is_safe() const;      // a string marked safe

  // Each of these asks for its kind; to call it on another is a bug of the caller.
  const std::string& hint() const { return *std::get<Undefined>(data_).hint; }
  bool truth() const { return std::get<bool>(data_); }
  const std::string& text() const { return *std::get<Text>(data_).utf8; }
  const Sequence& sequence() const { return *std::get<SequencePtr>(data_); }
  const std::vector<Value>& items() const;
  const Dict& dict() const { return *std::get<DictPtr>(data_); }
  const ObjectPtr& object() const { return std::get<ObjectPtr>(data_); }
  /// Of an integer or boolean.
  std::int64_t integer() const;
  /// Of any number.
  double real() const;

  /// How deep containers are nested in this one; 0 for a scalar.
  unsigned nesting() const;
  /// Python's `is`: the same None, True or False, or the same object in memory.
  bool same(const Value& other) const;

 private:
  struct None {};
  struct Undefined {
    std::shared_ptr<const std::string> hint;
  };
  struct Text {
    std::shared_ptr<const std::string> utf8;
    bool safe;
  };
  using Data = std::variant<None, Undefined, bool, std::int64_t, double, Text, SequencePtr, DictPtr,
                            ObjectPtr>;

  explicit Value(Data data) : data_(std::move(data)) {}

  Data data_;
};

/// The items of a list, a tuple, a range or a view of a dict.
struct Sequence {
  Kind kind = Kind::list;
  std::vector<Value> items;
  unsigned nesting = 1;
  std::vector<std::string> fields;       // of a named tuple
  std::array<std::int64_t, 3> bounds{};  // start, stop and step of a range
};

/// Key and value pairs in the order of their first insertion.
class Dict {
 public:
  using Entry = std::pair<Value, Value>;

  /// Adds or replaces. Throws Error when the key cannot be hashed (a list or a dict).
  void set(Budget& budget, const Value& key, Value value);
  /// The value of `key`, or null. Throws Error when the key cannot be hashed.
  const Value* find(Budget& budget, const Value& key) const;
  const Value* find(Budget& budget, std::string_view key) const;

  const std::vector<Entry>& entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }
  unsigned nesting() const { return nesting_; }

 private:
  template <typename Matches>
  const Entry* find_if(Budget& budget, std::size_t hash, const Matches& matches) const;

  std::vector<Entry> entries_;
  std::unordered_multimap<std::size_t, std::size_t> index_;  // hash to place in entries_
  unsigned nesting_ = 1;
};

/// What a call passes.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

/// One call of a method, filter or test: `name` is its own, `self` what it is called on.
struct Call {
  Budget& budget;
  std::string_view name;
  const Value& self;
  const Arguments& arguments;
};

/// Everything else: namespaces, macros, functions, methods, loops, iterators. The defaults are
/// those of a thing that has no attributes, cannot be called and cannot be looped over.
class Object {
 public:
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;

  virtual std::string_view type_name() const = 0;
  virtual std::string repr(Budget& budget) const;
  /// The attribute, or nothing when there is none of that name.
  virtual std::optional<Value> attribute(Budget& budget, const std::string& name);
  virtual bool callable() const { return false; }
  virtual Value call(Budget& budget, const Arguments& arguments);
  virtual bool iterable() const { return false; }
  /// The next item of an iterator, or nothing at its end.
  virtual std::optional<Value> next(Budget& budget);
  virtual std::optional<std::size_t> length(Budget& budget);
  virtual unsigned nesting() const { return 0; }
};

/// What messages call the type: "str", "list", "int" and so on, as in Python.
std::string_view type_name(const Value& value);

/// Python's bool().
bool truthy(Budget& budget, const Value& value);

/// Python's ==. Never throws for values of different types.
bool equal(Budget& budget, const Value& a, const Value& b);
/// Negative, zero or positive as a <, ==, > b; nothing when a NaN is involved. Throws Error when
/// Python has no order for the two types; `op` is for that message.
std::optional<int> compare(Budget& budget, const Value& a, const Value& b, std::string_view op);
/// Equal values have equal hashes. Throws Error for lists, dicts and what holds them.
std::size_t hash(Budget& budget, const Value& value);

/// Python's str() and repr().
std::string to_text(Budget& budget, const Value& value);
std::string to_repr(Budget& budget, const Value& value);
/// Python's repr of a string and of a float.
std::string quoted(Budget& budget, std::string_view text);
std::string repr_of(double value);

}  // namespace frugal::text::jinja
