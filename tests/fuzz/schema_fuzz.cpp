// JSON schemas: refused with an Error, or a grammar whose every text is JSON.
#include <cstdint>
#include <string>

#include "base/error.h"
#include "text/json_grammar.h"

namespace {

using namespace frugal;

// Takes bytes that the grammar allows, the shortest way it can see, for a while.
std::string walk(text::GrammarMachine& machine, std::uint64_t choice) {
  std::string written;
  auto state = machine.start();
  for (int i = 0; i < 300 && !machine.is_complete(state); ++i) {
    if (machine.accepts(state) && choice % 3 == 0) break;
    int taken = -1;
    for (int offset = 0; offset < 256 && taken < 0; ++offset) {
      const auto byte = static_cast<unsigned char>(choice + static_cast<unsigned>(offset));
      if (machine.next(state, byte) != text::GrammarMachine::kDead) taken = byte;
    }
    if (taken < 0) return {};  // nothing can satisfy the schema
    state = machine.next(state, static_cast<unsigned char>(taken));
    written += static_cast<char>(taken);
    choice = choice * 6364136223846793005ULL + 1442695040888963407ULL;
  }
  return machine.accepts(state) ? written : std::string();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const Json schema = parse_json(input, "schema");
    text::Grammar grammar;
    text::JsonGrammar json(grammar);
    grammar.set_root(json.schema(schema));
    text::GrammarMachine machine(std::move(grammar));
    for (const std::uint64_t choice : {1ULL, 77ULL, 4242ULL}) {
      const std::string written = walk(machine, choice);
      if (!written.empty() && !Json::accept(written)) __builtin_trap();
    }
  } catch (const Error&) {
  }
  return 0;
}
