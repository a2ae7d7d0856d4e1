#include "models/convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>

#include "base/error.h"
#include "models/gguf_names.h"
#include "models/write_config.h"
#include "quant/fp8.h"
#include "quant/quant.h"

namespace frugal::models {

namespace {

using formats::TensorSource;

constexpr std::array kTypes{
    StorageType{"f32", DType::f32, false, "32-bit floats"},
    StorageType{"f16", DType::f16, false, "half precision"},
    StorageType{"bf16", DType::bf16, false, "bfloat16"},
    StorageType{"fp8", DType::f8_e4m3, false,
                "E4M3 with a scale per 128 x 128 block, as DeepSeek-V3 (folders only)"},
    StorageType{"q8_0", DType::q8_0, false, "8.5 bits a weight"},
    StorageType{"q6_k", DType::q6_k, false, "6.6 bits a weight"},
    StorageType{"q5_0", DType::q5_0, false, "5.5 bits a weight"},
    StorageType{"q5_1", DType::q5_1, false, "6 bits a weight"},
    StorageType{"q4_k_m", DType::q4_k, true, "4.5 bits a weight, 6.6 where it matters most"},
    StorageType{"q4_k", DType::q4_k, false, "4.5 bits a weight"},
    StorageType{"q4_0", DType::q4_0, false, "4.5 bits a weight, no minimum"},
    StorageType{"q4_1", DType::q4_1, false, "5 bits a weight"},
    StorageType{"iq4_xs", DType::iq4_xs, false, "4.25 bits a weight, values not evenly spaced"},
};

// Where a row does not divide into blocks: the next type, as in llama.cpp.
DType fall_back(DType dtype) {
  switch (dtype) {
    case DType::q4_k:
      return DType::q5_0;
    case DType::q5_k:
      return DType::q5_1;
    case DType::q6_k:
      return DType::q8_0;
    case DType::iq4_xs:
      return DType::iq4_nl;
    default:
      return DType::f16;
  }
}

// llama.cpp's mixes give more bits to the first and last eighth of the layers and every third
// between.
bool gets_more_bits(std::int64_t layer, std::int64_t layers) {
  return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

std::int64_t layer_of(const std::string& name) {
  constexpr std::string_view kPrefix = "model.layers.";
  return name.starts_with(kPrefix) ? std::stoll(name.substr(kPrefix.size())) : -1;
}

using RowOf = std::function<void(std::int64_t row, std::span<float> out)>;

// Encodes n rows of k values, each made by row_of, into `buffer`.
std::span<const std::byte> encode(std::vector<std::byte>& buffer, DType dtype, std::int64_t n,
                                  std::int64_t k, const RowOf& row_of) {
  const auto bytes = static_cast<std::size_t>(row_bytes(dtype, k));
  buffer.resize(static_cast<std::size_t>(n) * bytes);
  std::vector<float> row(static_cast<std::size_t>(k));
  for (std::int64_t i = 0; i < n; ++i) {
    row_of(i, row);
    quant::quantize(dtype, row,
                    std::span(buffer).subspan(static_cast<std::size_t>(i) * bytes, bytes));
  }
  return buffer;
}

struct Entry {
  ParameterSite site;
  ops::Weight weight;
};

// All parameters in order.
std::vector<Entry> entries_of(const ModelFiles& files) {
  std::vector<Entry> entries;
  Weights weights = files.weights;
  for_each_parameter(files.config, weights,
                     [&](const ParameterSite& site, const Parameter& parameter) {
                       entries.push_back({site, parameter.weight});
                     });
  return entries;
}

// One buffer serves all tensors of a file, since they are asked for one after the other.
using SharedBuffer = std::shared_ptr<std::vector<std::byte>>;

/// Row `row` of a head's `dim` rows as they lie when pairs (i, i + dim / 2) become neighbours.
std::int64_t paired_row(std::int64_t row, std::int64_t dim) {
  const std::int64_t head = row / dim;
  const std::int64_t r = row % dim;
  return head * dim + r % 2 * (dim / 2) + r / 2;
}

/// The inverse of paired_row().
std::int64_t split_row(std::int64_t row, std::int64_t dim) {
  const std::int64_t head = row / dim;
  const std::int64_t r = row % dim;
  return head * dim + r % (dim / 2) * 2 + r / (dim / 2);
}

bool is_query_or_key(const std::string& name) {
  return name.find(".self_attn.q_proj.") != std::string::npos ||
         name.find(".self_attn.k_proj.") != std::string::npos;
}

// How rows of q and k move: GGUF's llama turns neighbours, Hugging Face's turns halves.
std::function<std::int64_t(std::int64_t)> row_order(const ModelConfig& c, const std::string& name,
                                                    bool to_gguf) {
  const bool moves = c.architecture == Architecture::llama && is_query_or_key(name) &&
                     c.rope.interleaved != to_gguf;
  if (!moves) return [](std::int64_t row) { return row; };
  const std::int64_t dim = c.head_dim;
  if (to_gguf) return [dim](std::int64_t row) { return paired_row(row, dim); };
  return [dim](std::int64_t row) { return split_row(row, dim); };
}

// One parameter, or several stacked, as one tensor.
TensorSource encoded_tensor(std::string name, DType dtype, std::vector<std::int64_t> shape,
                            std::vector<ops::Weight> parts,
                            std::function<std::int64_t(std::int64_t)> order,
                            const SharedBuffer& buffer) {
  auto data = [=, parts = std::move(parts),
               order = std::move(order)]() -> std::span<const std::byte> {
    const std::int64_t n = parts.front().n;
    const std::int64_t k = parts.front().k;
    const auto total = n * static_cast<std::int64_t>(parts.size());
    if (parts.front().dtype == dtype && parts.front().scales == nullptr) {
      const auto bytes = static_cast<std::size_t>(row_bytes(dtype, k));
      buffer->resize(static_cast<std::size_t>(total) * bytes);
      for (std::int64_t i = 0; i < total; ++i) {
        const ops::Weight& part = parts[static_cast<std::size_t>(i / n)];
        std::memcpy(buffer->data() + static_cast<std::size_t>(i) * bytes,
                    part.data + order(i % n) * static_cast<std::int64_t>(bytes), bytes);
      }
      return *buffer;
    }
    return encode(*buffer, dtype, total, k, [&](std::int64_t i, std::span<float> row) {
      parts[static_cast<std::size_t>(i / n)].decode(order(i % n), 0, row);
    });
  };
  return {std::move(name), dtype, std::move(shape), std::move(data)};
}

// kv_b [heads * (nope + v), rank] as attn_k_b [heads, rank, nope] and attn_v_b [heads, v, rank].
void add_split_kv_b(const ModelConfig& c, const StorageType& type, const Entry& entry,
                    const std::string& name, const SharedBuffer& buffer,
                    std::vector<TensorSource>& tensors) {
  const MlaConfig& m = *c.mla;
  const std::int64_t heads = c.num_attention_heads;
  const std::int64_t per_head = m.qk_nope_head_dim + m.v_head_dim;
  const std::string stem = name.substr(0, name.size() - std::string_view("kv_b.weight").size());
  ParameterSite keys = entry.site;
  keys.k = m.qk_nope_head_dim;
  const DType k_dtype = stored_dtype(type, c, keys);
  const DType v_dtype = stored_dtype(type, c, entry.site);
  const ops::Weight weight = entry.weight;
  tensors.push_back(
      {stem + "k_b.weight", k_dtype, {heads, m.kv_lora_rank, m.qk_nope_head_dim}, [=] {
         const Tensor head(m.qk_nope_head_dim, m.kv_lora_rank);
         return encode(*buffer, k_dtype, heads * m.kv_lora_rank, m.qk_nope_head_dim,
                       [&](std::int64_t i, std::span<float> row) {
                         const std::int64_t column = i % m.kv_lora_rank;
                         for (std::int64_t d = 0; column == 0 && d < head.rows(); ++d) {
                           weight.decode(i / m.kv_lora_rank * per_head + d, 0,
                                         {head.row(d), static_cast<std::size_t>(head.cols())});
                         }
                         for (std::size_t d = 0; d < row.size(); ++d) {
                           row[d] = head.row(static_cast<std::int64_t>(d))[column];
                         }
                       });
       }});
  tensors.push_back({stem + "v_b.weight", v_dtype, {heads, m.v_head_dim, m.kv_lora_rank}, [=] {
                       return encode(*buffer, v_dtype, heads * m.v_head_dim, m.kv_lora_rank,
                                     [&](std::int64_t i, std::span<float> row) {
                                       weight.decode(i / m.v_head_dim * per_head +
                                                         m.qk_nope_head_dim + i % m.v_head_dim,
                                                     0, row);
                                     });
                     }});
}

// A weight in FP8, and its scales: amax / 448 of each 128 x 128 block.
struct Fp8Tensor {
  std::vector<std::byte> values;  // [n, k]
  std::vector<float> scales;      // [ceil(n / 128), ceil(k / 128)]
};

Fp8Tensor encode_fp8(const ops::Weight& weight) {
  const std::int64_t block = quant::kFp8Block;
  const std::int64_t columns = (weight.k + block - 1) / block;
  Fp8Tensor out;
  out.values.resize(static_cast<std::size_t>(weight.n * weight.k));
  out.scales.resize(static_cast<std::size_t>((weight.n + block - 1) / block * columns));
  const Tensor rows(block, weight.k);
  for (std::int64_t n0 = 0; n0 < weight.n; n0 += block) {
    const std::int64_t count = std::min(block, weight.n - n0);
    float* scales = &out.scales[static_cast<std::size_t>(n0 / block * columns)];
    for (std::int64_t i = 0; i < count; ++i) {
      weight.decode(n0 + i, 0, {rows.row(i), static_cast<std::size_t>(weight.k)});
      for (std::int64_t j = 0; j < weight.k; ++j) {
        scales[j / block] = std::max(scales[j / block], std::abs(rows.row(i)[j]));
      }
    }
    for (std::int64_t j = 0; j < columns; ++j) scales[j] = std::max(scales[j], 1e-4F) / 448.0F;
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = 0; j < weight.k; ++j) {
        const float value = std::clamp(rows.row(i)[j] / scales[j / block], -448.0F, 448.0F);
        out.values[static_cast<std::size_t>((n0 + i) * weight.k + j)] =
            static_cast<std::byte>(quant::float_to_f8_e4m3(value));
      }
    }
  }
  return out;
}

// DeepSeek keeps embedding, head, router and norms in high precision.
bool stays_out_of_fp8(const ParameterSite& site) {
  return site.kind == ParameterKind::vector || site.name == "model.embed_tokens.weight" ||
         site.name == "lm_head.weight" || site.name.ends_with(".mlp.gate.weight") ||
         site.name.ends_with(".eh_proj.weight");
}

void add_fp8(const Entry& entry, std::vector<TensorSource>& tensors) {
  const auto made = std::make_shared<Fp8Tensor>();
  const ops::Weight weight = entry.weight;
  const std::int64_t n = weight.n;
  const std::int64_t k = weight.k;
  // Either may be asked for first; each is made anew, so that one tensor's memory is all that is
  // held.
  tensors.push_back({entry.site.name, DType::f8_e4m3, {n, k}, [=] {
                       *made = encode_fp8(weight);
                       return std::span<const std::byte>(made->values);
                     }});
  tensors.push_back(
      {entry.site.name + "_scale_inv", DType::f32, {(n + 127) / 128, (k + 127) / 128}, [=] {
         *made = encode_fp8(weight);
         return std::as_bytes(std::span<const float>(made->scales));
       }});
}

std::vector<std::int64_t> shape_of(const ParameterSite& site) {
  return site.kind == ParameterKind::vector ? std::vector{site.k} : std::vector{site.n, site.k};
}

}  // namespace

