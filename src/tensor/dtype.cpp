#include "tensor/dtype.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"

namespace frugal {

namespace {

constexpr std::array<DTypeTraits, 23> kTraits{{
    {"F32", 1, 4},      {"F16", 1, 2},      {"BF16", 1, 2},       {"F8_E4M3", 1, 1},
    {"I8", 1, 1},       {"U8", 1, 1},       {"I16", 1, 2},        {"I32", 1, 4},
    {"I64", 1, 8},      {"F64", 1, 8},      {"BOOL", 1, 1},       {"Q4_0", 32, 18},
    {"Q4_1", 32, 20},   {"Q5_0", 32, 22},   {"Q5_1", 32, 24},     {"Q8_0", 32, 34},
    {"Q2_K", 256, 84},  {"Q3_K", 256, 110}, {"Q4_K", 256, 144},   {"Q5_K", 256, 176},
    {"Q6_K", 256, 210}, {"IQ4_NL", 32, 18}, {"IQ4_XS", 256, 136},
}};
static_assert(kTraits.size() == static_cast<std::size_t>(DType::iq4_xs) + 1);

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

}  // namespace

const DTypeTraits& traits(DType dtype) { return kTraits.at(static_cast<std::size_t>(dtype)); }

std::optional<DType> dtype_named(std::string_view name) {
  for (std::size_t i = 0; i < kTraits.size(); ++i) {
    if (equal_ignoring_case(kTraits[i].name, name)) return static_cast<DType>(i);
  }
  return std::nullopt;
}

bool is_block_type(DType dtype) { return traits(dtype).block_size > 1; }

std::int64_t row_bytes(DType dtype, std::int64_t n) {
  const DTypeTraits& t = traits(dtype);
  require(n >= 0 && n % t.block_size == 0,
          "a row of {} values is not a multiple of {}'s block of {}", n, t.name, t.block_size);
  std::int64_t bytes = 0;
  require(!__builtin_mul_overflow(n / t.block_size, t.block_bytes, &bytes),
          "{} values of {} do not fit an address", n, t.name);
  return bytes;
}

}  // namespace frugal
