#include "ops/roofline/roofline.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>

#include "ops/roofline/roofline_kernels.h"
#include "tensor/tensor.h"

namespace frugal::ops {

namespace {

// Several times the largest caches.
constexpr std::int64_t kReadBytes = 512 << 20;
constexpr int kRuns = 5;
constexpr std::int64_t kTurns = 2 << 20;  // of the loops in registers

RooflineKernels kernels_for(Isa isa) {
  switch (isa) {
    case Isa::amx:
      return roofline_kernels_amx();
    case Isa::avx512:
      return roofline_kernels_avx512();
    case Isa::avx2:
      return roofline_kernels_avx2();
    case Isa::reference:
      break;
  }
  return roofline_kernels_reference();
}

// Units per second of the best of several runs; run() returns how many units it did.
template <typename Run>
double best_rate(Run run) {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto begin = Clock::now();
    const auto units = static_cast<double>(run());
    best = std::max(best, units / std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return best;
}

}  // namespace

double measure_flops(const Context& context, Factors factors) {
  const RooflineKernels kernels = kernels_for(context.isa);
  const auto multiply = factors == Factors::bf16 ? kernels.multiply_bf16 : kernels.multiply_floats;
  std::atomic<std::int64_t> operations{0};
  return best_rate([&] {
    operations = 0;
    context.threads.run([&](int) {
      float sink = 0;
      operations += multiply(kTurns, &sink);
    });
    return operations.load();
  });
}

Roofline measure_roofline(const Context& context) {
  const RooflineKernels kernels = kernels_for(context.isa);
  ThreadPool& threads = context.threads;
  Roofline result;
  {
    const Buffer memory(kReadBytes, "the measurement of bandwidth");
    threads.parallel_for(kReadBytes, 1 << 20, [&](std::int64_t begin, std::int64_t end) {
      std::fill(memory.data() + begin, memory.data() + end, std::byte{1});
    });
    std::atomic<std::uint32_t> sink{0};
    result.read_bytes = best_rate([&] {
      threads.parallel_for(kReadBytes, 1 << 20, [&](std::int64_t begin, std::int64_t end) {
        sink |= kernels.read(memory.data() + begin, end - begin);
      });
      return kReadBytes;
    });
  }
  result.flops = measure_flops(context);
  std::atomic<std::int64_t> operations{0};
  result.int8_ops = best_rate([&] {
    operations = 0;
    threads.run([&](int) {
      std::int32_t sink = 0;
      operations += kernels.multiply_bytes(kTurns, &sink);
    });
    return operations.load();
  });
  return result;
}

}  // namespace frugal::ops
