// The kernels behind linear(), one per instruction set.
#pragma once

#include "ops/weight.h"

namespace frugal::ops {

/// Computes y[:, begin .. end) for outputs [begin, end), begin a multiple of kPanelRows.
using LinearKernel = void (*)(ConstView x, const Weight& w, const float* bias, View y,
                              std::int64_t begin, std::int64_t end);

/// Weight rows that a kernel decodes together, and values along k that it decodes at a time: the
/// decoded panel (32 KiB) stays in the first cache while all rows of x pass by.
inline constexpr std::int64_t kPanelRows = 32;
inline constexpr std::int64_t kPanelDepth = 256;

void linear_reference(ConstView x, const Weight& w, const float* bias, View y, std::int64_t begin,
                      std::int64_t end);
void linear_avx2(ConstView x, const Weight& w, const float* bias, View y, std::int64_t begin,
                 std::int64_t end);

}  // namespace frugal::ops
