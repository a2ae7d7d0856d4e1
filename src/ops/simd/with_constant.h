// Calls code that is unrolled for a count with a count known only at run time.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

namespace frugal::ops {

/// Calls `f` with `count`, 1 to Most, as a std::integral_constant. Static, as all that is compiled
/// once for each instruction set must be.
template <int Most, typename F>
static inline void with_constant(std::int64_t count, F&& f) {
  if constexpr (Most > 1) {
    if (count < Most) return with_constant<Most - 1>(count, std::forward<F>(f));
  }
  f(std::integral_constant<int, Most>{});
}

}  // namespace frugal::ops
