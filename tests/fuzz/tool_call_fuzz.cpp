// Answers as calls of tools: however they are cut, the same text and calls come out.
#include <cstdint>
#include <string>

#include "text/tool_calls.h"

namespace {

using namespace frugal::text;

ToolCallParser::Output parse(ToolStyle style, std::string_view answer, std::size_t step) {
  ToolCallParser parser(style);
  ToolCallParser::Output all;
  const auto add = [&](const ToolCallParser::Output& part) {
    all.text += part.text;
    all.calls.insert(all.calls.end(), part.calls.begin(), part.calls.end());
  };
  for (std::size_t at = 0; at < answer.size(); at += step) {
    add(parser.feed(answer.substr(at, step)));
  }
  add(parser.finish());
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const std::string_view answer(reinterpret_cast<const char*>(data), size);
  for (const ToolStyle style : {ToolStyle::hermes, ToolStyle::deepseek_v3, ToolStyle::llama3}) {
    const auto whole = parse(style, answer, size);
    const auto pieces = parse(style, answer, 1 + data[0] % 7);
    if (whole.text != pieces.text || whole.calls != pieces.calls) __builtin_trap();
  }
  return 0;
}
