// The gradients of one head of causal attention over one sequence, on one thread. Plain and latent
// attention share it: they differ in where keys and queries lie.
#pragma once

#include <span>
#include <vector>

#include "ops/vector_math.h"

namespace frugal::ops {

/// A piece of the query and key vectors: the score is the sum over the pieces. Strides are floats
/// between consecutive rows.
struct HeadPart {
  std::int64_t width = 0;
  const float* q = nullptr;  // [length, width]
  std::int64_t q_stride = 0;
  const float* k = nullptr;  // [length, width]
  std::int64_t k_stride = 0;
  float* dq = nullptr;  // [length, width], stride q_stride; added to
  float* dk = nullptr;  // [length, width]; added to
  std::int64_t dk_stride = 0;
};

struct HeadValues {
  std::int64_t width = 0;
  const float* v = nullptr;  // [length, width]
  float* dv = nullptr;       // [length, width]; added to
  std::int64_t v_stride = 0;
  const float* d_out = nullptr;  // [length, width]
  std::int64_t out_stride = 0;
};

/// Rows of scores that are worked on at a time.
inline constexpr std::int64_t kHeadRows = 64;

/// Scratch of one thread, reused from head to head.
struct HeadScratch {
  std::vector<float> p;   // [kHeadRows, length]: probabilities
  std::vector<float> dp;  // [kHeadRows, length]: their gradients, then those of the scores
};

/// Probabilities are computed again rather than kept, kHeadRows rows at a time (Dao et al. 2022).
void head_backward(Isa isa, std::int64_t length, float scale, std::span<const HeadPart> parts,
                   const HeadValues& values, HeadScratch& scratch);

}  // namespace frugal::ops
