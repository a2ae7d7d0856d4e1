// Sixteen lanes in AVX-512 with VNNI. For kernel files compiled for it only.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "ops/linear/dot_format.h"

namespace frugal::ops::avx512 {

/// Sixteen lanes, one per row of a panel.
struct Simd {
  struct Floats {
    __m512 v;
  };
  /// Sixteen 32-bit words; also read as [16 lanes][4 bytes].
  struct Ints {
    __m512i v;
  };

  /// Rows of activations and panels of outputs whose sums stay in registers.
  static constexpr int kRows = 6;
  static constexpr int kFloatRows = 12;
  static constexpr int kPanels = 2;
  /// Queries of attention, and registers of positions or dims, whose sums stay in registers.
  static constexpr int kQueries = 6;
  static constexpr int kColumns = 4;
  /// Positions of latent attention whose scores stay in registers.
  static constexpr int kPositions = 16;
  /// Independent sums that keep every arithmetic unit busy and stay in registers.
  static constexpr int kChains = 16;

  static Floats zero() { return {_mm512_setzero_ps()}; }
  static Floats set(float x) { return {_mm512_set1_ps(x)}; }
  static Floats load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static void store(float* p, Floats x) { _mm512_storeu_ps(p, x.v); }
  static Floats add(Floats a, Floats b) { return {_mm512_add_ps(a.v, b.v)}; }
  static Floats multiply(Floats a, Floats b) { return {_mm512_mul_ps(a.v, b.v)}; }
  /// a * b + c, rounded once.
  static Floats fma(Floats a, Floats b, Floats c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  static Floats negate(Floats a) {
    return {_mm512_castsi512_ps(
        _mm512_xor_si512(_mm512_castps_si512(a.v), _mm512_set1_epi32(INT32_MIN)))};
  }
  static Floats to_float(Ints x) { return {_mm512_cvtepi32_ps(x.v)}; }

  static Ints load_words(const void* p) { return {_mm512_loadu_si512(p)}; }
  static void store_words(void* p, Ints x) { _mm512_storeu_si512(p, x.v); }
  static Ints set_words(std::uint32_t x) { return {_mm512_set1_epi32(static_cast<int>(x))}; }
  static Ints bit_and(Ints a, Ints b) { return {_mm512_and_si512(a.v, b.v)}; }
  static Ints bit_or(Ints a, Ints b) { return {_mm512_or_si512(a.v, b.v)}; }
  static Ints shift_left(Ints a, int bits) {
    return {_mm512_slli_epi32(a.v, static_cast<unsigned>(bits))};
  }
  static Ints shift_right(Ints a, int bits) {
    return {_mm512_srli_epi32(a.v, static_cast<unsigned>(bits))};
  }
  /// Keeps the sign.
  static Ints shift_right_signed(Ints a, int bits) {
    return {_mm512_srai_epi32(a.v, static_cast<unsigned>(bits))};
  }
  /// table[x] for each byte of x, all below 16.
  static Ints lookup(const std::uint8_t* table, Ints x) {
    const __m128i entries = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
    return {_mm512_shuffle_epi8(_mm512_broadcast_i32x4(entries), x.v)};
  }

  /// Sixteen values of half precision, bfloat16, or small whole numbers.
  static Floats load_half(const void* p) { return {_mm512_cvtph_ps(load_256(p))}; }
  /// One value of half precision to every lane.
  static Floats set_half(const void* p) {
    std::uint16_t bits;
    std::memcpy(&bits, p, sizeof bits);
    return set(_cvtsh_ss(bits));
  }
  static Floats load_bfloat16(const void* p) {
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load_256(p)), 16))};
  }
  static Floats load_f8_e4m3(const void* p) {
    const __m512i bits = load_u8(p).v;
    // Exponent and mantissa to where a float has them are the value times 2^-120, subnormal or not.
    const __m512i magnitude =
        _mm512_slli_epi32(_mm512_and_si512(bits, _mm512_set1_epi32(0x7F)), 20);
    const __m512 value = _mm512_mul_ps(_mm512_castsi512_ps(magnitude), _mm512_set1_ps(0x1p120F));
    const __m512i sign = _mm512_slli_epi32(_mm512_and_si512(bits, _mm512_set1_epi32(0x80)), 24);
    const __mmask16 no_number = _mm512_cmpeq_epi32_mask(magnitude, _mm512_set1_epi32(0x7F << 20));
    const __m512i with_sign = _mm512_or_si512(_mm512_castps_si512(value), sign);
    return {_mm512_castsi512_ps(
        _mm512_mask_or_epi32(with_sign, no_number, with_sign, _mm512_set1_epi32(0x7FC00000)))};
  }
  static Ints load_u16(const void* p) { return {_mm512_cvtepu16_epi32(load_256(p))}; }
  static Ints load_u8(const void* p) { return {_mm512_cvtepu8_epi32(load_128(p))}; }
  static Ints load_i8(const void* p) { return {_mm512_cvtepi8_epi32(load_128(p))}; }

  /// Levels made ready for products.
  using Level = Ints;
  template <DotFormat>
  static Level prepare(Ints levels) {
    return levels;
  }

  /// Sums of products of levels and activations, four to a lane at a time.
  template <DotFormat kFormat>
  struct Dot {
    Ints sum;

    /// `bias` is -128 * (sum of the activations to come).
    void begin(const std::int32_t* bias) {
      if constexpr (kFormat.offset == 0) {
        sum.v = _mm512_setzero_si512();
      } else {
        sum.v = _mm512_srai_epi32(_mm512_set1_epi32(*bias), kFormat.offset_shift());
      }
    }
    /// `x` points at four activations. Steps count from 0 after begin().
    void step(int, Level levels, Ints x) { sum.v = _mm512_dpbusd_epi32(sum.v, levels.v, x.v); }
    Ints finish(const std::int32_t*) { return sum; }
  };

  /// sum + a * b, a being unsigned: four products of bytes a lane.
  static Ints add_dots(Ints sum, Ints a, Ints b) { return {_mm512_dpbusd_epi32(sum.v, a.v, b.v)}; }

  /// Makes the compiler take x for unknown, at no cost when it runs.
  static void forget(Ints& x) { asm volatile("" : "+v"(x.v)); }

  /// Four bytes to every lane.
  static Ints broadcast_bytes(const std::int8_t* p) {
    std::int32_t bytes;
    std::memcpy(&bytes, p, sizeof bytes);
    return {_mm512_set1_epi32(bytes)};
  }

 private:
  static __m256i load_256(const void* p) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(p));
  }
  static __m128i load_128(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
};

}  // namespace frugal::ops::avx512
