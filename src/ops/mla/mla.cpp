#include "ops/mla/mla.h"

#include <algorithm>
#include <cstring>

#include "ops/mla/mla_modes.h"

namespace frugal::ops {

namespace {

// [kv_lora_rank, nope] out of the first nope rows of `rows` [nope + v, kv_lora_rank].
template <typename T>
void transpose_keys(const MlaShape& shape, const T* rows, T* out) {
  for (std::int64_t c = 0; c < shape.kv_lora_rank; ++c) {
    for (std::int64_t d = 0; d < shape.qk_nope_head_dim; ++d) {
      out[c * shape.qk_nope_head_dim + d] = rows[d * shape.kv_lora_rank + c];
    }
  }
}

// One head's matrices out of its rows of kv_b, in `dtype`, whose values are of type T.
template <typename T>
void add_head(const MlaShape& shape, DType dtype, const T* rows, AbsorbedWeights& weights) {
  const std::int64_t rank = shape.kv_lora_rank;
  const auto bytes = static_cast<std::size_t>(row_bytes(dtype, rank));
  const auto keys = std::make_shared<Buffer>(
      bytes * static_cast<std::size_t>(shape.qk_nope_head_dim), "absorbed keys");
  const auto values = std::make_shared<Buffer>(bytes * static_cast<std::size_t>(shape.v_head_dim),
                                               "absorbed values");
  transpose_keys(shape, rows, keys->as<T>());
  std::copy_n(rows + shape.qk_nope_head_dim * rank, shape.v_head_dim * rank, values->as<T>());
  weights.keys.push_back({dtype, rank, shape.qk_nope_head_dim, keys->data(), nullptr, keys});
  weights.values.push_back({dtype, shape.v_head_dim, rank, values->data(), nullptr, values});
}

}  // namespace

std::int64_t mla_cache_bytes(MlaMode mode, const MlaShape& shape) {
  if (mode == MlaMode::expanded) return expanded_shape(shape).cache_bytes();
  return cache_tile_bytes(shape.cache, padded_to_lanes(shape.latent_width()));
}

MlaKernels mla_kernels(Isa isa, CacheType type) {
  switch (isa) {
    case Isa::amx:
    case Isa::avx512:
      return mla_kernels_avx512(type);
    case Isa::avx2:
      return mla_kernels_avx2(type);
    case Isa::reference:
      break;
  }
  return mla_kernels_reference(type);
}

AbsorbedWeights absorb(const MlaShape& shape, const Weight& kv_b) {
  AbsorbedWeights weights;
  const bool halves =
      kv_b.layout == WeightLayout::rows && (kv_b.dtype == DType::bf16 || kv_b.dtype == DType::f16);
  const auto size = static_cast<std::size_t>(shape.kv_head_dim() * shape.kv_lora_rank);
  std::vector<std::uint16_t> bits(halves ? size : 0);  // [nope + v, kv_lora_rank]
  std::vector<float> floats(halves ? 0 : size);        // [nope + v, kv_lora_rank]
  for (std::int64_t head = 0; head < shape.n_heads; ++head) {
    const std::int64_t first = head * shape.kv_head_dim();
    if (halves) {
      // Copied, since a tensor of a file may start at any address.
      std::memcpy(bits.data(), kv_b.data + first * row_bytes(kv_b.dtype, kv_b.k),
                  size * sizeof(std::uint16_t));
      add_head(shape, kv_b.dtype, bits.data(), weights);
      continue;
    }
    for (std::int64_t i = 0; i < shape.kv_head_dim(); ++i) {
      kv_b.decode(first + i, 0,
                  std::span(floats).subspan(static_cast<std::size_t>(i * shape.kv_lora_rank),
                                            static_cast<std::size_t>(shape.kv_lora_rank)));
    }
    add_head(shape, DType::f32, floats.data(), weights);
  }
  return weights;
}

void check_mla(const MlaShape& shape, const SequenceLayout& layout, ConstView q, ConstView latent,
               View out) {
  require(q.cols == shape.n_heads * shape.q_head_dim() && latent.cols == shape.latent_width() &&
              out.cols == shape.n_heads * shape.v_head_dim,
          "mla: {} heads do not fit q [{}, {}], latent [{}, {}]", shape.n_heads, q.rows, q.cols,
          latent.rows, latent.cols);
  require(q.rows == layout.rows && latent.rows == layout.rows && out.rows == layout.rows,
          "mla: q has {} rows, the layout {}", q.rows, layout.rows);
}

void mla(const Context& context, MlaMode mode, const MlaShape& shape, const SequenceLayout& layout,
         ConstView q, ConstView latent, const Weight& kv_b, CacheSlice cache, View out,
         Arena& scratch) {
  require(kv_b.k == shape.kv_lora_rank && kv_b.n == shape.n_heads * shape.kv_head_dim(),
          "mla: {} heads do not fit kv_b [{}, {}]", shape.n_heads, kv_b.n, kv_b.k);
  if (mode == MlaMode::expanded) {
    mla_expanded(context, shape, layout, q, latent, kv_b, cache, out, scratch);
  } else {
    mla_absorbed(context, shape, layout, q, latent, absorb(shape, kv_b), cache, out, scratch);
  }
}

}  // namespace frugal::ops
