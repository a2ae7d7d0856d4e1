// Regular expressions, run by PCRE2, compiled to machine code where the system allows that.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;

namespace frugal::text {

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Safe to share between threads; each brings its own Matcher.
class Regex {
 public:
  /// `pattern` as tokenizer.json has it (see regex_syntax.h). Throws Error naming `what` and the
  /// place in the pattern when it does not compile. The environment variable FRUGAL_JIT=off keeps
  /// PCRE2 from making machine code.
  Regex(std::string_view pattern, std::string_view what);
  /// Matches `text` itself.
  static Regex literal(std::string_view text, std::string_view what);

  /// The buffers of one thread's searches.
  class Matcher {
   public:
    Matcher();

    /// The first match in `subject` (valid UTF-8) at or behind `from`, a character's start.
    /// Throws Error when the search takes too many steps, as hostile patterns do.
    bool find(const Regex& regex, std::string_view subject, std::size_t from, Span& match);

   private:
    struct Deleter {
      void operator()(pcre2_real_match_data_8* data) const;
      void operator()(pcre2_real_match_context_8* context) const;
    };
    std::unique_ptr<pcre2_real_match_data_8, Deleter> data_;
    std::unique_ptr<pcre2_real_match_context_8, Deleter> context_;
  };

 private:
  struct Deleter {
    void operator()(pcre2_real_code_8* code) const;
  };
  Regex(std::string_view pcre2_pattern, unsigned options, std::string_view what);

  std::unique_ptr<pcre2_real_code_8, Deleter> code_;
  bool machine_code_ = false;
};

}  // namespace frugal::text
