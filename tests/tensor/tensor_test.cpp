#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "tensor/arena.h"
#include "tensor/dtype.h"
#include "tensor/float_bits.h"

namespace frugal {
namespace {

TEST(DType, RowBytesRefusesPartialBlocks) {
  EXPECT_EQ(row_bytes(DType::q4_k, 512), 288);
  EXPECT_EQ(row_bytes(DType::bf16, 3), 6);
  EXPECT_THROW(row_bytes(DType::q8_0, 33), Error);
  EXPECT_THROW(row_bytes(DType::f64, INT64_MAX), Error);
}

TEST(DType, NamesRoundTrip) {
  EXPECT_EQ(dtype_named("q4_k"), DType::q4_k);
  EXPECT_EQ(dtype_named("F8_E4M3"), DType::f8_e4m3);
  EXPECT_EQ(dtype_named("Q9"), std::nullopt);
}

TEST(FloatBits, F16RoundTripsEveryValue) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = f16_to_float(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) continue;
    EXPECT_EQ(float_to_f16(value), bits);
  }
}

TEST(FloatBits, RoundsToNearestEven) {
  EXPECT_EQ(float_to_f16(1.0F + 0x1p-11F), 0x3C00);  // halfway: to even
  EXPECT_EQ(float_to_f16(1.0F + 0x3p-11F), 0x3C02);
  EXPECT_EQ(float_to_f16(65519.0F), 0x7BFF);
  EXPECT_EQ(float_to_f16(65520.0F), 0x7C00);
  EXPECT_EQ(float_to_f16(0x1p-25F), 0);
  EXPECT_EQ(float_to_f16(0x1.8p-25F), 1);
  EXPECT_EQ(float_to_bf16(1.0F + 0x1p-8F), 0x3F80);
  EXPECT_EQ(float_to_bf16(1.0F + 0x3p-8F), 0x3F82);
  EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(std::nanf("")))));
}

TEST(Arena, ReleasesByMark) {
  Arena arena(1024);
  std::byte* first = arena.allocate(100);
  const Arena::Mark mark = arena.mark();
  std::byte* second = arena.allocate(2000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second) % 64, 0U);
  EXPECT_NE(first, second);
  const std::size_t capacity = arena.capacity();
  for (int i = 0; i < 10; ++i) {
    arena.release(mark);
    EXPECT_EQ(arena.allocate(2000), second);
  }
  EXPECT_EQ(arena.capacity(), capacity);
}

TEST(Tensor, RefusesAbsurdSizes) {
  EXPECT_THROW(Tensor(INT64_MAX, 2), Error);
  EXPECT_THROW(Tensor(-1, 2), Error);
}

}  // namespace
}  // namespace frugal
