// gemm() beside OpenBLAS's sgemm on one thread each: the yardstick of float products.
#include <benchmark/benchmark.h>
#include <cblas.h>

#include <algorithm>

#include "base/rng.h"
#include "ops/gemm/gemm.h"

namespace frugal::ops {
namespace {

struct Shape {
  std::int64_t m, n, k;
};

Tensor random_matrix(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  Tensor x(rows, cols);
  Rng rng(seed);
  for (float& value : x.view().span()) value = static_cast<float>(rng.normal());
  return x;
}

void count(benchmark::State& state, const Shape& s) {
  state.counters["GFLOP/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * 2e-9 * static_cast<double>(s.m * s.n * s.k),
      benchmark::Counter::kIsRate);
}

// The transposes that training multiplies by: x w^T, dy w and dy^T x.
enum class Kind { forward, backward, weight };

void ours(benchmark::State& state, Kind kind) {
  const Shape s = {state.range(0), state.range(1), state.range(2)};
  ThreadPool threads(1);
  const Context context{threads, chosen_isa()};
  const bool a_turned = kind == Kind::weight;
  const bool b_turned = kind == Kind::forward;
  const Tensor a = random_matrix(a_turned ? s.k : s.m, a_turned ? s.m : s.k, 1);
  const Tensor b = random_matrix(b_turned ? s.n : s.k, b_turned ? s.k : s.n, 2);
  const Tensor c(s.m, s.n);
  const Factor fa = a_turned ? transpose(a.view()) : factor(a.view());
  const Factor fb = b_turned ? transpose(b.view()) : factor(b.view());
  for (auto _ : state) gemm(context, product(fa, fb, s.k, c.view(), false));
  count(state, s);
}

void openblas(benchmark::State& state, Kind kind) {
  const Shape s = {state.range(0), state.range(1), state.range(2)};
  openblas_set_num_threads(1);
  const bool a_turned = kind == Kind::weight;
  const bool b_turned = kind == Kind::forward;
  const Tensor a = random_matrix(a_turned ? s.k : s.m, a_turned ? s.m : s.k, 1);
  const Tensor b = random_matrix(b_turned ? s.n : s.k, b_turned ? s.k : s.n, 2);
  const Tensor c(s.m, s.n);
  const auto size = [](std::int64_t n) { return static_cast<blasint>(n); };
  for (auto _ : state) {
    cblas_sgemm(CblasRowMajor, a_turned ? CblasTrans : CblasNoTrans,
                b_turned ? CblasTrans : CblasNoTrans, size(s.m), size(s.n), size(s.k), 1.0F,
                a.data(), size(a.cols()), b.data(), size(b.cols()), 0.0F, c.data(), size(s.n));
  }
  count(state, s);
}

void register_all() {
  for (const auto& [name, kind] : {std::pair{"forward", Kind::forward},
                                   {"backward", Kind::backward},
                                   {"weight", Kind::weight}}) {
    for (const Shape& s : {Shape{64, 64, 64}, Shape{100, 128, 256}, Shape{128, 128, 128},
                           Shape{256, 256, 256}, Shape{512, 512, 512}, Shape{1024, 1024, 1024},
                           Shape{2048, 256, 768}, Shape{2048, 768, 256}}) {
      // One after the other, so that a busy machine slows both.
      for (const auto& [who, run] : {std::pair{"frugal", &ours}, {"openblas", &openblas}}) {
        const std::string label = fmt::format("gemm/{}/{}", name, who);
        benchmark::RegisterBenchmark(
            label.c_str(), [run = run, kind = kind](benchmark::State& state) { run(state, kind); })
            ->Args({s.m, s.n, s.k})
            ->ComputeStatistics("min", [](const std::vector<double>& times) {
              return *std::ranges::min_element(times);
            });
      }
    }
  }
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace frugal::ops
