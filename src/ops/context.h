// What every op gets besides its operands.
#pragma once

#include "base/cpu.h"
#include "base/threads.h"

namespace frugal::ops {

/// The threads that an op may use and the instruction set of its kernels. Results do not depend on
/// the number of threads: they split outputs, never a sum.
struct Context {
  ThreadPool& threads;
  Isa isa;
};

}  // namespace frugal::ops
