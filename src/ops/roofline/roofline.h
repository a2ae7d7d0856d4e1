// What this machine can do at best, measured: the yardstick of every speed that is reported
// (Williams, Waterman and Patterson 2009).
#pragma once

#include "ops/context.h"
#include "ops/gemm/gemm.h"

namespace frugal::ops {

/// Rates of all threads together, per second.
struct Roofline {
  double read_bytes = 0;  // reading memory once, in order
  double flops = 0;       // float multiply-adds in registers, two operations each
  double int8_ops = 0;    // products of bytes summed to 32 bits in registers, two operations each
};

/// Takes about a second: the best of several short runs of each, with the threads and the
/// instruction set of `context`.
Roofline measure_roofline(const Context& context);

/// Roofline::flops alone, in some milliseconds; of bfloat16, what products of it can reach.
double measure_flops(const Context& context, Factors factors = Factors::f32);

}  // namespace frugal::ops
