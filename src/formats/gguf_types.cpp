#include "formats/gguf_types.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace frugal::formats {

namespace {

struct ValueType {
  const char* name;
  std::size_t bytes;
};

// In the order of GgufType.
constexpr std::array<ValueType, 13> kValueTypes = {{{"u8", 1},
                                                    {"i8", 1},
                                                    {"u16", 2},
                                                    {"i16", 2},
                                                    {"u32", 4},
                                                    {"i32", 4},
                                                    {"f32", 4},
                                                    {"bool", 1},
                                                    {"string", 0},
                                                    {"array", 0},
                                                    {"u64", 8},
                                                    {"i64", 8},
                                                    {"f64", 8}}};

// ggml_type of ggml.h.
constexpr std::array<std::pair<std::uint32_t, DType>, 20> kTensorTypes = {
    {{0, DType::f32},     {1, DType::f16},     {2, DType::q4_0},  {3, DType::q4_1},
     {6, DType::q5_0},    {7, DType::q5_1},    {8, DType::q8_0},  {10, DType::q2_k},
     {11, DType::q3_k},   {12, DType::q4_k},   {13, DType::q5_k}, {14, DType::q6_k},
     {20, DType::iq4_nl}, {23, DType::iq4_xs}, {24, DType::i8},   {25, DType::i16},
     {26, DType::i32},    {27, DType::i64},    {28, DType::f64},  {30, DType::bf16}}};

// Types that exist and that frugal does not read, so that errors can name them.
constexpr std::array<std::pair<std::uint32_t, const char*>, 14> kOtherTypes = {{{9, "Q8_1"},
                                                                                {15, "Q8_K"},
                                                                                {16, "IQ2_XXS"},
                                                                                {17, "IQ2_XS"},
                                                                                {18, "IQ3_XXS"},
                                                                                {19, "IQ1_S"},
                                                                                {21, "IQ3_S"},
                                                                                {22, "IQ2_S"},
                                                                                {29, "IQ1_M"},
                                                                                {34, "TQ1_0"},
                                                                                {35, "TQ2_0"},
                                                                                {39, "MXFP4"},
                                                                                {40, "NVFP4"},
                                                                                {41, "Q1_0"}}};

}  // namespace

const char* gguf_type_name(GgufType type) {
  return kValueTypes.at(static_cast<std::size_t>(type)).name;
}

std::size_t gguf_type_bytes(GgufType type) {
  return kValueTypes.at(static_cast<std::size_t>(type)).bytes;
}

std::optional<DType> dtype_of_ggml(std::uint32_t type) {
  for (const auto& [number, dtype] : kTensorTypes) {
    if (number == type) return dtype;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> ggml_of_dtype(DType dtype) {
  for (const auto& [number, known] : kTensorTypes) {
    if (known == dtype) return number;
  }
  return std::nullopt;
}

std::string ggml_type_name(std::uint32_t type) {
  for (const auto& [number, name] : kOtherTypes) {
    if (number == type) return name;
  }
  return fmt::format("type {}", type);
}

}  // namespace frugal::formats
