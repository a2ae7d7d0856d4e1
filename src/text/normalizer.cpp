#include "text/normalizer.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <utility>

#include "base/error.h"
#include "text/byte_level.h"
#include "text/matches.h"
#include "text/utf8.h"

namespace frugal::text {

namespace {

bool is_mark(char32_t c) {
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
         category == UTF8PROC_CATEGORY_ME;
}

utf8proc_option_t options_of(UnicodeForm form) {
  switch (form) {
    case UnicodeForm::nfc:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    case UnicodeForm::nfd:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    case UnicodeForm::nfkc:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    case UnicodeForm::nfkd:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
  }
  fail("unknown normalisation form");
}

struct Free {
  void operator()(utf8proc_uint8_t* bytes) const { std::free(bytes); }
};

std::string map_whole(std::string_view text, UnicodeForm form) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &mapped, options_of(form));
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(mapped);
  require(length >= 0, "normalising a text: {}", utf8proc_errmsg(length));
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

std::string map_chars(std::string_view text, auto&& append) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    append(out, first_char(text));
    text.remove_prefix(utf8_length(text[0]));
  }
  return out;
}

struct Apply {
  std::string_view text;
  Regex::Matcher& matcher;

  std::optional<std::string> operator()(UnicodeForm form) const {
    return to_unicode_form(text, form);
  }
  std::optional<std::string> operator()(Normalizer::Lowercase) const {
    return map_chars(text, [](std::string& out, char32_t c) {
      // The one character whose lower case is two: i with a combining dot.
      if (c == 0x130) {
        out += "i\u0307";
      } else {
        append_utf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<int>(c))));
      }
    });
  }
  std::optional<std::string> operator()(Normalizer::StripAccents) const {
    return map_chars(text, [](std::string& out, char32_t c) {
      if (!is_mark(c)) append_utf8(out, c);
    });
  }
  std::optional<std::string> operator()(Normalizer::Strip strip) const {
    std::string_view rest = text;
    while (strip.left && !rest.empty() && is_white_space(first_char(rest))) {
      rest.remove_prefix(utf8_length(rest[0]));
    }
    while (strip.right && !rest.empty() && is_white_space(first_char(last_char(rest)))) {
      rest.remove_suffix(last_char(rest).size());
    }
    return std::string(rest);
  }
  std::optional<std::string> operator()(const Normalizer::Prepend& prepend) const {
    if (text.empty()) return std::nullopt;
    return prepend.prefix + std::string(text);
  }
  std::optional<std::string> operator()(const Normalizer::Replace& replace) const {
    return replace_all(text, replace.pattern, replace.content, matcher);
  }
  std::optional<std::string> operator()(Normalizer::ByteLevel) const { return to_byte_level(text); }
};

}  // namespace

std::optional<std::string> to_unicode_form(std::string_view text, UnicodeForm form) {
  std::string mapped = map_whole(text, form);
  if (mapped == text) return std::nullopt;
  return mapped;
}

std::string_view Normalizer::apply(std::string_view text, Regex::Matcher& matcher,
                                   std::string& buffer) const {
  for (const Step& step : steps_) {
    if (auto changed = std::visit(Apply{text, matcher}, step)) {
      buffer = std::move(*changed);
      text = buffer;
    }
  }
  return text;
}

std::optional<std::string> replace_all(std::string_view text, const Regex& pattern,
                                       std::string_view content, Regex::Matcher& matcher) {
  std::string out;
  std::size_t done = 0;
  bool found = false;
  Matches matches(pattern, text, matcher);
  for (Span match; matches.next(match);) {
    found = true;
    out += text.substr(done, match.begin - done);
    out += content;
    done = match.end;
  }
  if (!found) return std::nullopt;
  out += text.substr(done);
  return out;
}

}  // namespace frugal::text
