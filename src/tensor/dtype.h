// The element types of stored and computed tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace frugal {

/// Plain types hold one value each; block types hold `block_size` consecutive values of a row in
/// `block_bytes` (the layouts of GGML, described in quant/).
enum class DType : std::uint8_t {
  f32,
  f16,
  bf16,
  f8_e4m3,  // DeepSeek's FP8; its scales are a tensor of their own
  i8,
  u8,
  i16,
  i32,
  i64,
  f64,
  boolean,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq4_nl,
  iq4_xs,
};

struct DTypeTraits {
  std::string_view name;    // as frugal prints it: "F32", "Q4_K"
  std::int64_t block_size;  // values per block; 1 for plain types
  std::int64_t block_bytes;
};

const DTypeTraits& traits(DType dtype);
inline std::string_view dtype_name(DType dtype) { return traits(dtype).name; }
/// The type of this name, letter case ignored.
std::optional<DType> dtype_named(std::string_view name);
/// True for the types whose values stand in blocks with scales.
bool is_block_type(DType dtype);
/// Bytes of `n` consecutive values; throws Error when n is not a multiple of the block or the
/// product does not fit 63 bits.
std::int64_t row_bytes(DType dtype, std::int64_t n);

}  // namespace frugal
