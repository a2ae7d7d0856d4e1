// Filters that make text.
#include <algorithm>

#include "text/jinja/arguments.h"
#include "text/jinja/filters.h"
#include "text/jinja/format.h"
#include "text/jinja/iterate.h"
#include "text/jinja/json_text.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

namespace {

// Filters treat whatever they get as text.
template <std::string (*map)(std::string_view)>
Value mapped(const Call& call) {
  const Parameters none(call, {});
  const std::string text = to_text(call.budget, call.self);
  return Value::string(call.budget, map(text), call.self.is_safe());
}

bool separates_words(char32_t c) {
  return is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
}

// Unlike str.title, only white space and opening brackets begin a new word.
std::string titled(std::string_view text) {
  std::string out;
  bool begins = true;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    const bool separator = separates_words(next_code_point(text, i));
    const std::string_view character = text.substr(start, i - start);
    out += begins ? to_upper(character) : to_lower(character);
    begins = separator;
  }
  return out;
}

Value string(const Call& call) {
  const Parameters none(call, {});
  if (call.self.is(Kind::string)) return call.self;
  return Value::string(call.budget, to_text(call.budget, call.self));
}

Value trim(const Call& call) {
  const Parameters parameters(call, {"chars"});
  const std::string* characters = parameters.get_some(0) != nullptr ? &parameters.text(0) : nullptr;
  const std::string text = to_text(call.budget, call.self);
  return Value::string(call.budget, std::string(strip(call.budget, text, characters, true, true)),
                       call.self.is_safe());
}

Value replace(const Call& call) {
  const Parameters parameters(call, {"old", "new", "count"}, 2);
  const std::int64_t count = parameters.get_some(2) == nullptr ? -1 : parameters.integer(2, -1);
  Budget& budget = call.budget;
  return Value::string(
      budget, replace_text(budget, to_text(budget, call.self), to_text(budget, parameters[0]),
                           to_text(budget, parameters[1]), count));
}

Value escape(const Call& call) {
  const Parameters none(call, {});
  if (call.self.is_safe()) return call.self;
  return Value::string(call.budget, escaped(call.budget, to_text(call.budget, call.self)), true);
}

Value force_escape(const Call& call) {
  const Parameters none(call, {});
  return Value::string(call.budget, escaped(call.budget, to_text(call.budget, call.self)), true);
}

Value mark_safe(const Call& call) {
  const Parameters none(call, {});
  return Value::string(call.budget, to_text(call.budget, call.self), true);
}

Value center(const Call& call) {
  const Parameters parameters(call, {"width"});
  return Value::string(
      call.budget,
      pad(call.budget, to_text(call.budget, call.self), parameters.integer(0, 80), " ", true, true),
      call.self.is_safe());
}

Value indent(const Call& call) {
  const Parameters parameters(call, {"width", "first", "blank"});
  if (call.self.is(Kind::undefined)) fail("{}", call.self.hint());
  require(call.self.is(Kind::string), "indent needs a string, not '{}'", type_name(call.self));
  std::string indentation(4, ' ');
  if (parameters.get(0) != nullptr && parameters[0].is(Kind::string)) {
    indentation = parameters.text(0);
  } else {
    const std::int64_t width = std::max<std::int64_t>(parameters.integer(0, 4), 0);
    call.budget.allocate(static_cast<std::size_t>(width));
    indentation.assign(static_cast<std::size_t>(width), ' ');
  }
  if (call.self.is_safe()) indentation = escaped(call.budget, indentation);
  const bool blank = parameters.truth(call.budget, 2, false);
  // With a newline at the end, so that an empty string is one empty line.
  const std::string text = call.self.text() + "\n";
  TextBuilder out(call.budget);
  if (parameters.truth(call.budget, 1, false)) out.append(indentation);
  bool first = true;
  for (const std::string_view line : split_lines(call.budget, text, false)) {
    if (!first) {
      out.append('\n');
      if (blank || !line.empty()) out.append(indentation);
    }
    out.append(line);
    first = false;
  }
  return Value::string(call.budget, out.take(), call.self.is_safe());
}

Value truncate(const Call& call) {
  const Parameters parameters(call, {"length", "killwords", "end", "leeway"});
  const std::int64_t limit = parameters.integer(0, 255);
  const std::string end = parameters.text(2, "...");
  const std::int64_t leeway = parameters.get_some(3) == nullptr ? 5 : parameters.integer(3, 5);
  const auto end_length = static_cast<std::int64_t>(length(end));
  require(limit >= end_length, "truncate needs a length of at least {}, not {}", end_length, limit);
  require(leeway >= 0, "truncate needs a leeway of at least 0, not {}", leeway);
  const auto size = static_cast<std::int64_t>(length_of(call.budget, call.self));
  if (size - limit <= leeway) return call.self;  // compared so that no sum can overflow
  require(call.self.is(Kind::string), "truncate needs a string, not '{}'", type_name(call.self));
  const std::string& text = call.self.text();
  std::string_view kept = substring(text, 0, static_cast<std::size_t>(limit - end_length));
  if (!parameters.truth(call.budget, 1, false)) {
    kept = kept.substr(0, std::min(kept.rfind(' '), kept.size()));
  }
  return Value::string(call.budget, std::string(kept) + end, call.self.is_safe());
}

