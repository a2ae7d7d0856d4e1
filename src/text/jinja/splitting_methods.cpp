// str.split and its family.
#include <algorithm>

#include "text/jinja/arguments.h"
#include "text/jinja/methods.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

namespace {

using Parts = std::vector<std::string_view>;

Value list_of(Budget& budget, const Value& self, const Parts& parts) {
  std::vector<Value> items;
  items.reserve(parts.size());
  for (const std::string_view part : parts) {
    items.push_back(Value::string(budget, std::string(part), self.is_safe()));
  }
  return Value::list(budget, std::move(items));
}

Value tuple_of(Budget& budget, const Value& self, const Parts& parts) {
  return Value::tuple(budget, list_of(budget, self, parts).items());
}

// At runs of white space, leaving no empty parts; at most `limit` cuts unless negative.
Parts split_at_spaces(Budget& budget, std::string_view text, std::int64_t limit) {
  Parts parts;
  text = strip_left(text);
  while (!text.empty()) {
    budget.allocate(sizeof(Value));
    if (limit >= 0 && static_cast<std::int64_t>(parts.size()) == limit) {
      parts.push_back(text);  // the rest as it is, with its trailing spaces
      break;
    }
    std::size_t end = 0;
    while (end < text.size() && !is_space(first_char(text.substr(end)))) {
      end += utf8_length(text[end]);
    }
    parts.push_back(text.substr(0, end));
    text = strip_left(text.substr(end));
  }
  return parts;
}

Parts split_at_spaces_from_right(Budget& budget, std::string_view text, std::int64_t limit) {
  Parts parts;
  text = strip_right(text);
  while (!text.empty()) {
    budget.allocate(sizeof(Value));
    if (limit >= 0 && static_cast<std::int64_t>(parts.size()) == limit) {
      parts.push_back(text);
      break;
    }
    std::size_t start = text.size();
    for (std::string_view last = last_char(text); !is_space(first_char(last));) {
      start -= last.size();
      if (start == 0) break;
      last = last_char(text.substr(0, start));
    }
    parts.push_back(text.substr(start));
    text = strip_right(text.substr(0, start));
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

Parts split_at(Budget& budget, std::string_view text, std::string_view separator,
               std::int64_t limit) {
  Parts parts;
  std::size_t start = 0;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) < limit) {
    const std::size_t found = find_text(budget, text, separator, start);
    if (found == std::string_view::npos) break;
    budget.allocate(sizeof(Value));
    parts.push_back(text.substr(start, found - start));
    start = found + separator.size();
  }
  parts.push_back(text.substr(start));
  return parts;
}

Parts split_at_from_right(Budget& budget, std::string_view text, std::string_view separator,
                          std::int64_t limit) {
  Parts parts;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) < limit) {
    const std::size_t found = text.rfind(separator);
    const std::size_t looked_at =
        found == std::string_view::npos ? text.size() : text.size() - found;
    budget.step(1 + looked_at / 64 * (1 + separator.size() / 64));
    if (found == std::string_view::npos) break;
    budget.allocate(sizeof(Value));
    parts.push_back(text.substr(found + separator.size()));
    text = text.substr(0, found);
  }
  parts.push_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

template <bool from_right>
Value split(const Call& call) {
  const Parameters parameters(call, {"sep", "maxsplit"});
  const std::int64_t limit = parameters.integer(1, -1);
  call.budget.step(call.self.text().size() / 64);
  if (parameters.get_some(0) == nullptr) {
    return list_of(call.budget, call.self,
                   from_right ? split_at_spaces_from_right(call.budget, call.self.text(), limit)
                              : split_at_spaces(call.budget, call.self.text(), limit));
  }
  const std::string& separator = parameters.text(0);
  require(!separator.empty(), "empty separator");
  return list_of(call.budget, call.self,
                 from_right ? split_at_from_right(call.budget, call.self.text(), separator, limit)
                            : split_at(call.budget, call.self.text(), separator, limit));
}

template <bool from_right>
Value partition(const Call& call) {
  const Parameters parameters(call, {""}, 1);
  const std::string& separator = parameters.text(0);
  require(!separator.empty(), "empty separator");
  Parts parts = from_right ? split_at_from_right(call.budget, call.self.text(), separator, 1)
                           : split_at(call.budget, call.self.text(), separator, 1);
  if (parts.size() == 2) return tuple_of(call.budget, call.self, {parts[0], separator, parts[1]});
  return tuple_of(call.budget, call.self,
                  from_right ? Parts{"", "", call.self.text()} : Parts{call.self.text(), "", ""});
}

Value lines(const Call& call) {
  const Parameters parameters(call, {"keepends"});
  return list_of(call.budget, call.self,
                 split_lines(call.budget, call.self.text(), parameters.integer(0, 0) != 0));
}

constexpr Method kMethods[] = {
    {"partition", partition<false>}, {"rpartition", partition<true>}, {"rsplit", split<true>},
    {"split", split<false>},         {"splitlines", lines},
};

}  // namespace

const Method* find_splitting_method(std::string_view name) { return find_row(kMethods, name); }

}  // namespace frugal::text::jinja
