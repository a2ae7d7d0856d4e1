#include "text/jinja/json_text.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

Value from_json(Budget& budget, const Json& json) {
  const Recursion guard(budget);
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value::boolean(json.get<bool>());
    case Json::value_t::number_integer:
      return Value::integer(json.get<std::int64_t>());
    case Json::value_t::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      require(number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()),
              "the number {} does not fit in 64 bits with a sign", number);
      return Value::integer(static_cast<std::int64_t>(number));
    }
    case Json::value_t::number_float:
      return Value::real(json.get<double>());
    case Json::value_t::string: {
      const auto& text = json.get_ref<const std::string&>();
      require(is_valid_utf8(text), "the text \"{}\" is not UTF-8", printable(text));
      return Value::string(budget, text);
    }
    case Json::value_t::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const Json& item : json) items.push_back(from_json(budget, item));
      return Value::list(budget, std::move(items));
    }
    case Json::value_t::object: {
      Dict dict;
      for (const auto& [key, value] : json.items()) {
        require(is_valid_utf8(key), "the key \"{}\" is not UTF-8", printable(key));
        dict.set(budget, Value::string(budget, key), from_json(budget, value));
      }
      return Value::dict(budget, std::move(dict));
    }
    default:
      return Value::none();
  }
}

namespace {

class JsonWriter {
 public:
  JsonWriter(Budget& budget, const JsonStyle& style)
      : budget_(budget), style_(style), out_(budget) {}

  void write(const Value& value, std::size_t level = 0) {
    const Recursion guard(budget_);
    budget_.step();
    switch (value.kind()) {
      case Kind::none:
        return out_.append("null");
      case Kind::boolean:
        return out_.append(value.truth() ? "true" : "false");
      case Kind::integer:
        return out_.append(fmt::format("{}", value.integer()));
      case Kind::real:
        return out_.append(number(value.real()));
      case Kind::string:
        return string(value.text());
      case Kind::list:
      case Kind::tuple:
        return array(value.items(), level);
      case Kind::dict:
        return object(value.dict(), level);
      default:
        fail("Object of type {} is not JSON serializable", type_name(value));
    }
  }

  std::string take() { return out_.take(); }

 private:
  static std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return repr_of(value);
  }

  void new_line(std::size_t level) {
    if (!style_.indent) return;
    out_.append('\n');
    for (std::size_t i = 0; i < level; ++i) out_.append(*style_.indent);
  }

  void array(const std::vector<Value>& items, std::size_t level) {
    if (items.empty()) return out_.append("[]");
    out_.append('[');
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out_.append(style_.item_separator);
      new_line(level + 1);
      write(items[i], level + 1);
    }
    new_line(level);
    out_.append(']');
  }

  void object(const Dict& dict, std::size_t level) {
    if (dict.size() == 0) return out_.append("{}");
    std::vector<const Dict::Entry*> entries;
    for (const Dict::Entry& entry : dict.entries()) entries.push_back(&entry);
    if (style_.sort_keys) {
      std::stable_sort(entries.begin(), entries.end(), [&](const auto* a, const auto* b) {
        return compare(budget_, a->first, b->first, "<").value_or(0) < 0;
      });
    }
    out_.append('{');
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i != 0) out_.append(style_.item_separator);
      new_line(level + 1);
      key(entries[i]->first);
      out_.append(style_.key_separator);
      write(entries[i]->second, level + 1);
    }
    new_line(level);
    out_.append('}');
  }

  void key(const Value& key) {
    switch (key.kind()) {
      case Kind::string:
        return string(key.text());
      case Kind::none:
        return string("null");
      case Kind::boolean:
        return string(key.truth() ? "true" : "false");
      case Kind::integer:
        return string(fmt::format("{}", key.integer()));
      case Kind::real:
        return string(number(key.real()));
      default:
        fail("keys must be str, int, float, bool or None, not {}", type_name(key));
    }
  }

  void string(std::string_view text) {
    out_.append('"');
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t start = i;
      const char32_t c = next_code_point(text, i);
      if (const char* escape = short_escape(c)) {
        out_.append(escape);
      } else if (c < 0x20 || (style_.ensure_ascii && c > 0x7E && c < 0x10000)) {
        out_.append(fmt::format("\\u{:04x}", static_cast<unsigned>(c)));
      } else if (style_.ensure_ascii && c >= 0x10000) {
        const auto rest = static_cast<unsigned>(c - 0x10000);  // as a surrogate pair
        out_.append(
            fmt::format("\\u{:04x}\\u{:04x}", 0xD800U + (rest >> 10), 0xDC00U + (rest & 0x3FFU)));
      } else {
        out_.append(text.substr(start, i - start));
      }
    }
    out_.append('"');
  }

  static const char* short_escape(char32_t c) {
    switch (c) {
      case '"':
        return "\\\"";
      case '\\':
        return "\\\\";
      case '\n':
        return "\\n";
      case '\r':
        return "\\r";
      case '\t':
        return "\\t";
      case '\f':
        return "\\f";
      case '\b':
        return "\\b";
      default:
        return nullptr;
    }
  }

  Budget& budget_;
  const JsonStyle& style_;
  TextBuilder out_;
};

}  // namespace

std::string to_json(Budget& budget, const Value& value, const JsonStyle& style) {
  JsonWriter writer(budget, style);
  writer.write(value);
  return writer.take();
}

}  // namespace frugal::text::jinja
