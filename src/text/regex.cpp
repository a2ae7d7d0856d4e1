#include "text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstdlib>
#include <new>
#include <string>

#include "base/error.h"
#include "text/regex_syntax.h"

namespace frugal::text {

namespace {

// The patterns of real tokenizers are a few hundred bytes long.
constexpr std::size_t kMaxPattern = 16384;
// Steps a search may take: enough for any real pattern on a text of one run of spaces.
constexpr std::uint32_t kSteps = 10'000'000;
constexpr std::uint32_t kMaxHeapKib = 64 * 1024;

bool machine_code_allowed() {
  const char* setting = std::getenv("FRUGAL_JIT");
  return setting == nullptr || std::string_view(setting) != "off";
}

std::string pcre2_message(int error) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(error, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

PCRE2_SPTR code_units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

}  // namespace

void Regex::Deleter::operator()(pcre2_real_code_8* code) const { pcre2_code_free(code); }

void Regex::Matcher::Deleter::operator()(pcre2_real_match_data_8* data) const {
  pcre2_match_data_free(data);
}

void Regex::Matcher::Deleter::operator()(pcre2_real_match_context_8* context) const {
  pcre2_match_context_free(context);
}

Regex::Regex(std::string_view pattern, std::string_view what)
    : Regex(pcre2_pattern(pattern, what), PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C,
            what) {}

Regex Regex::literal(std::string_view text, std::string_view what) {
  return Regex(text, PCRE2_LITERAL, what);
}

Regex::Regex(std::string_view pattern, unsigned options, std::string_view what) {
  require(pattern.size() <= kMaxPattern, "{}: a regular expression of {} bytes; at most {}", what,
          pattern.size(), kMaxPattern);
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_.reset(pcre2_compile(code_units(pattern), pattern.size(), options | PCRE2_UTF, &error,
                            &offset, nullptr));
  require(code_ != nullptr, "{}: regular expression '{}': {} at byte {}", what,
          printable(pattern, 300), pcre2_message(error), offset);
  // Without machine code, which hardened systems refuse, searches are slower and the same.
  machine_code_ = machine_code_allowed() && pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE) == 0;
}

Regex::Matcher::Matcher()
    : data_(pcre2_match_data_create(1, nullptr)), context_(pcre2_match_context_create(nullptr)) {
  if (data_ == nullptr || context_ == nullptr) throw std::bad_alloc();
  pcre2_set_match_limit(context_.get(), kSteps);
  pcre2_set_heap_limit(context_.get(), kMaxHeapKib);
}

bool Regex::Matcher::find(const Regex& regex, std::string_view subject, std::size_t from,
                          Span& match) {
  int result = PCRE2_ERROR_JIT_STACKLIMIT;
  if (regex.machine_code_) {
    result = pcre2_jit_match(regex.code_.get(), code_units(subject), subject.size(), from,
                             PCRE2_NO_UTF_CHECK, data_.get(), context_.get());
  }
  if (result == PCRE2_ERROR_JIT_STACKLIMIT) {
    result = pcre2_match(regex.code_.get(), code_units(subject), subject.size(), from,
                         PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data_.get(), context_.get());
  }
  if (result == PCRE2_ERROR_NOMATCH) return false;
  require(result >= 0, "searching with a tokenizer's regular expression: {}",
          pcre2_message(result));
  const PCRE2_SIZE* const found = pcre2_get_ovector_pointer(data_.get());
  match = {found[0], found[1]};
  return true;
}

}  // namespace frugal::text
