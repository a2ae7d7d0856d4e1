// linear() over packed weights: bytes of weights read and multiply-adds done per second.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "base/rng.h"
#include "ops/linear/linear.h"
#include "ops/panel/panel.h"

namespace frugal::ops {
namespace {

// Random bits with scales of zero: time does not depend on the values.
Weight random_weight(DType dtype, std::int64_t n, std::int64_t k) {
  const auto memory = std::make_shared<Buffer>(static_cast<std::size_t>(packed_bytes(dtype, n, k)),
                                               "a random weight");
  Rng rng(1);
  for (std::size_t i = 0; i + 8 <= memory->size(); i += 8) {
    memory->as<std::uint64_t>()[i / 8] = rng.next() & 0x0F0F0F0F0F0F0F0F;
  }
  return packed_weight({dtype, n, k, nullptr, nullptr, nullptr}, memory->data(), memory);
}

void bench_linear(benchmark::State& state, DType dtype, Isa isa) {
  const std::int64_t rows = state.range(0);
  const std::int64_t n = state.range(1);
  const std::int64_t k = state.range(2);
  if (isa > best_isa()) return state.SkipWithError("not on this machine");
  ThreadPool threads(1);
  // Enough weights that none of them is still in the cache when its turn comes again.
  std::vector<Weight> weights;
  const std::int64_t bytes = packed_bytes(dtype, n, k);
  const std::int64_t copies = rows > 16 ? 1 : std::max<std::int64_t>(1, (256 << 20) / bytes);
  for (std::int64_t i = 0; i < copies; ++i) weights.push_back(random_weight(dtype, n, k));
  Tensor x(rows, k);
  Rng rng(2);
  for (float& value : x.view().span()) value = static_cast<float>(rng.normal());
  const Tensor y(rows, n);
  std::size_t next = 0;
  for (auto _ : state) {
    linear({threads, isa}, x.view(), weights[next], nullptr, y.view());
    next = (next + 1) % weights.size();
  }
  const auto runs = static_cast<double>(state.iterations());
  state.counters["GB/s"] =
      benchmark::Counter(runs * static_cast<double>(bytes) * 1e-9, benchmark::Counter::kIsRate);
  state.counters["GOP/s"] = benchmark::Counter(runs * 2e-9 * static_cast<double>(rows * n * k),
                                               benchmark::Counter::kIsRate);
}

void register_all() {
  for (const Isa isa : {Isa::avx2, Isa::avx512}) {
    for (const DType dtype : {DType::q8_0, DType::q4_1, DType::q4_0, DType::q4_k, DType::q5_k,
                              DType::q6_k, DType::iq4_xs, DType::bf16, DType::f32}) {
      const std::string name = fmt::format("linear/{}/{}", dtype_name(dtype), isa_name(isa));
      auto* bench = benchmark::RegisterBenchmark(
          name.c_str(), [dtype, isa](benchmark::State& state) { bench_linear(state, dtype, isa); });
      bench->Args({1, 1536, 1536})->Args({4, 1536, 1536})->Args({16, 1536, 1536});
      bench->Args({256, 1536, 1536})->Args({256, 8960, 1536})->Args({256, 1536, 8960});
      bench->ComputeStatistics(
          "min", [](const std::vector<double>& times) { return *std::ranges::min_element(times); });
      bench->ComputeStatistics(
          "max", [](const std::vector<double>& times) { return *std::ranges::max_element(times); });
    }
  }
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace frugal::ops
