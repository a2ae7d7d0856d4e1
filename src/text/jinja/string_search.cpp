// Finding, replacing, stripping and padding: what string methods and filters share.
#include <cstring>

#include "text/jinja/methods.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

std::size_t find_text(Budget& budget, std::string_view text, std::string_view wanted,
                      std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (wanted.empty()) return from;
  if (wanted.size() > text.size() - from)
    return std::string_view::npos;  // also an empty text, without data
  // glibc's memmem needs linear time in the worst case; std::string_view::find does not.
  const void* found =
      ::memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
  const std::size_t place =
      found == nullptr ? std::string_view::npos
                       : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  budget.step(1 + wanted.size() / 64 + ((found == nullptr ? text.size() : place) - from) / 64);
  return place;
}

std::string replace_text(Budget& budget, std::string_view text, std::string_view from,
                         std::string_view to, std::int64_t count) {
  TextBuilder out(budget);
  std::size_t done = 0;
  for (std::int64_t i = 0; count < 0 || i < count; ++i) {
    const std::size_t found = find_text(budget, text, from, done);
    if (found == std::string_view::npos) break;
    out.append(text.substr(done, found - done));
    out.append(to);
    done = found + from.size();
    if (!from.empty()) continue;
    // An empty `from` is found before every character and at the end.
    if (done == text.size()) return out.take();
    std::size_t next = done;
    next_code_point(text, next);
    out.append(text.substr(done, next - done));
    done = next;
  }
  out.append(text.substr(done));
  return out.take();
}

namespace {

bool ends_line(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

}  // namespace

std::vector<std::string_view> split_lines(Budget& budget, std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = i;
    const char32_t c = next_code_point(text, i);
    if (!ends_line(c)) continue;
    if (c == '\r' && i < text.size() && text[i] == '\n') ++i;
    budget.allocate(sizeof(Value));
    lines.push_back(text.substr(start, (keep_ends ? i : end) - start));
    start = i;
  }
  if (start < text.size()) lines.push_back(text.substr(start));
  return lines;
}

std::string_view strip(Budget& budget, std::string_view text, const std::string* characters,
                       bool left, bool right) {
  budget.step(text.size() / 64);
  if (characters == nullptr) {
    if (left) text = strip_left(text);
    return right ? strip_right(text) : text;
  }
  const auto is_listed = [&](std::string_view character) {
    return find_text(budget, *characters, character, 0) != std::string_view::npos;
  };
  while (left && !text.empty()) {
    const std::string_view first = text.substr(0, utf8_length(text[0]));
    if (!is_listed(first)) break;
    text.remove_prefix(first.size());
  }
  while (right && !text.empty()) {
    const std::string_view last = last_char(text);
    if (!is_listed(last)) break;
    text.remove_suffix(last.size());
  }
  return text;
}

std::string pad(Budget& budget, std::string_view text, std::int64_t width, std::string_view fill,
                bool left, bool right) {
  const auto size = static_cast<std::int64_t>(length(text));
  const std::int64_t missing = width > size ? width - size : 0;
  // Python's center() puts the odd one to the left only when the width is odd.
  const std::int64_t before = left && right ? missing / 2 + (missing & width & 1)
                              : left        ? missing
                                            : 0;
  budget.allocate(static_cast<std::size_t>(missing), fill.size());
  TextBuilder out(budget);
  for (std::int64_t i = 0; i < before; ++i) out.append(fill);
  out.append(text);
  for (std::int64_t i = before; i < missing; ++i) out.append(fill);
  return out.take();
}

}  // namespace frugal::text::jinja
