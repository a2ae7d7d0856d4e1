// From one kind of model file to another, tensor by tensor.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "formats/stored_tensor.h"
#include "models/load.h"

namespace frugal::models {

/// What to store weights as: one dtype, or a mix in which some tensors are worth more bits.
struct StorageType {
  std::string_view name;     // "q4_k_m"
  DType dtype = DType::f32;  // of most matrices
  bool mixed = false;        // attn_v, ffn_down and the head get Q6_K where llama.cpp's _M mixes do
  std::string_view description;
};

std::span<const StorageType> storage_types();
/// Throws Error listing the names when there is none of this name.
const StorageType& storage_type_named(std::string_view name);

/// The dtype of a parameter: vectors and routers stay F32; rows that are no multiple of a type's
/// block fall back to the next type that divides them (Q4_K to Q5_0 to F16, and so on).
DType stored_dtype(const StorageType& type, const ModelConfig& config, const ParameterSite& site);

/// The tensors of a GGUF file: llama's q and k rows in pairs, experts stacked, kv_b split. They
/// borrow from `files`, and are encoded one at a time when the writer asks. A tensor that already
/// has the wanted dtype is copied bit for bit.
std::vector<formats::TensorSource> gguf_tensors(const ModelFiles& files, const StorageType& type);

/// The tensors of a safetensors file, under Hugging Face's names; FP8 brings its scales along.
/// Throws Error for block types, which Hugging Face has no place for.
std::vector<formats::TensorSource> hf_tensors(const ModelFiles& files, const StorageType& type);

}  // namespace frugal::models
