#include "text/jinja/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace frugal::text::jinja {

namespace {

// The characters whose upper case is more than one character (Unicode's SpecialCasing.txt, the
// unconditional part), in order; utf8proc maps one character to one.
constexpr std::pair<char32_t, std::string_view> kLongUpperCase[] = {{0xDF, "SS"},
                                                                    {0x149, "\u02BCN"},
                                                                    {0x1F0, "J\u030C"},
                                                                    {0x390, "\u0399\u0308\u0301"},
                                                                    {0x3B0, "\u03A5\u0308\u0301"},
                                                                    {0x587, "\u0535\u0552"},
                                                                    {0x1E96, "H\u0331"},
                                                                    {0x1E97, "T\u0308"},
                                                                    {0x1E98, "W\u030A"},
                                                                    {0x1E99, "Y\u030A"},
                                                                    {0x1E9A, "A\u02BE"},
                                                                    {0x1F50, "\u03A5\u0313"},
                                                                    {0x1F52, "\u03A5\u0313\u0300"},
                                                                    {0x1F54, "\u03A5\u0313\u0301"},
                                                                    {0x1F56, "\u03A5\u0313\u0342"},
                                                                    {0x1F80, "\u1F08\u0399"},
                                                                    {0x1F81, "\u1F09\u0399"},
                                                                    {0x1F82, "\u1F0A\u0399"},
                                                                    {0x1F83, "\u1F0B\u0399"},
                                                                    {0x1F84, "\u1F0C\u0399"},
                                                                    {0x1F85, "\u1F0D\u0399"},
                                                                    {0x1F86, "\u1F0E\u0399"},
                                                                    {0x1F87, "\u1F0F\u0399"},
                                                                    {0x1F88, "\u1F08\u0399"},
                                                                    {0x1F89, "\u1F09\u0399"},
                                                                    {0x1F8A, "\u1F0A\u0399"},
                                                                    {0x1F8B, "\u1F0B\u0399"},
                                                                    {0x1F8C, "\u1F0C\u0399"},
                                                                    {0x1F8D, "\u1F0D\u0399"},
                                                                    {0x1F8E, "\u1F0E\u0399"},
                                                                    {0x1F8F, "\u1F0F\u0399"},
                                                                    {0x1F90, "\u1F28\u0399"},
                                                                    {0x1F91, "\u1F29\u0399"},
                                                                    {0x1F92, "\u1F2A\u0399"},
                                                                    {0x1F93, "\u1F2B\u0399"},
                                                                    {0x1F94, "\u1F2C\u0399"},
                                                                    {0x1F95, "\u1F2D\u0399"},
                                                                    {0x1F96, "\u1F2E\u0399"},
                                                                    {0x1F97, "\u1F2F\u0399"},
                                                                    {0x1F98, "\u1F28\u0399"},
                                                                    {0x1F99, "\u1F29\u0399"},
                                                                    {0x1F9A, "\u1F2A\u0399"},
                                                                    {0x1F9B, "\u1F2B\u0399"},
                                                                    {0x1F9C, "\u1F2C\u0399"},
                                                                    {0x1F9D, "\u1F2D\u0399"},
                                                                    {0x1F9E, "\u1F2E\u0399"},
                                                                    {0x1F9F, "\u1F2F\u0399"},
                                                                    {0x1FA0, "\u1F68\u0399"},
                                                                    {0x1FA1, "\u1F69\u0399"},
                                                                    {0x1FA2, "\u1F6A\u0399"},
                                                                    {0x1FA3, "\u1F6B\u0399"},
                                                                    {0x1FA4, "\u1F6C\u0399"},
                                                                    {0x1FA5, "\u1F6D\u0399"},
                                                                    {0x1FA6, "\u1F6E\u0399"},
                                                                    {0x1FA7, "\u1F6F\u0399"},
                                                                    {0x1FA8, "\u1F68\u0399"},
                                                                    {0x1FA9, "\u1F69\u0399"},
                                                                    {0x1FAA, "\u1F6A\u0399"},
                                                                    {0x1FAB, "\u1F6B\u0399"},
                                                                    {0x1FAC, "\u1F6C\u0399"},
                                                                    {0x1FAD, "\u1F6D\u0399"},
                                                                    {0x1FAE, "\u1F6E\u0399"},
                                                                    {0x1FAF, "\u1F6F\u0399"},
                                                                    {0x1FB2, "\u1FBA\u0399"},
                                                                    {0x1FB3, "\u0391\u0399"},
                                                                    {0x1FB4, "\u0386\u0399"},
                                                                    {0x1FB6, "\u0391\u0342"},
                                                                    {0x1FB7, "\u0391\u0342\u0399"},
                                                                    {0x1FBC, "\u0391\u0399"},
                                                                    {0x1FC2, "\u1FCA\u0399"},
                                                                    {0x1FC3, "\u0397\u0399"},
                                                                    {0x1FC4, "\u0389\u0399"},
                                                                    {0x1FC6, "\u0397\u0342"},
                                                                    {0x1FC7, "\u0397\u0342\u0399"},
                                                                    {0x1FCC, "\u0397\u0399"},
                                                                    {0x1FD2, "\u0399\u0308\u0300"},
                                                                    {0x1FD3, "\u0399\u0308\u0301"},
                                                                    {0x1FD6, "\u0399\u0342"},
                                                                    {0x1FD7, "\u0399\u0308\u0342"},
                                                                    {0x1FE2, "\u03A5\u0308\u0300"},
                                                                    {0x1FE3, "\u03A5\u0308\u0301"},
                                                                    {0x1FE4, "\u03A1\u0313"},
                                                                    {0x1FE6, "\u03A5\u0342"},
                                                                    {0x1FE7, "\u03A5\u0308\u0342"},
                                                                    {0x1FF2, "\u1FFA\u0399"},
                                                                    {0x1FF3, "\u03A9\u0399"},
                                                                    {0x1FF4, "\u038F\u0399"},
                                                                    {0x1FF6, "\u03A9\u0342"},
                                                                    {0x1FF7, "\u03A9\u0342\u0399"},
                                                                    {0x1FFC, "\u03A9\u0399"},
                                                                    {0xFB00, "FF"},
                                                                    {0xFB01, "FI"},
                                                                    {0xFB02, "FL"},
                                                                    {0xFB03, "FFI"},
                                                                    {0xFB04, "FFL"},
                                                                    {0xFB05, "ST"},
                                                                    {0xFB06, "ST"},
                                                                    {0xFB13, "\u0544\u0546"},
                                                                    {0xFB14, "\u0544\u0535"},
                                                                    {0xFB15, "\u0544\u053B"},
                                                                    {0xFB16, "\u054E\u0546"},
                                                                    {0xFB17, "\u0544\u053D"}};

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_letter(utf8proc_category_t category) {
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_cased(char32_t c) { return is_lower(c) || is_upper(c) || is_title(c); }

void append_upper(std::string& out, char32_t c) {
  const auto* const end = std::end(kLongUpperCase);
  const auto* const found =
      std::lower_bound(std::begin(kLongUpperCase), end, c,
                       [](const auto& entry, char32_t wanted) { return entry.first < wanted; });
  if (found != end && found->first == c) {
    out += found->second;
  } else {
    append_utf8(out, static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))));
  }
}

