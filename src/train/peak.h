// What the machine's cores could do at best.
#pragma once

#include "ops/context.h"

namespace frugal::train {

/// Floating-point operations a second of all threads together, measured on products that lie in
/// the first caches. Takes about a tenth of a second.
double measure_peak_flops(const ops::Context& context);

}  // namespace frugal::train