std::span<const StorageType> storage_types() { return kTypes; }

const StorageType& storage_type_named(std::string_view name) {
  const auto* found = std::ranges::find(kTypes, name, &StorageType::name);
  if (found != kTypes.end()) return *found;
  std::string names;
  for (const StorageType& type : kTypes)
    names += (names.empty() ? "" : ", ") + std::string(type.name);
  fail("unknown type {}; known are {}", printable(name), names);
}

DType stored_dtype(const StorageType& type, const ModelConfig& config, const ParameterSite& site) {
  if (site.kind == ParameterKind::vector || site.name.ends_with(".mlp.gate.weight"))
    return DType::f32;
  DType dtype = type.dtype;
  if (type.mixed) {
    const bool is_head = site.name == "lm_head.weight" ||
                         (config.tie_word_embeddings && site.name == "model.embed_tokens.weight");
    const bool is_sensitive =
        site.name.ends_with(".v_proj.weight") || site.name.ends_with(".down_proj.weight");
    const std::int64_t layer = layer_of(site.name);
    if (is_head || (is_sensitive && gets_more_bits(layer, config.num_hidden_layers)))
      dtype = DType::q6_k;
  }
  while (site.k % traits(dtype).block_size != 0) dtype = fall_back(dtype);
  return dtype;
}