Value word_count(const Call& call) {
  const Parameters none(call, {});
  const std::string text = to_text(call.budget, call.self);
  std::int64_t words = 0;
  bool inside = false;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = next_code_point(text, i);
    const bool is_word = c == '_' || is_alpha(c) || is_numeric(c);
    words += is_word && !inside ? 1 : 0;
    inside = is_word;
  }
  return Value::integer(words);
}

Value format(const Call& call) {
  const Arguments& passed = call.arguments;
  require(passed.positional.empty() || passed.named.empty(),
          "format takes either positional or named arguments, not both");
  const Value text = string({call.budget, call.name, call.self, Arguments{}});
  if (passed.named.empty()) {
    return format_printf(call.budget, text, Value::tuple(call.budget, passed.positional));
  }
  Dict named;
  for (const auto& [name, value] : passed.named) {
    named.set(call.budget, Value::string(call.budget, name), value);
  }
  return format_printf(call.budget, text, Value::dict(call.budget, std::move(named)));
}

std::string url_quoted(Budget& budget, const Value& value, bool in_query) {
  TextBuilder out(budget);
  for (const char c : to_text(budget, value)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '.' || c == '-' || c == '~' || (c == '/' && !in_query);
    if (plain) {
      out.append(c);
    } else if (c == ' ' && in_query) {
      out.append('+');
    } else {
      out.append(fmt::format("%{:02X}", static_cast<unsigned char>(c)));
    }
  }
  return out.take();
}

Value url_encode(const Call& call) {
  const Parameters none(call, {});
  if (call.self.is(Kind::string) || !is_iterable(call.self)) {
    return Value::string(call.budget, url_quoted(call.budget, call.self, false));
  }
  const Arguments no_arguments;
  const Value pairs =
      call.self.is(Kind::dict)
          ? jinja::call(call.budget, *find_method(call.budget, call.self, "items"), no_arguments)
          : call.self;
  TextBuilder out(call.budget);
  const ObjectPtr iterator = iterate(call.budget, pairs);
  while (const std::optional<Value> item = iterator->next(call.budget)) {
    const std::vector<Value> pair = to_items(call.budget, *item);
    require(pair.size() == 2, "urlencode needs pairs, not {} values", pair.size());
    if (!out.str().empty()) out.append('&');
    out.append(url_quoted(call.budget, pair[0], true) + "=" +
               url_quoted(call.budget, pair[1], true));
  }
  return Value::string(call.budget, out.take());
}

// As transformers defines it: json.dumps with ensure_ascii off, and without the escapes that make
// Jinja's own safe for HTML.
Value to_json_text(const Call& call) {
  const Parameters parameters(call, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ensure_ascii = parameters.truth(call.budget, 0, false);
  style.sort_keys = parameters.truth(call.budget, 3, false);
  if (const Value* indentation = parameters.get_some(1)) {
    style.item_separator.assign(1, ',');
    if (indentation->is(Kind::string)) {
      style.indent = indentation->text();
    } else {
      const std::int64_t width = std::max<std::int64_t>(parameters.integer(1, 0), 0);
      call.budget.allocate(static_cast<std::size_t>(width));
      style.indent = std::string(static_cast<std::size_t>(width), ' ');
    }
  }
  if (const Value* separators = parameters.get_some(2)) {
    const std::vector<Value> pair = to_items(call.budget, *separators);
    require(pair.size() == 2 && pair[0].is(Kind::string) && pair[1].is(Kind::string),
            "tojson needs two strings as separators");
    style.item_separator = pair[0].text();
    style.key_separator = pair[1].text();
  }
  return Value::string(call.budget, to_json(call.budget, call.self, style));
}

constexpr Method kFilters[] = {
    {"capitalize", mapped<to_capitalized>},
    {"center", center},
    {"e", escape},
    {"escape", escape},
    {"forceescape", force_escape},
    {"format", format},
    {"indent", indent},
    {"lower", mapped<to_lower>},
    {"replace", replace},
    {"safe", mark_safe},
    {"string", string},
    {"title", mapped<titled>},
    {"tojson", to_json_text},
    {"trim", trim},
    {"truncate", truncate},
    {"upper", mapped<to_upper>},
    {"urlencode", url_encode},
    {"wordcount", word_count},
};

}  // namespace

const Method* find_text_filter(std::string_view name) { return find_row(kFilters, name); }

const Method* find_filter(std::string_view name) {
  for (const auto& find :
       {find_text_filter, find_number_filter, find_sequence_filter, find_selection_filter}) {
    if (const Method* filter = find(name)) return filter;
  }
  return nullptr;
}

}  // namespace frugal::text::jinja