void append_lower(std::string& out, char32_t c) {
  if (c == 0x130) {  // the one character whose lower case is two
    out += "i\u0307";
  } else {
    append_utf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
  }
}

void append_title(std::string& out, char32_t c) {
  append_utf8(out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
}

template <typename Append>
std::string map_characters(std::string_view text, const Append& append) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) append(out, next_code_point(text, i));
  return out;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& offset) {
  const char32_t code_point = first_char(text.substr(offset));
  offset += utf8_length(text[offset]);
  return code_point;
}

std::size_t length(std::string_view text) {
  return text.size() -
         static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_continuation));
}

std::size_t byte_offset(std::string_view text, std::size_t index) {
  std::size_t offset = 0;
  for (; index > 0 && offset < text.size(); --index) next_code_point(text, offset);
  return offset;
}

std::string_view substring(std::string_view text, std::size_t first, std::size_t last) {
  if (first >= last) return {};
  text.remove_prefix(byte_offset(text, first));
  return text.substr(0, byte_offset(text, last - first));
}

std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> out;
  for (std::size_t i = 0; i < text.size();) out.push_back(next_code_point(text, i));
  return out;
}

bool is_space(char32_t c) {
  if (c <= 0x20) return c == 0x20 || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  if (c < 0x2000) return c == 0x85 || c == 0xA0 || c == 0x1680;
  return c <= 0x200A || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_alpha(char32_t c) { return is_letter(category(c)); }

bool is_decimal(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }

bool is_digit(char32_t c) {
  return is_decimal(c) || c == 0xB2 || c == 0xB3 || c == 0xB9 || c == 0x2070 ||
         (c >= 0x2074 && c <= 0x2079) || (c >= 0x2080 && c <= 0x2089) ||
         (c >= 0x2460 && c <= 0x2468);
}

bool is_numeric(char32_t c) {
  const utf8proc_category_t kind = category(c);
  return kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_NL ||
         kind == UTF8PROC_CATEGORY_NO;
}

bool is_printable(char32_t c) {
  if (c == ' ') return true;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return true;
  }
}

