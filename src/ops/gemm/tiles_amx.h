// Matrices of bfloat16 in the tiles of AMX (Intel SDM volume 1, chapter 18): packing and products.
// Included by the kernel files of AMX; static for that reason.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ops/gemm/gemm.h"
#include "ops/gemm/pack_buffer.h"

namespace frugal::ops {

// A tile holds 16 rows of 64 bytes. One of a holds 16 outputs by 32 terms, a row an output; one of
// b 32 terms by 16 outputs, where a row has two terms of each output side by side. So each is the
// other with pairs of terms as the elements of a transpose.
inline constexpr std::int64_t kTileOutputs = 16;
inline constexpr std::int64_t kTileTerms = 32;
inline constexpr std::int64_t kTileBytes = 1024;
// Two tiles of a times two of b: four sums and four factors fill the eight tile registers.
inline constexpr std::int64_t kPanelOutputs = 2 * kTileOutputs;
inline constexpr std::int64_t kPanelStep = 2 * kTileBytes;  // bytes of a panel for 32 terms

/// Tiles of 16 rows of 64 bytes while it lives; afterwards the thread has no tile state to save.
class TileScope {
 public:
  TileScope() {
    // A constant in memory: GCC does not know that more than its first bytes are read.
    struct alignas(64) Config {
      std::uint8_t palette = 1;
      std::uint8_t start_row = 0;
      std::uint8_t reserved[14] = {};
      std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    };
    static constexpr Config kConfig;
    _tile_loadconfig(&kConfig);
  }
  ~TileScope() { _tile_release(); }
  TileScope(const TileScope&) = delete;
  TileScope& operator=(const TileScope&) = delete;
};

/// To be called before tiles are loaded: GCC does not know that this reads memory, and could write
/// to it later.
static inline void finish_stores() { asm volatile("" ::: "memory"); }

using TileBuffer = PackBuffer<std::byte>;

static inline std::int64_t tile_steps(std::int64_t terms) {
  return (terms + kTileTerms - 1) / kTileTerms;
}

static inline __mmask16 first_lanes(std::int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xFFFF
                                            : (1U << std::max<std::int64_t>(count, 0)) - 1);
}

/// 32 floats rounded to nearest even.
static inline __m512i round_bf16(__m512 low, __m512 high) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

/// Of a source whose rows are outputs: row i of the tile gets the 16 pairs of terms of output i.
static inline void pack_by_outputs(const float* at, std::int64_t stride, std::int64_t outputs,
                                   std::int64_t terms, std::byte* tile) {
  const __mmask16 low = first_lanes(terms);
  const __mmask16 high = first_lanes(terms - 16);
  std::int64_t i = 0;
#pragma GCC unroll 4
  for (; i < std::min(outputs, kTileOutputs); ++i, at += stride) {
    _mm512_store_si512(tile + i * 64, round_bf16(_mm512_maskz_loadu_ps(low, at),
                                                 _mm512_maskz_loadu_ps(high, at + 16)));
  }
  for (; i < kTileOutputs; ++i) _mm512_store_si512(tile + i * 64, _mm512_setzero_si512());
}

