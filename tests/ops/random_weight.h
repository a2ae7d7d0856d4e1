// Weights of any dtype with random contents.
#pragma once

#include "ops/testing.h"
#include "ops/weight.h"
#include "quant/quant.h"

namespace frugal::ops::testing {

/// Where half-precision scales lie in a block of this type.
inline std::vector<std::size_t> half_offsets(DType dtype) {
  switch (dtype) {
    case DType::q4_1:
    case DType::q5_1:
    case DType::q4_k:
    case DType::q5_k:
      return {0, 2};
    case DType::q2_k:
      return {80, 82};
    case DType::q3_k:
      return {108};
    case DType::q6_k:
      return {208};
    default:
      return {0};
  }
}

/// A weight of its own memory. Block types get random bits, so that every level and scale occurs,
/// with half-precision scales of either sign between 2^-8 and 2^-7.
struct RandomWeight {
  RandomWeight(DType dtype, std::int64_t n, std::int64_t k, std::uint64_t seed)
      : bytes(static_cast<std::size_t>(n * row_bytes(dtype, k)) + 1) {
    // One byte in, since files do not align tensors.
    const std::span<std::byte> place = std::span(bytes).subspan(1);
    if (is_block_type(dtype)) {
      fill_blocks(dtype, place, seed);
    } else {
      quant::quantize(dtype, random_matrix(n, k, seed).view().span(), place);
    }
    weight = {dtype, n, k, place.data(), nullptr, nullptr};
  }

  static void fill_blocks(DType dtype, std::span<std::byte> place, std::uint64_t seed) {
    Rng rng(seed);
    for (std::byte& byte : place) byte = static_cast<std::byte>(rng.next() >> 56);
    const auto block = static_cast<std::size_t>(traits(dtype).block_bytes);
    for (std::size_t at = 0; at < place.size(); at += block) {
      for (const std::size_t offset : half_offsets(dtype)) {
        // Sign and mantissa stay random, the exponent becomes -8.
        std::byte& high = place[at + offset + 1];
        high = (high & std::byte{0x83}) | std::byte{0x1C};
      }
    }
  }

  std::vector<std::byte> bytes;
  Weight weight;
};

/// All types of weights.
inline const std::vector<DType> kWeightTypes = {
    DType::f32,  DType::f16,  DType::bf16,   DType::f8_e4m3, DType::q4_0, DType::q4_1,
    DType::q5_0, DType::q5_1, DType::q8_0,   DType::q2_k,    DType::q3_k, DType::q4_k,
    DType::q5_k, DType::q6_k, DType::iq4_nl, DType::iq4_xs};

}  // namespace frugal::ops::testing
