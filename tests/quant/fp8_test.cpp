#include "quant/fp8.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "quant/golden_array.h"

namespace frugal::quant {
namespace {

using testing::golden_array;

TEST(Fp8, DecodesEveryByteAsTorchDoes) {
  const auto expected = golden_array<float>("f8_e4m3.decoded");
  for (std::size_t bits = 0; bits < 256; ++bits) {
    const float value = f8_e4m3_to_float(static_cast<std::uint8_t>(bits));
    if (std::isnan(expected[bits])) {
      EXPECT_TRUE(std::isnan(value)) << bits;
    } else {
      EXPECT_EQ(value, expected[bits]) << bits;
      EXPECT_EQ(std::signbit(value), std::signbit(expected[bits])) << bits;
    }
  }
}

TEST(Fp8, EncodesAsTorchDoesByteForByte) {
  const auto values = golden_array<float>("round.values");
  const auto expected = golden_array<std::uint8_t>("f8_e4m3.rounded");
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(float_to_f8_e4m3(values[i]), expected[i]) << values[i];
  }
}

// A matrix of 300 x 200: the blocks at the right and lower edges are ragged.
struct Matrix {
  std::vector<std::byte> values = std::vector<std::byte>(300 * 200);
  std::vector<float> scales = std::vector<float>(3 * 2);

  Matrix() {
    Rng rng(7);
    for (std::byte& value : values) value = static_cast<std::byte>(rng.below(0x7F));
    for (float& scale : scales) scale = static_cast<float>(rng.uniform());
  }
  Fp8Matrix view() const { return {values, scales, 300, 200}; }
};

TEST(Fp8, ScalesEachBlockOfRaggedMatrices) {
  const Matrix matrix;
  const auto table = golden_array<float>("f8_e4m3.decoded");
  std::vector<float> rows((299 - 120) * 200);
  dequantize_rows(matrix.view(), 120, 299, rows);
  for (std::size_t n = 120; n < 299; ++n) {
    for (std::size_t k = 0; k < 200; ++k) {
      const float scale = matrix.scales[(n < 128 ? 0 : n < 256 ? 2 : 4) + (k < 128 ? 0 : 1)];
      const float expected = table[static_cast<std::size_t>(matrix.values[n * 200 + k])] * scale;
      ASSERT_EQ(rows[(n - 120) * 200 + k], expected) << n << ", " << k;
    }
  }
}

TEST(Fp8, RefusesSizesThatDoNotAgree) {
  const Matrix matrix;
  std::vector<float> rows(300 * 200);
  EXPECT_NO_THROW(dequantize_rows(matrix.view(), 0, 300, rows));
  EXPECT_NO_THROW(dequantize_rows(matrix.view(), 5, 5, {}));
  EXPECT_THROW(dequantize_rows(matrix.view(), 0, 301, rows), Error);
  EXPECT_THROW(dequantize_rows(matrix.view(), 0, 299, rows), Error);
  EXPECT_THROW(dequantize_rows(matrix.view(), -1, 299, rows), Error);
  Fp8Matrix fewer = matrix.view();
  fewer.scales = fewer.scales.first(5);
  EXPECT_THROW(dequantize_rows(fewer, 0, 300, rows), Error);
  fewer = matrix.view();
  fewer.values = fewer.values.first(299 * 200);
  EXPECT_THROW(dequantize_rows(fewer, 0, 300, rows), Error);
}

}  // namespace
}  // namespace frugal::quant