bool is_lower(char32_t c) { return utf8proc_islower(static_cast<utf8proc_int32_t>(c)) != 0; }

bool is_upper(char32_t c) { return utf8proc_isupper(static_cast<utf8proc_int32_t>(c)) != 0; }

bool is_title(char32_t c) { return category(c) == UTF8PROC_CATEGORY_LT; }

bool starts_identifier(char32_t c) {
  return c == '_' || is_alpha(c) || category(c) == UTF8PROC_CATEGORY_NL;
}

bool continues_identifier(char32_t c) {
  const utf8proc_category_t kind = category(c);
  return starts_identifier(c) || kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_MC ||
         kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_PC || c == 0xB7;
}

std::string to_upper(std::string_view text) { return map_characters(text, append_upper); }
std::string to_lower(std::string_view text) { return map_characters(text, append_lower); }

std::string to_title(std::string_view text) {
  bool inside = false;  // a run of cased letters
  return map_characters(text, [&](std::string& out, char32_t c) {
    inside ? append_lower(out, c) : append_title(out, c);
    inside = is_cased(c);
  });
}

std::string to_capitalized(std::string_view text) {
  bool first = true;
  return map_characters(text, [&](std::string& out, char32_t c) {
    first ? append_title(out, c) : append_lower(out, c);
    first = false;
  });
}

std::string swap_case(std::string_view text) {
  return map_characters(text, [](std::string& out, char32_t c) {
    is_upper(c) ? append_lower(out, c) : append_upper(out, c);
  });
}

std::string fold_case(std::string_view text) {
  utf8proc_uint8_t* folded = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &folded, UTF8PROC_CASEFOLD);
  std::string out(reinterpret_cast<const char*>(folded),
                  size < 0 ? 0 : static_cast<std::size_t>(size));
  std::free(folded);
  return out;
}

std::string_view strip_left(std::string_view text) {
  while (!text.empty() && is_space(first_char(text))) text.remove_prefix(utf8_length(text[0]));
  return text;
}

std::string_view strip_right(std::string_view text) {
  while (!text.empty() && is_space(first_char(last_char(text)))) {
    text.remove_suffix(last_char(text).size());
  }
  return text;
}

}  // namespace frugal::text::jinja
