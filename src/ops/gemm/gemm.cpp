#include "ops/gemm/gemm.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
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

// A thread's share of the work is not made smaller than this many multiply-adds.
constexpr std::int64_t kSmallest = 1 << 18;

std::int64_t work(const Gemm& g) { return g.m * g.n * g.k; }

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

// Cuts g, which is the range [begin, end) of all work in threads' shares, where one share ends and
// the next begins, always along its longer side: so each part packs little of the factors, which it
// does for itself.
void cut(const Gemm& g, const GemmKernel& kernel, double begin, double end,
         std::vector<Gemm>& out) {
  constexpr double kNearly = 1e-6;
  const double first = std::floor(begin + kNearly) + 1;  // ends of shares within the range
  const double last = std::ceil(end - kNearly) - 1;
  if (first > last) {
    out.push_back(g);
    return;
  }
  const double middle = std::floor((first + last) / 2);
  const bool by_rows = g.m >= g.n;
  const std::int64_t tile = by_rows ? kernel.tile_rows : kernel.tile_cols;
  const std::int64_t size = by_rows ? g.m : g.n;
  const double tiles = static_cast<double>(size) / static_cast<double>(tile);
  const std::int64_t at = std::llround((middle - begin) / (end - begin) * tiles) * tile;
  if (at <= 0 || at >= size) {
    out.push_back(g);
    return;
  }
  cut(by_rows ? rows_of(g, 0, at) : columns_of(g, 0, at), kernel, begin, middle, out);
  cut(by_rows ? rows_of(g, at, size) : columns_of(g, at, size), kernel, middle, end, out);
}

// Parts of products that give each thread as much to do as the others; large ones first.
std::vector<Gemm> parts_of(std::span<const Gemm> products, const GemmKernel& kernel, int threads) {
  std::int64_t total = 0;
  for (const Gemm& g : products) total += work(g);
  const auto share = static_cast<double>(std::max(kSmallest, total / threads + 1));
  std::vector<Gemm> parts;
  std::int64_t done = 0;
  for (const Gemm& g : products) {
    if (g.m == 0 || g.n == 0) continue;
    if (threads == 1) {
      parts.push_back(g);
    } else {
      cut(g, kernel, static_cast<double>(done) / share,
          static_cast<double>(done + work(g)) / share, parts);
    }
    done += work(g);
  }
  if (threads > 1) {
    std::ranges::stable_sort(parts, std::greater(), work);
  }
  return parts;
}

}  // namespace

void gemm(const Context& context, const Gemm& product, Factors factors) {
  gemm_batch(context, {&product, 1}, factors);
}

void gemm_batch(const Context& context, std::span<const Gemm> products, Factors factors) {
  const GemmKernel kernel = kernel_for(context.isa, factors);
  const std::vector<Gemm> parts = parts_of(products, kernel, context.threads.size());
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
