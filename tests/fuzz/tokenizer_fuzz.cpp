// A tokenizer.json, a zero byte and a text, or a GGUF file: the tokenizer is refused with an Error,
// or it encodes the text and decodes what comes out.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.h"
#include "formats/gguf.h"
#include "text/tokenizer.h"

namespace frugal::text {
namespace {

// Patterns may take time that grows steeply with the text; that is bounded, but not by ten seconds.
constexpr std::size_t kMaxText = 200;

void round_trip(const Tokenizer& tokenizer, std::string_view text) {
  text = text.substr(0, kMaxText);
  IncrementalDecoder decoder(tokenizer);
  for (const bool specials : {false, true}) {
    const auto ids = tokenizer.encode(text, {specials, specials});
    tokenizer.decode(ids, specials);
    for (const std::int32_t id : ids) {
      decoder.push(id);
      tokenizer.token_text(id);
    }
    decoder.finish();
  }
  tokenizer.id_of(text);
}

void run(std::span<const std::byte> bytes) {
  const std::string_view input(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (input.starts_with("GGUF")) {
    const formats::GgufFile file = formats::parse_gguf(bytes, "fuzz.gguf");
    return round_trip(Tokenizer::from_gguf(file.metadata), "a  text\n\u4e00 <s>it's 12\xff");
  }
  const std::size_t end = std::min(input.find('\0'), input.size());
  round_trip(Tokenizer::from_json(input.substr(0, end), "fuzz.json"),
             input.substr(std::min(end + 1, input.size())));
}

}  // namespace
}  // namespace frugal::text

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    frugal::text::run(std::as_bytes(std::span(data, size)));
  } catch (const frugal::Error&) {
  }
  return 0;
}
