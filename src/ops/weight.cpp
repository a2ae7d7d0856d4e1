#include "ops/weight.h"

#include <algorithm>

#include "ops/panel/panel.h"
#include "quant/quant.h"

namespace frugal::ops {

namespace {

constexpr std::int64_t kScaleBlock = 128;  // DeepSeek-V3's weight blocks are 128 x 128

}  // namespace

std::int64_t Weight::bytes() const {
  return layout == WeightLayout::panels ? packed_bytes(dtype, n, k) : n * row_bytes(dtype, k);
}

Weight Weight::rows(std::int64_t begin, std::int64_t count) const {
  require(scales == nullptr && layout == WeightLayout::rows,
          "rows of a packed weight or one with FP8 scales cannot be cut out");
  Weight part = *this;
  part.n = count;
  part.data = data + begin * row_bytes(dtype, k);
  return part;
}

ConstView Weight::floats() const {
  require(dtype == DType::f32 && layout == WeightLayout::rows,
          "a weight of dtype {} cannot be trained, only f32, not packed", dtype_name(dtype));
  return {reinterpret_cast<const float*>(data), n, k};
}

void Weight::decode(std::int64_t row, std::int64_t k0, std::span<float> out) const {
  const auto count = static_cast<std::int64_t>(out.size());
  if (layout == WeightLayout::panels) {
    decode_packed(*this, row, k0, out);
  } else {
    const std::byte* source = data + row * row_bytes(dtype, k) + row_bytes(dtype, k0);
    quant::dequantize(dtype, {source, static_cast<std::size_t>(row_bytes(dtype, count))}, out);
  }
  if (scales == nullptr) return;
  const float* row_scales = scales + row / kScaleBlock * ((k + kScaleBlock - 1) / kScaleBlock);
  for (std::int64_t i = 0; i < count; ++i) {
    out[static_cast<std::size_t>(i)] *= row_scales[(k0 + i) / kScaleBlock];
  }
}

FloatWeight::FloatWeight(std::int64_t n, std::int64_t k) : tensor(std::make_shared<Tensor>(n, k)) {
  weight = {DType::f32, n, k, reinterpret_cast<const std::byte*>(tensor->data()), nullptr, tensor};
}

Weight to_floats(const Weight& weight) {
  const FloatWeight floats(weight.n, weight.k);
  for (std::int64_t i = 0; i < weight.n; ++i) {
    weight.decode(i, 0, {floats.tensor->row(i), static_cast<std::size_t>(weight.k)});
  }
  return floats.weight;
}

}  // namespace frugal::ops