std::vector<TensorSource> gguf_tensors(const ModelFiles& files, const StorageType& type) {
  require(type.dtype != DType::f8_e4m3, "GGUF has no FP8; write a folder, or choose another type");
  const ModelConfig& c = files.config;
  const auto buffer = std::make_shared<std::vector<std::byte>>();
  std::vector<TensorSource> tensors;
  const std::vector<Entry> entries = entries_of(files);
  std::map<std::string, std::vector<ops::Weight>> experts;  // stacked name -> parts in order
  for (const Entry& entry : entries) {
    const GgufSite place = gguf_site(entry.site.name);
    if (place.expert) experts[place.name].push_back(entry.weight);
  }
  for (const Entry& entry : entries) {
    const ParameterSite& site = entry.site;
    const GgufSite place = gguf_site(site.name);
    const DType dtype = stored_dtype(type, c, site);
    if (place.name.ends_with(".attn_kv_b.weight")) {
      add_split_kv_b(c, type, entry, place.name, buffer, tensors);
    } else if (!place.expert) {
      tensors.push_back(encoded_tensor(place.name, dtype, shape_of(site), {entry.weight},
                                       row_order(c, site.name, true), buffer));
    } else if (*place.expert == 0) {
      std::vector<ops::Weight>& parts = experts[place.name];
      const auto count = static_cast<std::int64_t>(parts.size());
      tensors.push_back(encoded_tensor(place.name, dtype, {count, site.n, site.k}, std::move(parts),
                                       row_order(c, site.name, true), buffer));
    }
  }
  std::vector<float> divisors =
      files.rope_divisors.empty() ? llama3_divisors(c.rope) : files.rope_divisors;
  if (!divisors.empty()) {
    const auto count = static_cast<std::int64_t>(divisors.size());
    tensors.push_back({"rope_freqs.weight", DType::f32, {count}, [divisors = std::move(divisors)] {
                         return std::as_bytes(std::span<const float>(divisors));
                       }});
  }
  return tensors;
}

std::vector<TensorSource> hf_tensors(const ModelFiles& files, const StorageType& type) {
  require(!is_block_type(type.dtype),
          "Hugging Face folders have no {}; write a .gguf file, or choose f32, f16, "
          "bf16 or fp8",
          type.name);
  const ModelConfig& c = files.config;
  const auto buffer = std::make_shared<std::vector<std::byte>>();
  std::vector<TensorSource> tensors;
  for (const Entry& entry : entries_of(files)) {
    const ParameterSite& site = entry.site;
    if (type.dtype == DType::f8_e4m3 && !stays_out_of_fp8(site)) {
      require(c.architecture != Architecture::llama || !c.rope.interleaved,
              "from a llama GGUF to FP8 is not possible in one step; convert to bf16 first");
      add_fp8(entry, tensors);
      continue;
    }
    const DType plain = type.dtype == DType::f8_e4m3 ? DType::bf16 : type.dtype;
    const bool is_bias = site.name.ends_with("e_score_correction_bias");
    tensors.push_back(encoded_tensor(site.name, is_bias ? DType::f32 : plain, shape_of(site),
                                     {entry.weight}, row_order(c, site.name, false), buffer));
  }
  return tensors;
}

}  // namespace frugal::models
