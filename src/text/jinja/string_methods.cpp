#include <algorithm>

#include "text/jinja/arguments.h"
#include "text/jinja/format.h"
#include "text/jinja/iterate.h"
#include "text/jinja/methods.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

namespace {

Value text_value(Budget& budget, const Value& self, std::string_view text) {
  return Value::string(budget, std::string(text), self.is_safe());
}

// Methods without arguments that map text to text.
template <std::string (*map)(std::string_view)>
Value mapped(const Call& call) {
  const Parameters none(call, {});
  call.budget.allocate(call.self.text().size());
  return Value::string(call.budget, map(call.self.text()), call.self.is_safe());
}

// str.isalpha and the like: not empty, and `test` holds for every character.
template <bool (*test)(char32_t)>
Value all_of(const Call& call) {
  const Parameters none(call, {});
  const std::string& text = call.self.text();
  call.budget.step(text.size() / 16);
  bool result = !text.empty();
  for (std::size_t i = 0; result && i < text.size();) result = test(next_code_point(text, i));
  return Value::boolean(result);
}

bool is_ascii(char32_t c) { return c < 0x80; }
bool is_alphanumeric(char32_t c) { return is_alpha(c) || is_numeric(c); }

// str.islower, str.isupper: some character has the case, and none has the other one.
template <bool (*wanted)(char32_t), bool (*other)(char32_t)>
Value has_case(const Call& call) {
  const Parameters none(call, {});
  const std::string& text = call.self.text();
  call.budget.step(text.size() / 16);
  bool found = false;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = next_code_point(text, i);
    if (other(c) || is_title(c)) return Value::boolean(false);
    found = found || wanted(c);
  }
  return Value::boolean(found);
}

Value is_title_cased(const Call& call) {
  const Parameters none(call, {});
  const std::string& text = call.self.text();
  call.budget.step(text.size() / 16);
  bool found = false;
  bool inside = false;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = next_code_point(text, i);
    const bool starts = is_upper(c) || is_title(c);
    if (starts == inside && (starts || is_lower(c))) return Value::boolean(false);
    inside = starts || is_lower(c);
    found = found || inside;
  }
  return Value::boolean(found);
}

Value is_printable_text(const Call& call) {
  return Value::boolean(call.self.text().empty() || all_of<is_printable>(call).truth());
}

Value is_ascii_text(const Call& call) {
  return Value::boolean(call.self.text().empty() || all_of<is_ascii>(call).truth());
}

Value is_identifier(const Call& call) {
  std::size_t first = 0;
  return Value::boolean(all_of<continues_identifier>(call).truth() &&
                        starts_identifier(next_code_point(call.self.text(), first)));
}

template <bool left, bool right>
Value stripped(const Call& call) {
  const Parameters parameters(call, {""});
  const std::string* characters = parameters.get_some(0) != nullptr ? &parameters.text(0) : nullptr;
  return text_value(call.budget, call.self,
                    strip(call.budget, call.self.text(), characters, left, right));
}

template <bool left, bool right>
Value padded(const Call& call) {
  const Parameters parameters(call, {"", ""}, 1);
  const std::string fill = parameters.text(1, " ");
  require(length(fill) == 1, "the fill character must be exactly one character long");
  require(!call.self.is_safe() || escaped(call.budget, fill) == fill,
          "the fill character must be exactly one character long");
  return Value::string(
      call.budget, pad(call.budget, call.self.text(), parameters.integer(0, 0), fill, left, right),
      call.self.is_safe());
}

Value zero_filled(const Call& call) {
  const Parameters parameters(call, {""}, 1);
  const std::string& text = call.self.text();
  const std::size_t sign = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  const std::string body =
      pad(call.budget, std::string_view(text).substr(sign),
          parameters.integer(0, 0) - static_cast<std::int64_t>(sign), "0", true, false);
  return text_value(call.budget, call.self, text.substr(0, sign) + body);
}

