#include "text/decoder.h"

#include <algorithm>
#include <utility>

#include "text/byte_level.h"
#include "text/normalizer.h"
#include "text/utf8.h"

namespace frugal::text {

namespace {

// The byte that a token such as <0x0A> stands for.
std::optional<char> fallback_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  unsigned value = 0;
  for (const char c : token.substr(3, 2)) {
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                                                  : 16;
    if (digit > 15) return std::nullopt;
    value = value * 16 + digit;
  }
  return static_cast<char>(value);
}

std::string join(const std::vector<std::string>& tokens, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) out += separator;
    out += tokens[i];
  }
  return out;
}

std::string strip(std::string_view token, const Decoder::Strip& step) {
  for (std::size_t i = 0; i < step.start && token.starts_with(step.content); ++i) {
    token.remove_prefix(step.content.size());
  }
  for (std::size_t i = 0; i < step.stop && token.ends_with(step.content); ++i) {
    token.remove_suffix(step.content.size());
  }
  return std::string(token);
}

std::string replace_text(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t found = text.find(from, at);
    out += text.substr(at, found - at);
    if (found == text.npos) return out;
    out += to;
    at = found + from.size();
  }
}

struct Apply {
  std::vector<std::string>& tokens;

  void operator()(Decoder::ByteLevel) const {
    std::string bytes;
    for (const std::string& token : tokens) bytes += from_byte_level(token).value_or(token);
    tokens.assign(1, to_valid_utf8(bytes));
  }

  // A run of bytes becomes its text, or one U+FFFD a byte when it is not valid as a whole.
  void operator()(Decoder::ByteFallback) const {
    std::vector<std::string> out;
    std::string run;
    const auto flush = [&] {
      if (run.empty()) return;
      if (is_valid_utf8(run)) {
        out.push_back(run);
      } else {
        out.insert(out.end(), run.size(), "\uFFFD");
      }
      run.clear();
    };
    for (std::string& token : tokens) {
      if (const auto byte = fallback_byte(token)) {
        run += *byte;
        continue;
      }
      flush();
      out.push_back(std::move(token));
    }
    flush();
    tokens = std::move(out);
  }

  void operator()(Decoder::Fuse) const { tokens.assign(1, join(tokens, "")); }

  void operator()(const Decoder::Strip& step) const {
    for (std::string& token : tokens) token = strip(token, step);
  }

  void operator()(const Decoder::Replace& step) const {
    Regex::Matcher matcher;
    for (std::string& token : tokens) {
      if (auto replaced = replace_all(token, step.pattern, step.content, matcher)) {
        token = std::move(*replaced);
      }
    }
  }

  void operator()(const Decoder::Metaspace& step) const {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      tokens[i] = replace_text(tokens[i], step.replacement, i == 0 && step.drop_first ? "" : " ");
    }
  }
};

}  // namespace

std::string Decoder::decode(std::vector<std::string> tokens) const {
  if (steps_.empty()) return join(tokens, " ");
  for (const Step& step : steps_) std::visit(Apply{tokens}, step);
  return join(tokens, "");
}

std::string Decoder::token_bytes(std::string_view token) const {
  std::string bytes(token);
  Regex::Matcher matcher;
  bool fused = false;
  for (const Step& step : steps_) {
    if (std::holds_alternative<ByteLevel>(step)) return from_byte_level(bytes).value_or(bytes);
    if (std::holds_alternative<ByteFallback>(step)) {
      if (const auto byte = fallback_byte(bytes)) return std::string(1, *byte);
    } else if (const auto* replace = std::get_if<Replace>(&step)) {
      bytes = replace_all(bytes, replace->pattern, replace->content, matcher).value_or(bytes);
    } else if (const auto* metaspace = std::get_if<Metaspace>(&step)) {
      bytes = replace_text(bytes, metaspace->replacement, " ");
    } else if (const auto* stripping = std::get_if<Strip>(&step); stripping != nullptr && !fused) {
      bytes = strip(bytes, *stripping);
    }
    fused = fused || std::holds_alternative<Fuse>(step);
  }
  return bytes;
}

Decoder::Dropped Decoder::dropped_at_start() const {
  bool fused = false;
  for (const Step& step : steps_) {
    fused = fused || std::holds_alternative<Fuse>(step);
    const auto* stripping = std::get_if<Strip>(&step);
    if (fused && stripping != nullptr) return {stripping->content, stripping->start};
    const auto* metaspace = std::get_if<Metaspace>(&step);
    if (metaspace != nullptr && metaspace->drop_first) return {" ", 1};
  }
  return {};
}

}  // namespace frugal::text
