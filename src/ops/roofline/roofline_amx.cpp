#include "ops/gemm/tiles_amx.h"
#include "ops/roofline/roofline_kernels.h"

namespace frugal::ops {

namespace {

std::int64_t multiply_bf16(std::int64_t turns, float* sink) {
  const TileScope scope;
  alignas(64) float sums[kTileOutputs * kTileOutputs] = {};
  finish_stores();
  _tile_loadd(4, sums, 64);
  _tile_loadd(5, sums, 64);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::int64_t i = 0; i < turns; i += 4) {
    _tile_dpbf16ps(0, 4, 5);
    _tile_dpbf16ps(1, 4, 5);
    _tile_dpbf16ps(2, 4, 5);
    _tile_dpbf16ps(3, 4, 5);
  }
  _tile_stored(0, sums, 64);
  *sink = sums[0];
  return turns / 4 * 4 * kTileOutputs * kTileOutputs * kTileTerms * 2;
}

}  // namespace

RooflineKernels roofline_kernels_amx() {
  RooflineKernels kernels = roofline_kernels_avx512();
  kernels.multiply_bf16 = multiply_bf16;
  return kernels;
}

}  // namespace frugal::ops
