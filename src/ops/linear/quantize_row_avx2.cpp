#include <immintrin.h>

#include <bit>

#include "ops/linear/linear_kernels.h"

namespace frugal::ops {

namespace {

constexpr float kMagic = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer in the low bits

// The largest of eight whole numbers.
std::int32_t largest(__m256i x) {
  __m128i most = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0x4E));
  most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0xB1));
  return _mm_cvtsi128_si32(most);
}

// Sums of the first and the second 16 of 32 bytes.
void add_halves(__m256i bytes, std::int32_t (&sums)[2]) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes);
  __m256i words = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  words = _mm256_add_epi32(words, _mm256_shuffle_epi32(words, 0x4E));
  words = _mm256_add_epi32(words, _mm256_shuffle_epi32(words, 0xB1));
  sums[0] = _mm256_cvtsi256_si32(words);
  sums[1] = _mm_cvtsi128_si32(_mm256_extracti128_si256(words, 1));
}

// The values times `inverse`, rounded, in order.
__m256i rounded(const __m256 (&values)[4], float inverse) {
  const __m256 factor = _mm256_set1_ps(inverse);
  const __m256 magic = _mm256_set1_ps(kMagic);
  __m256i numbers[4];
  for (int i = 0; i < 4; ++i) {
    numbers[i] = _mm256_sub_epi32(
        _mm256_castps_si256(_mm256_add_ps(_mm256_mul_ps(values[i], factor), magic)),
        _mm256_castps_si256(magic));
  }
  // Packing works within halves of a register, so that fours of values come out of order.
  const __m256i packed = _mm256_packs_epi16(_mm256_packs_epi32(numbers[0], numbers[1]),
                                            _mm256_packs_epi32(numbers[2], numbers[3]));
  return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// See quantize_block() in linear_reference.cpp.
void quantize_block(const float* from, ActivationBlock& block) {
  const __m256i magnitude = _mm256_set1_epi32(INT32_MAX);
  __m256 values[4];
  __m256i peaks = _mm256_setzero_si256();
  for (int i = 0; i < 4; ++i) {
    values[i] = _mm256_loadu_ps(from + 8 * i);
    peaks = _mm256_max_epi32(peaks, _mm256_and_si256(_mm256_castps_si256(values[i]), magnitude));
  }
  const auto peak = std::bit_cast<float>(largest(peaks));
  const bool usable = has_scale(peak);
  const __m256i bytes = usable ? rounded(values, 127.0F / peak) : _mm256_setzero_si256();
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(block.q), bytes);
  std::int32_t sums[2];
  add_halves(bytes, sums);
  describe(block, peak, sums);
}

}  // namespace

void quantize_row_avx2(const float* values, std::int64_t groups, ActivationBlock* blocks) {
  for (std::int64_t g = 0; g < groups; ++g) quantize_block(values + g * kGroup, blocks[g]);
}

}  // namespace frugal::ops
