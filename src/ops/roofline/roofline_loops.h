// The loops over Simd (ops/simd/), so that each instruction set compiles its own copy.
#pragma once

#include "ops/panel/panel_format.h"
#include "ops/roofline/roofline_kernels.h"

namespace frugal::ops {

template <class Simd>
struct RooflineLoops {
  // Enough independent chains to hide the latency of one, few enough for the registers.
  static constexpr int kChains = Simd::kChains;
  static constexpr std::int64_t kAhead = 6144;

  static std::uint32_t read(const std::byte* data, std::int64_t bytes) {
    typename Simd::Ints sums[4] = {Simd::set_words(0), Simd::set_words(0), Simd::set_words(0),
                                   Simd::set_words(0)};
    for (std::int64_t at = 0; at + 512 <= bytes; at += 512) {
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) {
        // Asked for ahead of its use, as the kernels do: one thread alone would wait otherwise.
        __builtin_prefetch(data + at + kAhead + i * 64);
        sums[i % 4] = Simd::bit_or(sums[i % 4], Simd::load_words(data + at + i * 64));
      }
    }
    std::uint32_t words[kPanelRows];
    Simd::store_words(words,
                      Simd::bit_or(Simd::bit_or(sums[0], sums[1]), Simd::bit_or(sums[2], sums[3])));
    std::uint32_t all = 0;
    for (const std::uint32_t word : words) all |= word;
    return all;
  }

  static std::int64_t multiply_floats(std::int64_t turns, float* sink) {
    typename Simd::Floats sums[kChains];
    for (auto& sum : sums) sum = Simd::set(*sink);
    const auto factor = Simd::set(1 - *sink);
    for (std::int64_t i = 0; i < turns; ++i) {
#pragma GCC unroll 16
      for (auto& sum : sums) sum = Simd::fma(sum, factor, factor);
    }
    auto all = sums[0];
    for (const auto& sum : sums) all = Simd::add(all, sum);
    float values[kPanelRows];
    Simd::store(values, all);
    *sink = values[0];
    return turns * kChains * kPanelRows * 2;
  }

  static std::int64_t multiply_bytes(std::int64_t turns, std::int32_t* sink) {
    typename Simd::Ints sums[kChains];
    auto factor = Simd::set_words(static_cast<std::uint32_t>(*sink) | 1);
    for (auto& sum : sums) sum = factor;
    for (std::int64_t i = 0; i < turns; ++i) {
#pragma GCC unroll 16
      for (auto& sum : sums) {
        // Else the compiler would multiply once for all sums, or before it adds anything.
        Simd::forget(factor);
        auto next = Simd::add_dots(sum, factor, factor);
        Simd::forget(next);
        sum = next;
      }
    }
    auto all = sums[0];
    for (const auto& sum : sums) all = Simd::bit_or(all, sum);
    std::int32_t words[kPanelRows];
    Simd::store_words(words, all);
    *sink = words[0];
    return turns * kChains * kPanelRows * 4 * 2;
  }

  static RooflineKernels kernels() {
    return {read, multiply_floats, multiply_bytes, multiply_floats};
  }
};

}  // namespace frugal::ops
