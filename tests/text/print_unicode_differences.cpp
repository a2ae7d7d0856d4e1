// Prints where our Unicode tables and those of the Rust library `tokenizers` differ.
#include <fmt/core.h>

#include "text/utf8.h"
#include "tokenizer_reference.h"
#include "unicode_differences.h"

namespace frugal::text {
namespace {

void print(const UnicodeDifference& difference) {
  const std::vector<char32_t>& code_points = difference.code_points;
  fmt::print("{}: {} code points", difference.what, code_points.size());
  const char* before = "\n ";
  for (std::size_t i = 0; i < code_points.size();) {
    std::size_t end = i + 1;
    while (end < code_points.size() && code_points[end] == code_points[end - 1] + 1) ++end;
    const auto first = static_cast<unsigned>(code_points[i]);
    const auto last = static_cast<unsigned>(code_points[end - 1]);
    fmt::print("{} {:04X}", before, first);
    if (first != last) fmt::print("-{:04X}", last);
    before = "";
    i = end;
  }
  fmt::print("\n");
}

}  // namespace
}  // namespace frugal::text

int main() {
  using namespace frugal::text;
  if (const std::string missing = reference_missing(); !missing.empty()) {
    fmt::print(stderr, "print_unicode_differences: {}\n", missing);
    return 1;
  }
  std::vector<char32_t> code_points;
  for (char32_t c = 0x20; c < 0x110000; ++c) {
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    const bool unassigned_plane = c >= 0x40000 && c < 0xE0000;
    const bool private_use = c >= 0xF0000;
    if (!surrogate && !unassigned_plane && !private_use) code_points.push_back(c);
  }
  for (const UnicodeDifference& difference : unicode_differences(code_points)) print(difference);
}
