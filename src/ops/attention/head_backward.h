// The gradients of one head of causal attention over one sequence, on one thread. Plain and latent
// attention share it: they differ in where keys and queries lie.
#pragma once

#include <cstdint>
#include <span>

#include "base/cpu.h"

namespace frugal::ops {

/// A piece of the query and key vectors: the score is the sum over the pieces. Strides are floats
/// between consecutive rows.
struct HeadPart {
  std::int64_t width = 0;
  const float* q = nullptr;  // [length, width]
  std::int64_t q_stride = 0;
  const float* k = nullptr;  // [length, width]
  std::int64_t k_stride = 0;
  float* dq = nullptr;  // [length, width], stride q_stride
  float* dk = nullptr;  // [length, width]
  std::int64_t dk_stride = 0;
};

struct HeadValues {
  std::int64_t width = 0;
  const float* v = nullptr;  // [length, width]
  float* dv = nullptr;       // [length, width]
  std::int64_t v_stride = 0;
  const float* d_out = nullptr;  // [length, width]
  std::int64_t out_stride = 0;
};

struct Head {
  std::int64_t length = 0;
  float scale = 1;
  std::span<const HeadPart> parts;
  HeadValues values;
  bool add_q = true;  // whether dq is added to, or written
  bool add_k = true;
  bool add_v = true;
};

/// Rows of scores that are worked on at a time.
inline constexpr std::int64_t kHeadRows = 64;

/// Floats of scratch memory that the heads of one shape need, `length` being that of the longest.
std::int64_t head_scratch(std::int64_t length, std::int64_t key_width, std::int64_t value_width);

/// Probabilities are computed again rather than kept, kHeadRows rows at a time (Dao et al. 2022).
/// `scratch` [head_scratch()] starts at a cache line; its contents do not matter.
void head_backward(Isa isa, const Head& head, float* scratch);

void head_backward_reference(const Head& head, float* scratch);
void head_backward_avx2(const Head& head, float* scratch);
void head_backward_avx512(const Head& head, float* scratch);

/// For the kernels: turns scores p of `rows` rows from row `first` on into probabilities, and dp,
/// the gradients of probabilities, into those of scores. Both are zero for at least the 16
/// positions behind those that a row sees. Rows are `stride` floats apart and have room for 32
/// more.
void head_probabilities(Isa isa, float scale, std::int64_t first, std::int64_t rows,
                        std::int64_t stride, float* p, float* dp);

}  // namespace frugal::ops
