// Sixteen lanes in AVX2 with FMA and F16C, as two registers of eight. For kernel files compiled for
// it only.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "ops/linear/dot_format.h"

namespace frugal::ops::avx2 {

/// Sixteen lanes, one per row of a panel.
struct Simd {
  struct Floats {
    __m256 lo, hi;
  };
  /// Sixteen 32-bit words; also read as [16 lanes][4 bytes].
  struct Ints {
    __m256i lo, hi;
  };

  /// Rows of activations and panels of outputs whose sums stay in registers.
  static constexpr int kRows = 4;
  static constexpr int kFloatRows = 6;
  static constexpr int kPanels = 1;
  /// Queries of attention, and registers of positions or dims, whose sums stay in registers.
  static constexpr int kQueries = 6;
  static constexpr int kColumns = 1;
  /// Positions of latent attention whose scores stay in registers.
  static constexpr int kPositions = 4;
  /// Independent sums that keep every arithmetic unit busy and stay in registers.
  static constexpr int kChains = 6;

  static Floats zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  static Floats set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
  static Floats load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
  static void store(float* p, Floats x) {
    _mm256_storeu_ps(p, x.lo);
    _mm256_storeu_ps(p + 8, x.hi);
  }
  static Floats add(Floats a, Floats b) {
    return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
  }
  static Floats multiply(Floats a, Floats b) {
    return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
  }
  /// a * b + c, rounded once.
  static Floats fma(Floats a, Floats b, Floats c) {
    return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
  }
  static Floats negate(Floats a) {
    const __m256 sign = _mm256_set1_ps(-0.0F);
    return {_mm256_xor_ps(a.lo, sign), _mm256_xor_ps(a.hi, sign)};
  }
  static Floats to_float(Ints x) { return {_mm256_cvtepi32_ps(x.lo), _mm256_cvtepi32_ps(x.hi)}; }

  static Ints load_words(const void* p) {
    const auto* words = static_cast<const __m256i*>(p);
    return {_mm256_loadu_si256(words), _mm256_loadu_si256(words + 1)};
  }
  static void store_words(void* p, Ints x) {
    auto* words = static_cast<__m256i*>(p);
    _mm256_storeu_si256(words, x.lo);
    _mm256_storeu_si256(words + 1, x.hi);
  }
  static Ints set_words(std::uint32_t x) {
    const __m256i words = _mm256_set1_epi32(static_cast<int>(x));
    return {words, words};
  }
  static Ints bit_and(Ints a, Ints b) {
    return {_mm256_and_si256(a.lo, b.lo), _mm256_and_si256(a.hi, b.hi)};
  }
  static Ints bit_or(Ints a, Ints b) {
    return {_mm256_or_si256(a.lo, b.lo), _mm256_or_si256(a.hi, b.hi)};
  }
  static Ints shift_left(Ints a, int bits) {
    return {_mm256_slli_epi32(a.lo, bits), _mm256_slli_epi32(a.hi, bits)};
  }
  static Ints shift_right(Ints a, int bits) {
    return {_mm256_srli_epi32(a.lo, bits), _mm256_srli_epi32(a.hi, bits)};
  }
  /// Keeps the sign.
  static Ints shift_right_signed(Ints a, int bits) {
    return {_mm256_srai_epi32(a.lo, bits), _mm256_srai_epi32(a.hi, bits)};
  }
  /// table[x] for each byte of x, all below 16.
  static Ints lookup(const std::uint8_t* table, Ints x) {
    const __m256i entries =
        _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
    return {_mm256_shuffle_epi8(entries, x.lo), _mm256_shuffle_epi8(entries, x.hi)};
  }

  /// Sixteen values of half precision, bfloat16, or small whole numbers.
  static Floats load_half(const void* p) {
    return {_mm256_cvtph_ps(load_128(p, 0)), _mm256_cvtph_ps(load_128(p, 16))};
  }
  /// One value of half precision to every lane.
  static Floats set_half(const void* p) {
    std::uint16_t bits;
    std::memcpy(&bits, p, sizeof bits);
    return set(_cvtsh_ss(bits));
  }
  static Floats load_bfloat16(const void* p) {
    const Ints bits = shift_left(load_u16(p), 16);
    return {_mm256_castsi256_ps(bits.lo), _mm256_castsi256_ps(bits.hi)};
  }
  static Floats load_f8_e4m3(const void* p) {
    const Ints bits = load_u8(p);
    return {f8_e4m3_to_float(bits.lo), f8_e4m3_to_float(bits.hi)};
  }
  static Ints load_u16(const void* p) {
    return {_mm256_cvtepu16_epi32(load_128(p, 0)), _mm256_cvtepu16_epi32(load_128(p, 16))};
  }
  static Ints load_u8(const void* p) {
    return {_mm256_cvtepu8_epi32(load_64(p, 0)), _mm256_cvtepu8_epi32(load_64(p, 8))};
  }
  static Ints load_i8(const void* p) {
    return {_mm256_cvtepi8_epi32(load_64(p, 0)), _mm256_cvtepi8_epi32(load_64(p, 8))};
  }

