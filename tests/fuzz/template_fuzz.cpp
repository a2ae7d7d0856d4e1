// Chat templates: parsing and rendering never crash, hang or take more than the limits allow.
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>

#include "base/error.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/parser.h"
#include "text/utf8.h"

namespace {

const frugal::Json& variables() {
  static const frugal::Json json = frugal::parse_json(
      R"({"messages":[{"role":"user","content":"hé 世界"},
          {"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":{"a":[1,2.5,true]}}}]},
          {"role":"tool","content":"<x>\n y"}],
          "tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"a":{"type":"array"}}}}}],
          "n":7,"x":2.5,"s":"Hello","l":[3,1,2],"d":{"b":1,"a":{"k":"v"}},"add_generation_prompt":true})",
      "variables");
  return json;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  if (!frugal::text::is_valid_utf8(source)) return 0;
  // Low enough that a run through them takes milliseconds.
  frugal::text::jinja::RenderOptions options;
  options.limits.steps = 100'000;
  options.limits.bytes = 4U << 20;
  options.now = [] { return std::tm{}; };
  try {
    const frugal::text::jinja::Body body = frugal::text::jinja::parse(source, "t");
    frugal::text::jinja::render(body, "t", variables(), options);
  } catch (const frugal::Error&) {
    // Most inputs are no templates.
  }
  return 0;
}
