#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "quant/blocks.h"
#include "quant/quant.h"
#include "quant/scale_search.h"

namespace frugal::quant {
namespace {

std::vector<float> normal_values(std::size_t count, float scale, float offset = 0) {
  Rng rng(5);
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(scale * static_cast<float>(rng.normal()) + offset);
  return values;
}

std::vector<float> stored(DType dtype, const std::vector<float>& values) {
  std::vector<std::byte> bytes(
      static_cast<std::size_t>(row_bytes(dtype, static_cast<std::int64_t>(values.size()))));
  quantize(dtype, values, bytes);
  std::vector<float> back(values.size());
  dequantize(dtype, bytes, back);
  return back;
}

// Root mean square error over root mean square.
double relative_error(DType dtype, const std::vector<float>& values) {
  const std::vector<float> back = stored(dtype, values);
  double error = 0;
  double norm = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    error += std::pow(static_cast<double>(back[i]) - values[i], 2);
    norm += std::pow(static_cast<double>(values[i]), 2);
  }
  return std::sqrt(error / norm);
}

// The simple types are GGML's byte for byte (tested elsewhere), so they are a yardstick: a type
// with more bits, or as many and cleverer ones, has to be better.
TEST(KEncode, BeatsTheSimpleTypesOfItsSize) {
  const std::vector<float> values = normal_values(256 * 64, 0.02F);
  EXPECT_LT(relative_error(DType::q4_k, values), 0.9 * relative_error(DType::q4_0, values));
  EXPECT_LT(relative_error(DType::q4_k, values), 1.02 * relative_error(DType::q4_1, values));
  EXPECT_LT(relative_error(DType::q5_k, values), 0.9 * relative_error(DType::q5_0, values));
  EXPECT_LT(relative_error(DType::q6_k, values), 0.6 * relative_error(DType::q5_0, values));
  EXPECT_LT(relative_error(DType::iq4_nl, values), 0.9 * relative_error(DType::q4_0, values));
  EXPECT_LT(relative_error(DType::iq4_xs, values), 0.92 * relative_error(DType::q4_0, values));
}

TEST(KEncode, WorksOnAnyRangeOfValues) {
  for (const DType dtype : {DType::q4_k, DType::q5_k, DType::q6_k, DType::iq4_nl, DType::iq4_xs}) {
    for (const float scale : {1e-3F, 1.0F, 1e3F}) {
      EXPECT_LT(relative_error(dtype, normal_values(2560, scale)), 0.12)
          << dtype_name(dtype) << ' ' << scale;
      EXPECT_LT(relative_error(dtype, normal_values(2560, scale, 2 * scale)), 0.12)
          << dtype_name(dtype);
      EXPECT_LT(relative_error(dtype, normal_values(2560, scale, -2 * scale)), 0.12)
          << dtype_name(dtype);
    }
    const std::vector<float> zeros(512, 0.0F);
    EXPECT_EQ(stored(dtype, zeros), zeros) << dtype_name(dtype);
  }
}

// Values that a block can hold exactly come back: every scale, minimum and level in its place.
TEST(KEncode, KeepsWhatFitsExactly) {
  Rng rng(6);
  std::vector<float> affine(256);
  std::vector<float> symmetric(256);
  for (int i = 0; i < 256; ++i) {
    const int group = i / 32;
    const auto level = static_cast<float>(i % 32 == 0 ? 0 : i % 32 == 1 ? 15 : rng.below(16));
    affine[static_cast<std::size_t>(i)] =
        static_cast<float>(63 - 5 * group) * level - static_cast<float>(63 - 7 * group);
    const auto q = static_cast<float>(i % 16 == 0 ? -32 : static_cast<int>(rng.below(64)) - 32);
    symmetric[static_cast<std::size_t>(i)] = static_cast<float>(-128 + 7 * (i / 16)) * q;
  }
  EXPECT_EQ(stored(DType::q4_k, affine), affine);
  EXPECT_EQ(stored(DType::q6_k, symmetric), symmetric);
}

TEST(KEncode, RefusesWhatCannotBeStored) {
  std::vector<float> values(256, 1e9F);
  values[0] = -1e9F;
  std::vector<std::byte> bytes(static_cast<std::size_t>(row_bytes(DType::q4_k, 256)));
  EXPECT_THROW(quantize(DType::q4_k, values, bytes), Error);
  values[3] = std::nanf("");
  EXPECT_THROW(quantize(DType::q4_k, values, bytes), Error);
}

TEST(ScaleSearch, FindsTheNearestLevel) {
  for (int x = -200; x <= 200; ++x) {
    int best = 0;
    for (int i = 1; i < 16; ++i) {
      if (std::abs(kIq4Values[static_cast<std::size_t>(i)] - x) <
          std::abs(kIq4Values[static_cast<std::size_t>(best)] - x))
        best = i;
    }
    const int found = nearest_iq4(static_cast<float>(x));
    EXPECT_EQ(std::abs(kIq4Values[static_cast<std::size_t>(found)] - x),
              std::abs(kIq4Values[static_cast<std::size_t>(best)] - x))
        << x;
  }
}

}  // namespace
}  // namespace frugal::quant