// The part of a string that the arguments `start` and `end` of find, count and others leave.
struct Window {
  std::size_t first = 0;  // in code points
  std::string_view text;
  bool inside = true;  // false when it begins behind the end of the string
};

Window window(Budget& budget, const Value& self, const Parameters& parameters) {
  budget.step(self.text().size() / 64);
  const auto size = static_cast<std::int64_t>(length(self.text()));
  const auto bound = [&](std::size_t i, std::int64_t otherwise) {
    const std::int64_t index =
        parameters.get_some(i) == nullptr ? otherwise : parameters.integer(i, otherwise);
    return std::max<std::int64_t>(index < 0 ? index + size : index, 0);
  };
  const std::int64_t first = bound(1, 0);
  const std::int64_t last = std::min(bound(2, size), size);
  if (first > last) return {0, {}, false};
  return {static_cast<std::size_t>(first),
          substring(self.text(), static_cast<std::size_t>(first), static_cast<std::size_t>(last)),
          true};
}

// Finds in linear time from either side; -1 when there is none.
std::int64_t position(Budget& budget, const Value& self, const Parameters& parameters, bool last) {
  const std::string& wanted = parameters.text(0);
  const Window part = window(budget, self, parameters);
  if (!part.inside) return -1;
  std::size_t found = find_text(budget, part.text, wanted, 0);
  if (found == std::string_view::npos) return -1;
  if (last && wanted.empty()) found = part.text.size();
  while (last) {
    const std::size_t next = find_text(budget, part.text, wanted, found + 1);
    if (next == std::string_view::npos) break;
    found = next;
  }
  return static_cast<std::int64_t>(part.first + length(part.text.substr(0, found)));
}

template <bool last>
Value find(const Call& call) {
  return Value::integer(position(call.budget, call.self, Parameters(call, {"", "", ""}, 1), last));
}

template <bool last>
Value index(const Call& call) {
  const std::int64_t found =
      position(call.budget, call.self, Parameters(call, {"", "", ""}, 1), last);
  require(found >= 0, "substring not found");
  return Value::integer(found);
}

Value count(const Call& call) {
  const Parameters parameters(call, {"", "", ""}, 1);
  const std::string& wanted = parameters.text(0);
  const Window part = window(call.budget, call.self, parameters);
  if (!part.inside) return Value::integer(0);
  if (wanted.empty()) return Value::integer(static_cast<std::int64_t>(length(part.text)) + 1);
  std::int64_t times = 0;
  for (std::size_t at = 0;; ++times) {
    at = find_text(call.budget, part.text, wanted, at);
    if (at == std::string_view::npos) return Value::integer(times);
    at += wanted.size();
  }
}

template <bool at_end>
Value matches_end(const Call& call) {
  const Parameters parameters(call, {"", "", ""}, 1);
  const Window part = window(call.budget, call.self, parameters);
  const auto matches = [&](const Value& affix) {
    require(affix.is(Kind::string), "{} first arg must be str or a tuple of str, not {}",
            at_end ? "endswith" : "startswith", type_name(affix));
    if (!part.inside) return false;
    return at_end ? part.text.ends_with(affix.text()) : part.text.starts_with(affix.text());
  };
  if (!parameters[0].is(Kind::tuple)) return Value::boolean(matches(parameters[0]));
  const std::vector<Value>& affixes = parameters[0].items();
  return Value::boolean(std::any_of(affixes.begin(), affixes.end(), matches));
}

Value without_prefix(const Call& call) {
  const Parameters parameters(call, {""}, 1);
  std::string_view text = call.self.text();
  if (text.starts_with(parameters.text(0))) text.remove_prefix(parameters.text(0).size());
  return text_value(call.budget, call.self, text);
}

Value without_suffix(const Call& call) {
  const Parameters parameters(call, {""}, 1);
  std::string_view text = call.self.text();
  if (text.ends_with(parameters.text(0))) text.remove_suffix(parameters.text(0).size());
  return text_value(call.budget, call.self, text);
}

