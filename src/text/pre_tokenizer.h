// Pre-tokenizers: how tokenizer.json cuts a text into the pieces within which tokens merge.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/regex.h"

namespace frugal::text {

/// What a Split does with the matches it finds.
enum class SplitBehavior {
  removed,               // they vanish
  isolated,              // each is a piece of its own
  merged_with_previous,  // they end the piece before them
  merged_with_next,      // they start the piece behind them
  contiguous,            // neighbouring matches are one piece
};

class PreTokenizer {
 public:
  struct Split {
    Regex pattern;
    SplitBehavior behavior;
    bool invert;  // what lies between the matches counts as the matches
  };
  /// Cuts by `pattern` and writes bytes in GPT-2's alphabet. As the last stage it leaves the
  /// writing to the model (byte_level() below).
  struct ByteLevel {
    bool add_prefix_space;
    std::optional<Regex> pattern;
  };
  enum class PrependScheme { first, never, always };
  /// Writes spaces as `replacement`, sets one before the text, and cuts before each.
  struct Metaspace {
    std::string replacement;  // one character
    PrependScheme prepend;
    std::optional<Regex> split;  // matches `replacement`
  };
  using Stage = std::variant<Split, ByteLevel, Metaspace>;

  void add(Stage stage);

  /// Whether the pieces stand for their bytes in GPT-2's alphabet.
  bool byte_level() const { return byte_level_; }

  /// Gets each piece; it lies in the text or in `storage`.
  using Sink = std::function<void(std::string_view piece)>;
  struct Run {
    Regex::Matcher& matcher;
    std::deque<std::string>& storage;
    const Sink& sink;
  };

  /// Cuts `text` (valid UTF-8, not empty). `at_start`: nothing of the whole text lies before it.
  void split(std::string_view text, bool at_start, Run& run) const;

 private:
  struct WriteByteLevel {};  // what ByteLevel left, when another stage wants to see it
  using AnyStage = std::variant<Split, ByteLevel, Metaspace, WriteByteLevel>;

  void pass(std::size_t stage, std::string_view piece, bool at_start, Run& run) const;
  void apply(const Split& split, std::size_t stage, std::string_view text, bool at_start,
             Run& run) const;
  void apply(const ByteLevel& byte_level, std::size_t stage, std::string_view text, bool at_start,
             Run& run) const;
  void apply(const Metaspace& metaspace, std::size_t stage, std::string_view text, bool at_start,
             Run& run) const;
  void apply(WriteByteLevel write, std::size_t stage, std::string_view text, bool at_start,
             Run& run) const;
  void cut(const Regex& pattern, SplitBehavior behavior, bool invert, std::size_t stage,
           std::string_view text, bool at_start, Run& run) const;

  std::vector<AnyStage> stages_;
  bool byte_level_ = false;
};

/// GPT-2's pattern, as Oniguruma writes it.
extern const std::string_view kGpt2Pattern;

}  // namespace frugal::text
