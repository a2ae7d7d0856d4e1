#include "ops/gemm/gemm.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "ops/gemm/gemm_kernels.h"

namespace frugal::ops {

namespace {

GemmKernel kernel_for(Isa isa, Factors factors) {
  const bool rounded = factors == Factors::bf16;
  switch (isa) {
    case Isa::reference:
      return rounded ? gemm_bf16_reference() : gemm_reference();
    case Isa::avx2:
      return rounded ? gemm_bf16_avx2() : gemm_avx2();
    case Isa::avx512:
      return rounded ? gemm_bf16_avx512() : gemm_avx512();
    case Isa::amx:
      return rounded ? gemm_bf16_amx() : gemm_avx512();
  }
  fail("gemm: unknown instruction set {}", static_cast<int>(isa));
}

// Parts of one thread's fair share: small enough that threads end together, large enough that the
// packing, which every part does for itself, is cheap.
constexpr std::int64_t kPartsPerShare = 2;
// A product below this many multiply-adds is not worth cutting.
constexpr std::int64_t kSmallest = 1 << 18;

Gemm rows_of(const Gemm& g, std::int64_t begin, std::int64_t end) {
  Gemm part = g;
  part.m = end - begin;
  part.a.data += g.a.transposed ? begin : begin * g.a.stride;
  part.c += begin * g.c_stride;
  return part;
}

Gemm columns_of(const Gemm& g, std::int64_t begin, std::int64_t end) {
  Gemm part = g;
  part.n = end - begin;
  part.b.data += g.b.transposed ? begin * g.b.stride : begin;
  part.c += begin;
  return part;
}

// Cuts g into about `parts` along its longer side.
void cut(const Gemm& g, const GemmKernel& kernel, std::int64_t parts, std::vector<Gemm>& out) {
  const bool by_rows = g.m >= g.n;
  const std::int64_t tile = by_rows ? kernel.tile_rows : kernel.tile_cols;
  const std::int64_t size = by_rows ? g.m : g.n;
  const std::int64_t tiles = (size + tile - 1) / tile;
  const std::int64_t count = std::clamp<std::int64_t>(parts, 1, std::max<std::int64_t>(tiles, 1));
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = tiles * i / count * tile;
    const std::int64_t end = std::min(size, tiles * (i + 1) / count * tile);
    if (begin < end) out.push_back(by_rows ? rows_of(g, begin, end) : columns_of(g, begin, end));
  }
}

}  // namespace

void gemm(const Context& context, const Gemm& product, Factors factors) {
  gemm_batch(context, {&product, 1}, factors);
}

void gemm_batch(const Context& context, std::span<const Gemm> products, Factors factors) {
  const GemmKernel kernel = kernel_for(context.isa, factors);
  std::int64_t total = 0;
  for (const Gemm& g : products) total += g.m * g.n * g.k;
  const std::int64_t share =
      std::max(kSmallest, total / (context.threads.size() * kPartsPerShare) + 1);
  std::vector<Gemm> parts;
  for (const Gemm& g : products) {
    if (g.m == 0 || g.n == 0) continue;
    cut(g, kernel, context.threads.size() == 1 ? 1 : (g.m * g.n * g.k + share - 1) / share, parts);
  }
  if (parts.size() <= 1 || context.threads.size() == 1) {
    for (const Gemm& part : parts) kernel.run(part);
    return;
  }
  // Who computes a part does not change it, so the threads take them as they come.
  std::atomic<std::size_t> next{0};
  context.threads.run([&](int) {
    for (std::size_t i = next.fetch_add(1); i < parts.size(); i = next.fetch_add(1)) {
      kernel.run(parts[i]);
    }
  });
}

void gemm_serial(Isa isa, const Gemm& product, Factors factors) {
  if (product.m > 0 && product.n > 0) kernel_for(isa, factors).run(product);
}

}  // namespace frugal::ops