Value replace(const Call& call) {
  const Parameters parameters(call, {"", "", ""}, 2);
  const std::string to = call.self.is_safe() && !parameters[1].is_safe()
                             ? escaped(call.budget, parameters.text(1))
                             : parameters.text(1);
  return text_value(call.budget, call.self,
                    replace_text(call.budget, call.self.text(), parameters.text(0), to,
                                 parameters.integer(2, -1)));
}

Value expand_tabs(const Call& call) {
  const Parameters parameters(call, {"tabsize"});
  const std::int64_t tab = std::max<std::int64_t>(parameters.integer(0, 8), 0);
  TextBuilder out(call.budget);
  std::int64_t column = 0;
  const std::string& text = call.self.text();
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    const char32_t c = next_code_point(text, i);
    if (c == '\t') {
      const std::int64_t spaces = tab == 0 ? 0 : tab - column % tab;
      out.append(static_cast<std::size_t>(spaces), ' ');
      column += spaces;
      continue;
    }
    out.append(std::string_view(text).substr(start, i - start));
    column = c == '\n' || c == '\r' ? 0 : column + 1;
  }
  return Value::string(call.budget, out.take(), call.self.is_safe());
}

Value join(const Call& call) {
  const Parameters parameters(call, {""}, 1);
  const ObjectPtr iterator = iterate(call.budget, parameters[0]);
  TextBuilder out(call.budget);
  bool first = true;
  for (; const std::optional<Value> item = iterator->next(call.budget); first = false) {
    if (!first) out.append(call.self.text());
    if (call.self.is_safe() && !item->is_safe()) {
      out.append(escaped(call.budget, to_text(call.budget, *item)));
      continue;
    }
    require(item->is(Kind::string), "join() expects strings, and found {}", type_name(*item));
    out.append(item->text());
  }
  return Value::string(call.budget, out.take(), call.self.is_safe());
}

constexpr Method kMethods[] = {
    {"capitalize", mapped<to_capitalized>},
    {"casefold", mapped<fold_case>},
    {"center", padded<true, true>},
    {"count", count},
    {"endswith", matches_end<true>},
    {"expandtabs", expand_tabs},
    {"find", find<false>},
    {"format", format_braces},
    {"format_map", format_map},
    {"index", index<false>},
    {"isalnum", all_of<is_alphanumeric>},
    {"isalpha", all_of<is_alpha>},
    {"isascii", is_ascii_text},
    {"isdecimal", all_of<is_decimal>},
    {"isdigit", all_of<is_digit>},
    {"isidentifier", is_identifier},
    {"islower", has_case<is_lower, is_upper>},
    {"isnumeric", all_of<is_numeric>},
    {"isprintable", is_printable_text},
    {"isspace", all_of<is_space>},
    {"istitle", is_title_cased},
    {"isupper", has_case<is_upper, is_lower>},
    {"join", join},
    {"ljust", padded<false, true>},
    {"lower", mapped<to_lower>},
    {"lstrip", stripped<true, false>},
    {"removeprefix", without_prefix},
    {"removesuffix", without_suffix},
    {"replace", replace},
    {"rfind", find<true>},
    {"rindex", index<true>},
    {"rjust", padded<true, false>},
    {"rstrip", stripped<false, true>},
    {"startswith", matches_end<false>},
    {"strip", stripped<true, true>},
    {"swapcase", mapped<swap_case>},
    {"title", mapped<to_title>},
    {"upper", mapped<to_upper>},
    {"zfill", zero_filled},
};

}  // namespace

const Method* find_string_method(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kMethods), std::end(kMethods),
                                         [&](const Method& method) { return method.name == name; });
  return found != std::end(kMethods) ? found : find_splitting_method(name);
}

}  // namespace frugal::text::jinja
