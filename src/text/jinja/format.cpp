#include "text/jinja/format.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "text/jinja/arguments.h"
#include "text/jinja/methods.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

namespace {

// Reads a format from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  char take() {
    require(!done(), "incomplete format");
    return text_[at_++];
  }
  bool take_if(char wanted) {
    if (done() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  std::string_view take_until(std::string_view stops) {
    const std::size_t start = at_;
    at_ = std::min(text_.find_first_of(stops, at_), text_.size());
    return text_.substr(start, at_ - start);
  }
  std::string_view take_character() {
    const std::size_t start = at_;
    next_code_point(text_, at_);
    return text_.substr(start, at_ - start);
  }
  std::string_view rest() const { return text_.substr(at_); }
  bool at_digit() const { return peek() >= '0' && peek() <= '9'; }

  // A number without a sign, or `otherwise` when there is none here.
  std::int64_t number(std::int64_t otherwise) {
    if (!at_digit()) return otherwise;
    std::int64_t value = 0;
    while (at_digit()) {
      value = value * 10 + (take() - '0');
      require(value <= std::numeric_limits<std::int32_t>::max(),
              "a number in a format is too large");
    }
    return value;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// The arguments of one `%`.
class PrintfArguments {
 public:
  explicit PrintfArguments(const Value& arguments) : arguments_(arguments) {}

  const Value& next() {
    if (arguments_.is(Kind::tuple)) {
      require(used_ < arguments_.items().size(), "not enough arguments for format string");
      return arguments_.items()[used_++];
    }
    require(used_ == 0, "not enough arguments for format string");
    ++used_;
    return arguments_;
  }

  Value named(Budget& budget, std::string_view key) {
    require(arguments_.is(Kind::dict), "format requires a mapping");
    const Value* found = arguments_.dict().find(budget, key);
    require(found != nullptr, "the format asks for '{}', which is not there", printable(key));
    used_ = 1;
    return *found;
  }

  void check_all_used() const {
    const bool all = arguments_.is(Kind::tuple)
                         ? used_ == arguments_.items().size()
                         : used_ > 0 || arguments_.is(Kind::dict) || arguments_.is(Kind::list) ||
                               arguments_.is(Kind::range) || arguments_.is(Kind::undefined);
    require(all, "not all arguments converted during string formatting");
  }

 private:
  const Value& arguments_;
  std::size_t used_ = 0;
};

std::string ascii(Budget& budget, const Value& value) {
  TextBuilder out(budget);
  const std::string repr = to_repr(budget, value);
  for (std::size_t i = 0; i < repr.size();) {
    const char32_t c = next_code_point(repr, i);
    const auto number = static_cast<unsigned>(c);
    out.append(c < 0x80      ? std::string(1, static_cast<char>(c))
               : c < 0x100   ? fmt::format("\\x{:02x}", number)
               : c < 0x10000 ? fmt::format("\\u{:04x}", number)
                             : fmt::format("\\U{:08x}", number));
  }
  return out.take();
}

std::int64_t truncated(const Value& value) {
  if (value.is_integral()) return value.integer();
  require(value.is(Kind::real), "%d format: a number is required, not {}", type_name(value));
  require(std::fabs(value.real()) < 9.2e18, "%d format: {} does not fit in 64 bits", value.real());
  return static_cast<std::int64_t>(value.real());
}

std::string printf_text(Budget& budget, const Value& value, const FormatSpec& spec, bool escape) {
  FormatSpec plain;
  plain.align = spec.align == '<' ? '<' : '>';
  plain.width = spec.width;
  plain.precision = spec.precision;
  std::string text = spec.type == 'r'   ? to_repr(budget, value)
                     : spec.type == 'a' ? ascii(budget, value)
                                        : to_text(budget, value);
  if (escape && !value.is_safe()) text = escaped(budget, text);
  return format_string(budget, text, plain);
}

std::string printf_integer(Budget& budget, const Value& value, FormatSpec spec) {
  const bool decimal = spec.type == 'd' || spec.type == 'i' || spec.type == 'u';
  require(decimal || value.is_integral(), "%{} format: an integer is required, not {}", spec.type,
          type_name(value));
  if (decimal) spec.type = 'd';
  if (spec.precision >= 0) {  // the least number of digits
    FormatSpec digits = spec;
    digits.fill.assign(1, '0');
    digits.align = '=';
    digits.width = spec.precision + (truncated(value) < 0 || spec.sign != '-' ? 1 : 0);
    digits.precision = -1;
    return pad(budget, format_integer(budget, truncated(value), digits), spec.width, " ",
               spec.align != '<', spec.align == '<');
  }
  return format_integer(budget, truncated(value), spec);
}

std::string printf_one(Budget& budget, const Value& value, const FormatSpec& spec, bool escape) {
  switch (spec.type) {
    case 's':
    case 'r':
    case 'a':
      return printf_text(budget, value, spec, escape);
    case 'c':
      if (value.is(Kind::string)) {
        require(length(value.text()) == 1, "%c requires an integer or a single character");
        return printf_text(budget, value, spec, escape);
      }
      require(value.is_integral(), "%c requires an integer or a single character");
      return format_integer(budget, value.integer(), spec);
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
      return printf_integer(budget, value, spec);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      if (value.is(Kind::undefined)) fail("{}", value.hint());
      require(value.is_number(), "must be a real number, not {}", type_name(value));
      return format_real(budget, value.real(), [&] {
        FormatSpec with_digits = spec;
        if (spec.precision < 0) with_digits.precision = 6;
        return with_digits;
      }());
    default:
      fail("unsupported format character '{}'", printable(std::string(1, spec.type)));
  }
}

FormatSpec printf_flags(Reader& reader) {
  FormatSpec spec;
  bool zero = false;
  for (bool more = true; more;) {
    switch (reader.peek()) {
      case '-':
        spec.align = '<';
        break;
      case '+':
        spec.sign = '+';
        break;
      case ' ':
        spec.sign = spec.sign == '+' ? '+' : ' ';
        break;
      case '#':
        spec.alternate = true;
        break;
      case '0':
        zero = true;
        break;
      default:
        more = false;
    }
    if (more) reader.take();
  }
  if (zero && spec.align == 0) {
    spec.fill.assign(1, '0');
    spec.align = '=';
  }
  return spec;
}

// A number, or * for the next argument.
std::int64_t printf_number(Reader& reader, PrintfArguments& arguments, std::int64_t otherwise) {
  if (!reader.take_if('*')) return reader.number(otherwise);
  const Value& value = arguments.next();
  require(value.is_integral(), "* wants int");
  require(std::abs(value.integer()) <= std::numeric_limits<std::int32_t>::max(),
          "a number in a format is too large");
  return value.integer();
}

}  // namespace

Value format_printf(Budget& budget, const Value& format, const Value& arguments) {
  Reader reader(format.text());
  PrintfArguments passed(arguments);
  TextBuilder out(budget);
  while (true) {
    out.append(reader.take_until("%"));
    if (!reader.take_if('%')) break;
    budget.step();
    std::optional<Value> named;
    if (reader.take_if('(')) {
      named = passed.named(budget, reader.take_until(")"));
      require(reader.take_if(')'), "incomplete format key");
    }
    FormatSpec spec = printf_flags(reader);
    spec.width = printf_number(reader, passed, 0);
    if (spec.width < 0) {
      spec.align = '<';
      spec.width = -spec.width;
    }
    if (reader.take_if('.')) {
      spec.precision = std::max<std::int64_t>(printf_number(reader, passed, 0), 0);
    }
    if (reader.peek() == 'h' || reader.peek() == 'l' || reader.peek() == 'L') reader.take();
    spec.type = reader.take();
    if (spec.type == '%') {
      out.append('%');
      continue;
    }
    out.append(printf_one(budget, named ? *named : passed.next(), spec, format.is_safe()));
  }
  passed.check_all_used();
  return Value::string(budget, out.take(), format.is_safe());
}

namespace {

FormatSpec parse_spec(std::string_view text) {
  FormatSpec spec;
  Reader reader(text);
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^' || c == '='; };
  bool has_fill = false;
  if (!text.empty()) {
    Reader ahead(text);
    const std::string_view fill = ahead.take_character();
    if (is_align(ahead.peek())) {
      has_fill = true;
      spec.fill = fill;
      spec.align = ahead.take();
      reader = ahead;
    } else if (is_align(reader.peek())) {
      spec.align = reader.take();
    }
  }
  if (reader.peek() == '+' || reader.peek() == '-' || reader.peek() == ' ') {
    spec.sign = reader.take();
  }
  spec.alternate = reader.take_if('#');
  if (!has_fill && reader.peek() == '0') {
    spec.fill.assign(1, '0');
    if (spec.align == 0) spec.align = '0';  // told apart where the type of the value is known
  }
  spec.width = reader.number(0);
  if (reader.peek() == ',' || reader.peek() == '_') spec.grouping = reader.take();
  if (reader.take_if('.')) {
    require(reader.at_digit(), "format specifier missing precision");
    spec.precision = reader.number(-1);
  }
  if (!reader.done()) spec.type = reader.take();
  require(reader.done(), "invalid format specifier '{}'", printable(text));
  return spec;
}

}  // namespace

std::string format_value(Budget& budget, const Value& value, std::string_view text) {
  if (text.empty()) return to_text(budget, value);
  FormatSpec spec = parse_spec(text);
  if (spec.align == '0') spec.align = value.is(Kind::string) ? '<' : '=';
  if (value.is(Kind::string)) return format_string(budget, value.text(), spec);
  if (value.is_integral()) return format_integer(budget, value.integer(), spec);
  if (value.is(Kind::real)) return format_real(budget, value.real(), spec);
  fail("unsupported format string for '{}' object", type_name(value));
}

namespace {

// Fills the fields of one str.format call.
class BraceFormatter {
 public:
  BraceFormatter(Budget& budget, const Arguments& arguments, bool escape)
      : budget_(budget), arguments_(arguments), escape_(escape) {}

  std::string format(std::string_view text, int depth) {
    require(depth > 0, "format fields nested too deeply");
    Reader reader(text);
    TextBuilder out(budget_);
    while (true) {
      out.append(reader.take_until("{}"));
      if (reader.done()) return out.take();
      const char brace = reader.take();
      if (reader.take_if(brace)) {
        out.append(brace);
        continue;
      }
      require(brace == '{', "Single '}}' encountered in format string");
      budget_.step();
      out.append(field(reader, depth));
    }
  }

 private:
  std::string field(Reader& reader, int depth) {
    std::string name;
    while (!reader.done() && reader.peek() != '!' && reader.peek() != ':' && reader.peek() != '}') {
      require(reader.peek() != '{', "unexpected '{{' in field name");
      if (reader.peek() == '[') name += reader.take_until("]");
      name += reader.take();
    }
    Value value = lookup(name);
    if (reader.take_if('!')) value = converted(value, reader.take());
    std::string spec;
    if (reader.take_if(':')) spec = format(nested_spec(reader), depth - 1);
    require(reader.take_if('}'), "expected '}}' before end of string");
    std::string text = format_value(budget_, value, spec);
    return escape_ && !value.is_safe() ? escaped(budget_, text) : text;
  }

  // Up to the brace that closes the field.
  static std::string nested_spec(Reader& reader) {
    std::string spec;
    int open = 0;
    while (open > 0 || reader.peek() != '}') {
      const char c = reader.take();
      open += c == '{' ? 1 : c == '}' ? -1 : 0;
      spec += c;
    }
    return spec;
  }

  // A name such as `0.attribute[key]`.
  Value lookup(std::string_view name) {
    Reader reader(name);
    Value value = argument(reader.take_until(".["));
    while (!reader.done()) {
      budget_.step();
      if (reader.take_if('.')) {
        const std::string_view attribute = reader.take_until(".[");
        require(!attribute.empty(), "Empty attribute in format string");
        value = get_attribute(budget_, value, std::string(attribute));
        continue;
      }
      require(reader.take_if('['), "Only '.' or '[' may follow ']' in format field specifier");
      const std::string_view key = reader.take_until("]");
      require(reader.take_if(']'), "Missing ']' in format string");
      value = get_item(budget_, value, index_of(key));
    }
    return value;
  }

  Value index_of(std::string_view key) {
    require(!key.empty(), "Empty attribute in format string");
    Reader reader(key);
    const std::int64_t number = reader.number(-1);
    return number >= 0 && reader.done() ? Value::integer(number)
                                        : Value::string(budget_, std::string(key));
  }

  Value argument(std::string_view name) {
    Reader reader(name);
    std::int64_t place = reader.number(-1);
    if (name.empty()) {
      require(numbering_ != Numbering::manual,
              "cannot switch from manual field specification to automatic field numbering");
      numbering_ = Numbering::automatic;
      place = next_++;
    } else if (place >= 0 && reader.done()) {
      require(numbering_ != Numbering::automatic,
              "cannot switch from automatic field numbering to manual field specification");
      numbering_ = Numbering::manual;
    } else {
      const auto found = std::find_if(arguments_.named.begin(), arguments_.named.end(),
                                      [&](const auto& argument) { return argument.first == name; });
      require(found != arguments_.named.end(), "format() lacks the argument '{}'", printable(name));
      return found->second;
    }
    require(place < static_cast<std::int64_t>(arguments_.positional.size()),
            "format() has no argument number {}", place);
    return arguments_.positional[static_cast<std::size_t>(place)];
  }

  Value converted(const Value& value, char conversion) {
    switch (conversion) {
      case 's':
        return Value::string(budget_, to_text(budget_, value));
      case 'r':
        return Value::string(budget_, to_repr(budget_, value));
      case 'a':
        return Value::string(budget_, ascii(budget_, value));
      default:
        fail("unknown conversion specifier '{}'", printable(std::string(1, conversion)));
    }
  }

  enum class Numbering { unknown, automatic, manual };

  Budget& budget_;
  const Arguments& arguments_;
  bool escape_;
  Numbering numbering_ = Numbering::unknown;
  std::int64_t next_ = 0;
};

}  // namespace

Value format_braces(const Call& call) {
  BraceFormatter formatter(call.budget, call.arguments, call.self.is_safe());
  return Value::string(call.budget, formatter.format(call.self.text(), 2), call.self.is_safe());
}

Value format_map(const Call& call) {
  const Parameters parameters(call, {""}, 1);
  require(parameters[0].is(Kind::dict), "format_map() needs a dict, not {}",
          type_name(parameters[0]));
  Arguments named;
  for (const auto& [key, value] : parameters[0].dict().entries()) {
    if (key.is(Kind::string)) named.named.emplace_back(key.text(), value);
  }
  BraceFormatter formatter(call.budget, named, call.self.is_safe());
  return Value::string(call.budget, formatter.format(call.self.text(), 2), call.self.is_safe());
}

}  // namespace frugal::text::jinja
