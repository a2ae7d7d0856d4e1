// Python's str() and repr().
#include <charconv>
#include <cmath>

#include "text/jinja/unicode.h"
#include "text/jinja/value.h"

namespace frugal::text::jinja {

namespace {

// Writes values at the budget's expense; shared parts of a value are written as often as they
// occur, which can be exponentially often.
class Printer {
 public:
  explicit Printer(Budget& budget) : budget_(budget), out_(budget) {}

  void repr(const Value& value) {
    const Recursion guard(budget_);
    budget_.step();
    switch (value.kind()) {
      case Kind::none:
        return out_.append("None");
      case Kind::undefined:
        return out_.append("Undefined");
      case Kind::boolean:
        return out_.append(value.truth() ? "True" : "False");
      case Kind::integer:
        return out_.append(fmt::format("{}", value.integer()));
      case Kind::real:
        return out_.append(repr_of(value.real()));
      case Kind::string:
        if (value.is_safe()) return out_.append("Markup(" + quoted(budget_, value.text()) + ")");
        return out_.append(quoted(budget_, value.text()));
      case Kind::list:
        return items("[", value.items(), "]");
      case Kind::tuple:
        return items("(", value.items(), value.items().size() == 1 ? ",)" : ")");
      case Kind::range:
        return range(value.sequence().bounds);
      case Kind::keys:
        return items("dict_keys([", value.items(), "])");
      case Kind::values:
        return items("dict_values([", value.items(), "])");
      case Kind::items:
        return items("dict_items([", value.items(), "])");
      case Kind::dict:
        return dict(value.dict());
      case Kind::object:
        return out_.append(value.object()->repr(budget_));
    }
  }

  std::string take() { return out_.take(); }

 private:
  void items(std::string_view open, const std::vector<Value>& items, std::string_view close) {
    out_.append(open);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out_.append(", ");
      repr(items[i]);
    }
    out_.append(close);
  }

  void range(const std::array<std::int64_t, 3>& bounds) {
    out_.append(fmt::format("range({}, {}", bounds[0], bounds[1]));
    if (bounds[2] != 1) out_.append(fmt::format(", {}", bounds[2]));
    out_.append(')');
  }

  void dict(const Dict& dict) {
    out_.append('{');
    for (std::size_t i = 0; i < dict.size(); ++i) {
      if (i != 0) out_.append(", ");
      repr(dict.entries()[i].first);
      out_.append(": ");
      repr(dict.entries()[i].second);
    }
    out_.append('}');
  }

  Budget& budget_;
  TextBuilder out_;
};

}  // namespace

std::string quoted(Budget& budget, std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  TextBuilder out(budget);
  out.append(quote);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    const char32_t c = next_code_point(text, i);
    if (c == '\n') {
      out.append("\\n");
    } else if (c == '\r') {
      out.append("\\r");
    } else if (c == '\t') {
      out.append("\\t");
    } else if (c == '\\' || c == static_cast<char32_t>(quote)) {
      out.append('\\');
      out.append(static_cast<char>(c));
    } else if (is_printable(c)) {
      out.append(text.substr(start, i - start));
    } else if (c < 0x100) {
      out.append(fmt::format("\\x{:02x}", static_cast<unsigned>(c)));
    } else if (c < 0x10000) {
      out.append(fmt::format("\\u{:04x}", static_cast<unsigned>(c)));
    } else {
      out.append(fmt::format("\\U{:08x}", static_cast<unsigned>(c)));
    }
  }
  out.append(quote);
  return out.take();
}

std::string repr_of(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  // The shortest digits that give the value back, as d.ddde[+-]xx.
  char digits[40];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific);
  std::string_view text(digits, static_cast<std::size_t>(end.ptr - digits));
  const std::size_t e = text.find('e');
  int exponent = 0;
  const std::size_t exponent_start = text[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(text.data() + exponent_start, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 16) {
    return fmt::format("{}e{}{:02}", text.substr(0, e), exponent < 0 ? '-' : '+',
                       std::abs(exponent));
  }
  char plain[40];
  const auto plain_end =
      std::to_chars(plain, plain + sizeof plain, value, std::chars_format::fixed);
  std::string out(plain, plain_end.ptr);
  return out.find('.') == std::string::npos ? out + ".0" : out;
}

std::string to_repr(Budget& budget, const Value& value) {
  Printer printer(budget);
  printer.repr(value);
  return printer.take();
}

std::string to_text(Budget& budget, const Value& value) {
  if (value.is(Kind::string)) {
    budget.step(value.text().size() / 64);
    return value.text();
  }
  return value.is(Kind::undefined) ? std::string() : to_repr(budget, value);
}

}  // namespace frugal::text::jinja
