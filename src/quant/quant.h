// Numbers as they are stored, to float and back: half precision, FP8 and the block types of GGUF.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/dtype.h"

namespace frugal::quant {

/// True for the types that dequantize() reads: F32, F16, BF16, F8_E4M3 and all block types.
bool can_dequantize(DType dtype);
/// True for the types that quantize() writes: F32, F16, BF16, F8_E4M3, Q4_0, Q4_1, Q5_0, Q5_1,
/// Q8_0, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS.
bool can_quantize(DType dtype);

/// Decodes dst.size() consecutive values, a multiple of the type's block, out of `src`, which may
/// be unaligned and holds exactly row_bytes(dtype, dst.size()). F8_E4M3 is read without scales; see
/// fp8.h. The plain definition that faster code must match bit for bit; it follows the arithmetic
/// of GGML. Throws Error on sizes that do not agree and on types that are not numbers of a model.
void dequantize(DType dtype, std::span<const std::byte> src, std::span<float> dst);

/// Encodes src.size() consecutive values, a multiple of the type's block, into `dst` of exactly
/// row_bytes(dtype, src.size()), the simple types (up to Q8_0) rounding as GGML's
/// reference does, the others by a search of our own for the scales. Throws Error on sizes that do
/// not agree, on other types than those of can_quantize(), and, for block types, on values that are
/// not finite or too large for the half-precision scale.
void quantize(DType dtype, std::span<const float> src, std::span<std::byte> dst);

}  // namespace frugal::quant