  /// Levels made ready for products. Products of bytes are summed in pairs of 16 bits, which levels
  /// of eight bits would overflow: those become signed numbers, whose magnitude (at most 128) is
  /// multiplied by activations that take over the sign.
  struct Level {
    Ints magnitude;
    Ints number;
  };
  template <DotFormat kFormat>
  static Level prepare(Ints levels) {
    if constexpr (kFormat.bits < 8) return {levels, levels};
    const __m256i top = _mm256_set1_epi8(INT8_MIN);
    const Ints number = {_mm256_xor_si256(levels.lo, top), _mm256_xor_si256(levels.hi, top)};
    return {{_mm256_abs_epi8(number.lo), _mm256_abs_epi8(number.hi)}, number};
  }

  /// Sums of products of levels and activations, four to a lane at a time.
  template <DotFormat kFormat>
  struct Dot {
    Ints sum;
    Ints pairs;  // [16 lanes][2] of 16 bits

    /// Steps whose sums of pairs, 2 * 127 * (largest level) each, fit 16 bits together.
    static constexpr int kFit = kFormat.bits <= 4 ? 8 : kFormat.bits == 5 ? 4 : 2;

    void begin(const std::int32_t*) { sum = {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
    /// Steps count from 0 after begin().
    void step(int s, Level levels, Ints x) {
      const __m256i ones = _mm256_set1_epi16(1);
      if constexpr (kFormat.bits == 8) {
        x = {_mm256_sign_epi8(x.lo, levels.number.lo), _mm256_sign_epi8(x.hi, levels.number.hi)};
      }
      const Ints product = {_mm256_maddubs_epi16(levels.magnitude.lo, x.lo),
                            _mm256_maddubs_epi16(levels.magnitude.hi, x.hi)};
      if constexpr (kFormat.bits == 8) {
        sum = add(sum, {_mm256_madd_epi16(product.lo, ones), _mm256_madd_epi16(product.hi, ones)});
        return;
      }
      pairs = s % kFit == 0 ? product
                            : Ints{_mm256_add_epi16(pairs.lo, product.lo),
                                   _mm256_add_epi16(pairs.hi, product.hi)};
      if (s % kFit == kFit - 1 || s == kFormat.half_steps() - 1) {
        sum = add(sum, {_mm256_madd_epi16(pairs.lo, ones), _mm256_madd_epi16(pairs.hi, ones)});
      }
    }
    /// `bias` is -128 * (sum of the activations).
    Ints finish(const std::int32_t* bias) {
      if constexpr (kFormat.bits == 8 || kFormat.offset == 0) return sum;
      const __m256i correction =
          _mm256_srai_epi32(_mm256_set1_epi32(*bias), static_cast<int>(kFormat.offset_shift()));
      return add(sum, {correction, correction});
    }

   private:
    static Ints add(Ints a, Ints b) {
      return {_mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi)};
    }
  };

  /// sum + a * b, a being unsigned: four products of bytes a lane, pairs of which must fit 16 bits.
  static Ints add_dots(Ints sum, Ints a, Ints b) {
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i lo = _mm256_madd_epi16(_mm256_maddubs_epi16(a.lo, b.lo), ones);
    const __m256i hi = _mm256_madd_epi16(_mm256_maddubs_epi16(a.hi, b.hi), ones);
    return {_mm256_add_epi32(sum.lo, lo), _mm256_add_epi32(sum.hi, hi)};
  }

  /// Makes the compiler take x for unknown, at no cost when it runs.
  static void forget(Ints& x) { asm volatile("" : "+x"(x.lo), "+x"(x.hi)); }

  /// Four bytes to every lane.
  static Ints broadcast_bytes(const std::int8_t* p) {
    std::int32_t bytes;
    std::memcpy(&bytes, p, sizeof bytes);
    return {_mm256_set1_epi32(bytes), _mm256_set1_epi32(bytes)};
  }

 private:
  static __m256 f8_e4m3_to_float(__m256i bits) {
    // Exponent and mantissa to where a float has them are the value times 2^-120, subnormal or not.
    const __m256i magnitude =
        _mm256_slli_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x7F)), 20);
    const __m256 value = _mm256_mul_ps(_mm256_castsi256_ps(magnitude), _mm256_set1_ps(0x1p120F));
    const __m256i sign = _mm256_slli_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x80)), 24);
    const __m256i no_number =
        _mm256_and_si256(_mm256_cmpeq_epi32(magnitude, _mm256_set1_epi32(0x7F << 20)),
                         _mm256_set1_epi32(0x7FC00000));
    return _mm256_or_ps(value, _mm256_castsi256_ps(_mm256_or_si256(sign, no_number)));
  }
  static __m128i load_128(const void* p, int at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(static_cast<const char*>(p) + at));
  }
  static __m128i load_64(const void* p, int at) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(static_cast<const char*>(p) + at));
  }
};

}  // namespace frugal::ops::avx2
