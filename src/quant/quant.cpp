#include "quant/quant.h"

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "quant/codecs.h"
#include "quant/fp8.h"
#include "tensor/float_bits.h"

namespace frugal::quant {

namespace {

// Blocks are copied out and in, since a tensor of a file may start at any address.
template <typename Block>
void decode_blocks(std::span<const std::byte> src, std::span<float> dst) {
  const std::size_t blocks = src.size() / sizeof(Block);
  const std::size_t values = blocks == 0 ? 0 : dst.size() / blocks;
  for (std::size_t b = 0; b < blocks; ++b) {
    Block block;
    std::memcpy(&block, src.data() + b * sizeof(Block), sizeof(Block));
    decode(block, dst.data() + b * values);
  }
}

template <typename Block>
void encode_blocks(DType dtype, std::span<const float> src, std::span<std::byte> dst) {
  const auto block_size = static_cast<std::size_t>(traits(dtype).block_size);
  for (std::size_t b = 0; b < src.size() / block_size; ++b) {
    const auto values = src.subspan(b * block_size, block_size);
    for (std::size_t j = 0; j < block_size; ++j) {
      require(std::isfinite(values[j]), "cannot store {} as {}: value {} is not finite", values[j],
              dtype_name(dtype), b * block_size + j);
    }
    Block block;
    encode(values.data(), block);
    bool fits = std::isfinite(f16_to_float(block.d));
    if constexpr (requires { block.m; }) fits = fits && std::isfinite(f16_to_float(block.m));
    if constexpr (requires { block.dmin; }) {
      fits = fits && std::isfinite(f16_to_float(block.dmin));
    }
    require(fits, "cannot store values {} to {} as {}: too large for a half-precision scale",
            b * block_size, (b + 1) * block_size - 1, dtype_name(dtype));
    std::memcpy(dst.data() + b * sizeof(Block), &block, sizeof(Block));
  }
}

template <typename Bits, typename Convert>
void decode_each(std::span<const std::byte> src, std::span<float> dst, Convert convert) {
  for (std::size_t i = 0; i < dst.size(); ++i) {
    Bits bits;
    std::memcpy(&bits, src.data() + i * sizeof(Bits), sizeof(Bits));
    dst[i] = convert(bits);
  }
}

template <typename Convert>
void encode_each(std::span<const float> src, std::span<std::byte> dst, Convert convert) {
  for (std::size_t i = 0; i < src.size(); ++i) {
    const auto bits = convert(src[i]);
    std::memcpy(dst.data() + i * sizeof(bits), &bits, sizeof(bits));
  }
}

void require_sizes(DType dtype, std::size_t values, std::size_t bytes) {
  const auto expected = row_bytes(dtype, static_cast<std::int64_t>(values));
  require(static_cast<std::int64_t>(bytes) == expected, "{} values of {} take {} bytes, not {}",
          values, dtype_name(dtype), expected, bytes);
}

}  // namespace

bool can_dequantize(DType dtype) {
  return is_block_type(dtype) || dtype == DType::f32 || dtype == DType::f16 ||
         dtype == DType::bf16 || dtype == DType::f8_e4m3;
}

bool can_quantize(DType dtype) {
  switch (dtype) {
    case DType::f32:
    case DType::f16:
    case DType::bf16:
    case DType::f8_e4m3:
    case DType::q4_0:
    case DType::q4_1:
    case DType::q5_0:
    case DType::q5_1:
    case DType::q8_0:
    case DType::q4_k:
    case DType::q5_k:
    case DType::q6_k:
    case DType::iq4_nl:
    case DType::iq4_xs:
      return true;
    default:
      return false;
  }
}

void dequantize(DType dtype, std::span<const std::byte> src, std::span<float> dst) {
  require_sizes(dtype, dst.size(), src.size());
  switch (dtype) {
    case DType::f32:
      return decode_each<float>(src, dst, [](float value) { return value; });
    case DType::f16:
      return decode_each<std::uint16_t>(src, dst, f16_to_float);
    case DType::bf16:
      return decode_each<std::uint16_t>(src, dst, bf16_to_float);
    case DType::f8_e4m3:
      return decode_each<std::uint8_t>(src, dst, f8_e4m3_to_float);
    case DType::q4_0:
      return decode_blocks<BlockQ4_0>(src, dst);
    case DType::q4_1:
      return decode_blocks<BlockQ4_1>(src, dst);
    case DType::q5_0:
      return decode_blocks<BlockQ5_0>(src, dst);
    case DType::q5_1:
      return decode_blocks<BlockQ5_1>(src, dst);
    case DType::q8_0:
      return decode_blocks<BlockQ8_0>(src, dst);
    case DType::q2_k:
      return decode_blocks<BlockQ2_K>(src, dst);
    case DType::q3_k:
      return decode_blocks<BlockQ3_K>(src, dst);
    case DType::q4_k:
      return decode_blocks<BlockQ4_K>(src, dst);
    case DType::q5_k:
      return decode_blocks<BlockQ5_K>(src, dst);
    case DType::q6_k:
      return decode_blocks<BlockQ6_K>(src, dst);
    case DType::iq4_nl:
      return decode_blocks<BlockIQ4_NL>(src, dst);
    case DType::iq4_xs:
      return decode_blocks<BlockIQ4_XS>(src, dst);
    default:
      fail("{} cannot be read as floats", dtype_name(dtype));
  }
}

void quantize(DType dtype, std::span<const float> src, std::span<std::byte> dst) {
  require_sizes(dtype, src.size(), dst.size());
  switch (dtype) {
    case DType::f32:
      return encode_each(src, dst, [](float value) { return value; });
    case DType::f16:
      return encode_each(src, dst, float_to_f16);
    case DType::bf16:
      return encode_each(src, dst, float_to_bf16);
    case DType::f8_e4m3:
      return encode_each(src, dst, float_to_f8_e4m3);
    case DType::q4_0:
      return encode_blocks<BlockQ4_0>(dtype, src, dst);
    case DType::q4_1:
      return encode_blocks<BlockQ4_1>(dtype, src, dst);
    case DType::q5_0:
      return encode_blocks<BlockQ5_0>(dtype, src, dst);
    case DType::q5_1:
      return encode_blocks<BlockQ5_1>(dtype, src, dst);
    case DType::q8_0:
      return encode_blocks<BlockQ8_0>(dtype, src, dst);
    case DType::q4_k:
      return encode_blocks<BlockQ4_K>(dtype, src, dst);
    case DType::q5_k:
      return encode_blocks<BlockQ5_K>(dtype, src, dst);
    case DType::q6_k:
      return encode_blocks<BlockQ6_K>(dtype, src, dst);
    case DType::iq4_nl:
      return encode_blocks<BlockIQ4_NL>(dtype, src, dst);
    case DType::iq4_xs:
      return encode_blocks<BlockIQ4_XS>(dtype, src, dst);
    default:
      fail("frugal does not write {}", dtype_name(dtype));
  }
}

}  // namespace frugal::quant
