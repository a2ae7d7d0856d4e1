#include "quant/quant.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "quant/golden_array.h"

namespace frugal::quant {
namespace {

using testing::golden_array;

// The golden files' names are the types' in lower case.
std::string lower(DType dtype) {
  std::string name(dtype_name(dtype));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

std::string type_of(const ::testing::TestParamInfo<DType>& info) {
  return std::string(dtype_name(info.param));
}

// The same bits, where any NaN stands for any other.
void expect_same(std::span<const float> actual, std::span<const float> expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(expected[i]) && std::isnan(actual[i])) continue;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(actual[i]), std::bit_cast<std::uint32_t>(expected[i]))
        << "value " << i << " is " << actual[i] << ", expected " << expected[i];
  }
}

class BlockTypes : public ::testing::TestWithParam<DType> {};

TEST_P(BlockTypes, DecodeAsGgufDoes) {
  const auto blocks = golden_array<std::byte>(lower(GetParam()) + ".blocks");
  const auto expected = golden_array<float>(lower(GetParam()) + ".decoded");
  std::vector<float> values(expected.size());
  dequantize(GetParam(), blocks, values);
  expect_same(values, expected);
}

TEST_P(BlockTypes, DecodeFromAnyAddress) {
  const auto blocks = golden_array<std::byte>(lower(GetParam()) + ".blocks");
  const auto expected = golden_array<float>(lower(GetParam()) + ".decoded");
  std::vector<std::byte> shifted(blocks.size() + 1);
  std::ranges::copy(blocks, shifted.begin() + 1);
  std::vector<float> values(expected.size());
  dequantize(GetParam(), std::span(shifted).subspan(1), values);
  expect_same(values, expected);
}

TEST_P(BlockTypes, RefuseSizesThatDoNotAgree) {
  const DTypeTraits& type = traits(GetParam());
  std::vector<std::byte> block(static_cast<std::size_t>(type.block_bytes));
  std::vector<float> values(static_cast<std::size_t>(type.block_size));
  EXPECT_NO_THROW(dequantize(GetParam(), block, values));
  EXPECT_THROW(dequantize(GetParam(), std::span(block).subspan(1), values), Error);
  EXPECT_THROW(dequantize(GetParam(), block, std::span(values).subspan(1)), Error);
  EXPECT_NO_THROW(dequantize(GetParam(), {}, {}));
}

INSTANTIATE_TEST_SUITE_P(Quant, BlockTypes,
                         ::testing::Values(DType::q4_0, DType::q4_1, DType::q5_0, DType::q5_1,
                                           DType::q8_0, DType::q2_k, DType::q3_k, DType::q4_k,
                                           DType::q5_k, DType::q6_k, DType::iq4_nl, DType::iq4_xs),
                         type_of);

class EncodedTypes : public ::testing::TestWithParam<DType> {
 protected:
  static std::vector<std::byte> encode(std::span<const float> values) {
    std::vector<std::byte> bytes(
        static_cast<std::size_t>(row_bytes(GetParam(), std::ssize(values))));
    quantize(GetParam(), values, bytes);
    return bytes;
  }
};

TEST_P(EncodedTypes, EncodeAsGgufDoes) {
  const auto expected = golden_array<std::byte>(lower(GetParam()) + ".encoded");
  EXPECT_EQ(encode(golden_array<float>("encode.values")), expected);
}

TEST_P(EncodedTypes, RefuseWhatTheyCannotHold) {
  std::vector<float> values(64, 1.0F);
  for (const float bad : {std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity(), std::nanf(""), 3e38F, -3e38F}) {
    values[40] = bad;
    EXPECT_THROW(encode(values), Error) << bad;
  }
  values[40] = std::numeric_limits<float>::denorm_min();
  EXPECT_NO_THROW(encode(values));
  EXPECT_NO_THROW(encode(std::vector<float>(32, std::numeric_limits<float>::denorm_min())));
}

TEST(Quant, RefusesAMinimumThatHalfPrecisionCannotHold) {
  const std::vector<float> values(32, 70000.0F);
  std::vector<std::byte> bytes(24);
  EXPECT_THROW(quantize(DType::q4_1, values, std::span(bytes).first(20)), Error);
  EXPECT_THROW(quantize(DType::q5_1, values, bytes), Error);
}

INSTANTIATE_TEST_SUITE_P(Quant, EncodedTypes,
                         ::testing::Values(DType::q4_0, DType::q4_1, DType::q5_0, DType::q5_1,
                                           DType::q8_0),
                         type_of);

TEST(Quant, RoundsAsTorchDoes) {
  const auto values = golden_array<float>("round.values");
  for (const DType dtype : {DType::f8_e4m3, DType::f16, DType::bf16}) {
    const auto expected = golden_array<std::byte>(lower(dtype) + ".rounded");
    std::vector<std::byte> bytes(expected.size());
    quantize(dtype, values, bytes);
    // Compared as values, since the bits of a NaN are nobody's promise.
    std::vector<float> ours(values.size());
    std::vector<float> theirs(values.size());
    dequantize(dtype, bytes, ours);
    dequantize(dtype, expected, theirs);
    SCOPED_TRACE(dtype_name(dtype));
    expect_same(ours, theirs);
  }
}

TEST(Quant, KeepsFloats) {
  const auto values = golden_array<float>("round.values");
  std::vector<std::byte> bytes(values.size() * sizeof(float));
  quantize(DType::f32, values, bytes);
  std::vector<float> back(values.size());
  dequantize(DType::f32, bytes, back);
  expect_same(back, values);
}

TEST(Quant, RefusesOtherTypes) {
  std::vector<float> values(256);
  std::vector<std::byte> bytes(256 * 8);
  EXPECT_FALSE(can_dequantize(DType::i64));
  EXPECT_THROW(dequantize(DType::i64, bytes, values), Error);
  EXPECT_FALSE(can_quantize(DType::q3_k));
  EXPECT_THROW(quantize(DType::q3_k, values, std::span(bytes).first(110)), Error);
}

}  // namespace
}  // namespace frugal::quant
