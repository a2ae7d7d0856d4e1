// Numbers and strings by a format spec.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "text/jinja/format.h"
#include "text/jinja/methods.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

namespace {

// More digits than any double has before or after its point.
constexpr std::int64_t kLargestPrecision = 1000;

// Unlike str.center, a format puts the odd space to the right.
std::string aligned(Budget& budget, std::string_view text, const FormatSpec& spec, char otherwise) {
  const char align = spec.align == 0 ? otherwise : spec.align;
  const auto size = static_cast<std::int64_t>(length(text));
  const std::int64_t missing = std::max<std::int64_t>(spec.width - size, 0);
  const std::int64_t before = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  const std::string left = pad(budget, text, size + before, spec.fill, true, false);
  return pad(budget, left, spec.width, spec.fill, false, true);
}

// A separator between each `size` digits, from the right.
std::string grouped(std::string_view digits, char separator, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % size == 0) out += separator;
    out += digits[i];
  }
  return out;
}

// A number in its parts: "-", "0x", "1234", ".5e+10".
struct NumberText {
  std::string sign;
  std::string prefix;
  std::string digits;
  std::string rest;
};

// With the fill "0" between sign and digits, the zeros that fill are grouped, too.
std::string group_digits(Budget& budget, const NumberText& number, std::size_t outside,
                         const FormatSpec& spec, std::size_t size) {
  std::size_t count = number.digits.size();
  if (spec.align == '=' && spec.fill == "0") {
    const auto width = static_cast<std::size_t>(spec.width);
    const std::size_t wanted = width > outside ? width - outside : 0;
    count = std::max(count, wanted / (size + 1) * size);
    while (count + (count - 1) / size < wanted) ++count;
  }
  budget.allocate(count, 3);
  return grouped(std::string(count - number.digits.size(), '0') + number.digits, spec.grouping,
                 size);
}

std::string assemble(Budget& budget, NumberText number, const FormatSpec& spec,
                     std::size_t group_size) {
  const std::string head = number.sign + number.prefix;
  if (spec.grouping != 0) {
    number.digits =
        group_digits(budget, number, head.size() + number.rest.size(), spec, group_size);
  }
  const std::string body = number.digits + number.rest;
  if (spec.align == '=') {
    return head + pad(budget, body, spec.width - static_cast<std::int64_t>(head.size()), spec.fill,
                      true, false);
  }
  return aligned(budget, head + body, spec, '>');
}

std::string sign_of(bool negative, const FormatSpec& spec) {
  if (negative) return "-";
  return spec.sign == '-' ? "" : std::string(1, spec.sign);
}

std::string in_base(std::uint64_t value, unsigned base) {
  std::string digits;
  do {
    digits += "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

void make_upper(std::string& text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string printed(const char* format, std::int64_t precision, double value) {
  require(precision <= kLargestPrecision, "a precision of {} is too large; the limit is {}",
          precision, kLargestPrecision);
  char buffer[1400];  // 309 digits, the point and the precision
  const int size = std::snprintf(buffer, sizeof buffer, format, static_cast<int>(precision), value);
  return std::string(buffer, static_cast<std::size_t>(size));
}

// A float without a type: as short as it can be, or `precision` digits but always with a point.
std::string general(double value, std::int64_t precision) {
  if (precision < 0) return repr_of(value);
  precision = std::max<std::int64_t>(precision, 1);
  std::string scientific = printed("%.*e", precision - 1, value);
  const std::size_t e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent >= precision - 1 || exponent < -4) {
    std::string mantissa = scientific.substr(0, e);
    if (mantissa.find('.') != std::string::npos) {
      mantissa.erase(mantissa.find_last_not_of('0') + 1);
      if (mantissa.back() == '.') mantissa.pop_back();
    }
    return mantissa + scientific.substr(e);
  }
  std::string out = printed("%.*g", precision, value);
  return out.find('.') == std::string::npos ? out + ".0" : out;
}

std::string digits_of(double value, const FormatSpec& spec) {
  const char type =
      spec.type >= 'A' && spec.type <= 'Z' ? static_cast<char>(spec.type - 'A' + 'a') : spec.type;
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return "inf";
  if (type == 0) return general(value, spec.precision);
  const std::int64_t precision = spec.precision < 0 ? 6 : spec.precision;
  switch (type) {
    case 'e':
      return printed(spec.alternate ? "%#.*e" : "%.*e", precision, value);
    case 'f':
      return printed(spec.alternate ? "%#.*f" : "%.*f", precision, value);
    case '%':
      return printed(spec.alternate ? "%#.*f" : "%.*f", precision, value * 100);
    case 'g':
    case 'n':
      return printed(spec.alternate ? "%#.*g" : "%.*g", precision, value);
    default:
      fail("unknown format code '{}' for a float", spec.type);
  }
}

}  // namespace

std::string format_real(Budget& budget, double value, const FormatSpec& spec) {
  NumberText number;
  number.sign = sign_of(std::signbit(value) && !std::isnan(value), spec);
  std::string text = digits_of(std::fabs(value), spec);
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  number.digits = text.substr(0, end);
  number.rest = text.substr(end) + (spec.type == '%' ? "%" : "");
  if (spec.type >= 'A' && spec.type <= 'Z') make_upper(number.rest);
  return assemble(budget, number, spec, 3);
}

std::string format_integer(Budget& budget, std::int64_t value, const FormatSpec& spec) {
  switch (spec.type) {
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case '%':
      return format_real(budget, static_cast<double>(value), spec);
    case 'c': {
      require(value >= 0 && value < 0x110000 && (value < 0xD800 || value > 0xDFFF),
              "%c needs a character's number, not {}", value);
      std::string text;
      append_utf8(text, static_cast<char32_t>(value));
      FormatSpec as_text = spec;
      as_text.type = 0;
      return format_string(budget, text, as_text);
    }
    default:
      break;
  }
  require(spec.precision < 0, "precision is not allowed for integers");
  NumberText number;
  number.sign = sign_of(value < 0, spec);
  const std::uint64_t magnitude =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::size_t group = 4;
  switch (spec.type) {
    case 0:
    case 'd':
    case 'n':
      number.digits = in_base(magnitude, 10);
      group = 3;
      break;
    case 'b':
      number.digits = in_base(magnitude, 2);
      break;
    case 'o':
      number.digits = in_base(magnitude, 8);
      break;
    case 'x':
    case 'X':
      number.digits = in_base(magnitude, 16);
      break;
    default:
      fail("unknown format code '{}' for an integer", spec.type);
  }
  if (spec.alternate && group == 4) number.prefix = std::string("0") + spec.type;
  if (spec.type == 'X') make_upper(number.digits);
  return assemble(budget, number, spec, group);
}

std::string format_string(Budget& budget, std::string_view text, const FormatSpec& spec) {
  require(spec.type == 0 || spec.type == 's', "unknown format code '{}' for a string", spec.type);
  require(spec.sign == '-' && !spec.alternate && spec.grouping == 0 && spec.align != '=',
          "this format spec is for numbers, not for a string");
  if (spec.precision >= 0) text = substring(text, 0, static_cast<std::size_t>(spec.precision));
  return aligned(budget, text, spec, '<');
}

}  // namespace frugal::text::jinja