/// Of a source whose rows are terms: row i of the tile gets pair i of 16 outputs.
static inline void pack_by_terms(const float* at, std::int64_t stride, std::int64_t outputs,
                                 std::int64_t terms, std::byte* tile) {
  alignas(64) static constexpr std::int16_t kSideBySide[32] = {
      0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i order = _mm512_load_si512(kSideBySide);
  const __mmask16 mask = first_lanes(outputs);
  const std::int64_t count = std::min(terms, kTileTerms);
  std::int64_t k = 0;
#pragma GCC unroll 4
  for (; k + 2 <= count; k += 2, at += 2 * stride) {
    const __m512i pairs =
        round_bf16(_mm512_maskz_loadu_ps(mask, at), _mm512_maskz_loadu_ps(mask, at + stride));
    _mm512_store_si512(tile + k * 32, _mm512_permutexvar_epi16(order, pairs));
  }
  for (; k < kTileTerms; k += 2) {
    const __m512 last = k < count ? _mm512_maskz_loadu_ps(mask, at) : _mm512_setzero_ps();
    _mm512_store_si512(tile + k * 32,
                       _mm512_permutexvar_epi16(order, round_bf16(last, _mm512_setzero_ps())));
  }
}

/// Turns a tile's 16 rows of 16 pairs into columns.
static inline void transpose_tile(std::byte* tile) {
  __m512i r[16];
  __m512i t[16];
  for (int i = 0; i < 16; ++i) r[i] = _mm512_load_si512(tile + i * 64);
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    for (int j = 0; j < 2; ++j) {
      r[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
      r[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
    }
  }
  // Now quarter q of r[4 g + c] holds rows 4 g to 4 g + 3 of column 4 q + c.
  for (int c = 0; c < 4; ++c) {
    const __m512i even01 = _mm512_shuffle_i32x4(r[c], r[c + 4], 0x88);
    const __m512i even23 = _mm512_shuffle_i32x4(r[c + 8], r[c + 12], 0x88);
    const __m512i odd01 = _mm512_shuffle_i32x4(r[c], r[c + 4], 0xDD);
    const __m512i odd23 = _mm512_shuffle_i32x4(r[c + 8], r[c + 12], 0xDD);
    t[c] = _mm512_shuffle_i32x4(even01, even23, 0x88);
    t[c + 8] = _mm512_shuffle_i32x4(even01, even23, 0xDD);
    t[c + 4] = _mm512_shuffle_i32x4(odd01, odd23, 0x88);
    t[c + 12] = _mm512_shuffle_i32x4(odd01, odd23, 0xDD);
  }
  for (int i = 0; i < 16; ++i) _mm512_store_si512(tile + i * 64, t[i]);
}

/// Where an operand's outputs and terms lie: output o, term k at data[o * stride + k], or at
/// data[k * stride + o] when its rows are terms.
struct TileSource {
  const float* data;
  std::int64_t stride;
  bool rows_are_terms;

  const float* at(std::int64_t output, std::int64_t term) const {
    return data + (rows_are_terms ? term * stride + output : output * stride + term);
  }
};

enum class TileSide { a, b };

/// Packs `outputs` <= 32 outputs from `output` on, `terms` terms from `term` on, into a panel
/// [tile_steps(terms), two tiles], zeros beyond both.
template <TileSide Side>
static void pack_panel(const TileSource& source, std::int64_t output, std::int64_t outputs,
                       std::int64_t term, std::int64_t terms, std::byte* panel) {
  for (std::int64_t k = 0; k < terms; k += kTileTerms) {
    for (std::int64_t o = 0; o < outputs; o += kTileOutputs) {
      const float* at = source.at(output + o, term + k);
      std::byte* tile = panel + k / kTileTerms * kPanelStep + o / kTileOutputs * kTileBytes;
      if (source.rows_are_terms) {
        pack_by_terms(at, source.stride, outputs - o, terms - k, tile);
      } else {
        pack_by_outputs(at, source.stride, outputs - o, terms - k, tile);
      }
      if (source.rows_are_terms == (Side == TileSide::a)) transpose_tile(tile);
    }
  }
}

/// c [16 Rows, 16 Cols] = or += the product of two panels over `steps` times 32 terms. Each 32
/// terms are two chains of fused multiply-adds, of the even terms and of the odd ones, whose sum is
/// added to c.
template <int Rows, int Cols>
static inline void multiply_tiles(std::int64_t steps, const std::byte* a, const std::byte* b,
                                  float* c, std::int64_t c_stride, bool load) {
  const std::int64_t bytes = c_stride * static_cast<std::int64_t>(sizeof(float));
  float* below = c + kTileOutputs * c_stride;
  finish_stores();
  _tile_zero(0);
  if constexpr (Cols > 1) _tile_zero(1);
  if constexpr (Rows > 1) _tile_zero(2);
  if constexpr (Rows > 1 && Cols > 1) _tile_zero(3);
  if (load) {
    _tile_loadd(0, c, bytes);
    if constexpr (Cols > 1) _tile_loadd(1, c + kTileOutputs, bytes);
    if constexpr (Rows > 1) _tile_loadd(2, below, bytes);
    if constexpr (Rows > 1 && Cols > 1) _tile_loadd(3, below + kTileOutputs, bytes);
  }
  for (std::int64_t s = 0; s < steps; ++s, a += kPanelStep, b += kPanelStep) {
    _tile_loadd(4, a, 64);
    _tile_loadd(6, b, 64);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (Cols > 1) {
      _tile_loadd(7, b + kTileBytes, 64);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (Rows > 1) {
      _tile_loadd(5, a + kTileBytes, 64);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (Cols > 1) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, c, bytes);
  if constexpr (Cols > 1) _tile_stored(1, c + kTileOutputs, bytes);
  if constexpr (Rows > 1) _tile_stored(2, below, bytes);
  if constexpr (Rows > 1 && Cols > 1) _tile_stored(3, below + kTileOutputs, bytes);
}

/// The same for any count of rows and columns up to 32.
static inline void multiply_panels(std::int64_t rows, std::int64_t cols, std::int64_t steps,
                                   const std::byte* a, const std::byte* b, float* c,
                                   std::int64_t c_stride, bool load) {
  const bool tall = rows > kTileOutputs;
  const bool wide = cols > kTileOutputs;
  const auto multiply = tall ? (wide ? multiply_tiles<2, 2> : multiply_tiles<2, 1>)
                             : (wide ? multiply_tiles<1, 2> : multiply_tiles<1, 1>);
  if (rows % kTileOutputs == 0 && cols % kTileOutputs == 0) {
    multiply(steps, a, b, c, c_stride, load);
    return;
  }
  alignas(64) float whole[kPanelOutputs * kPanelOutputs];
  for (std::int64_t i = 0; load && i < rows; ++i) {
    std::copy_n(c + i * c_stride, cols, whole + i * kPanelOutputs);
  }
  multiply(steps, a, b, whole, kPanelOutputs, load);
  for (std::int64_t i = 0; i < rows; ++i) {
    std::copy_n(whole + i * kPanelOutputs, cols, c + i * c_stride);
  }
}

}  // namespace frugal::ops
