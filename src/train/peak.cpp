#include "train/peak.h"

#include <algorithm>
#include <chrono>

#include "ops/gemm/gemm.h"

namespace frugal::train {

double measure_peak_flops(const ops::Context& context) {
  constexpr std::int64_t kRows = 48;  // a, b and c together take 44 KiB
  constexpr std::int64_t kCols = 32;
  constexpr std::int64_t kDepth = 128;
  constexpr int kRepeats = 200;
  double best = 0;
  for (int round = 0; round < 10; ++round) {
    const auto start = std::chrono::steady_clock::now();
    context.threads.run([&](int) {
      const Tensor a(kRows, kDepth);
      const Tensor b(kDepth, kCols);
      const Tensor c(kRows, kCols);
      for (int i = 0; i < kRepeats; ++i) {
        ops::gemm_serial(context.isa, ops::product(ops::factor(a.view()), ops::factor(b.view()),
                                                   kDepth, c.view(), true));
      }
    });
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(
        best, 2.0 * kRows * kCols * kDepth * kRepeats * context.threads.size() / seconds.count());
  }
  return best;
}

}  // namespace frugal::train
