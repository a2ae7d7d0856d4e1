// Rotary position embeddings (Su et al. 2021), with the frequency scalings of Llama 3 and YaRN.
#pragma once

#include <vector>

#include "ops/context.h"
#include "ops/layout.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// Which dims of a head turn, and how fast.
struct Rope {
  std::vector<double> frequencies;  // [rope_dim / 2], radians per position
  float magnitude = 1;              // factor on cos and sin (YaRN's attention factor)
  /// Pairs are (x0, x1), (x2, x3) ... as in DeepSeek's weights and GGUF's llama; otherwise
  /// (x0, x[d/2]), (x1, x[d/2 + 1]) ... as in Hugging Face's llama and qwen.
  bool interleaved = false;

  std::int64_t dim() const { return static_cast<std::int64_t>(2 * frequencies.size()); }
};

/// The cosine and sine of every row's angles, which all layers share.
struct Rotations {
  ConstView table;  // [T, rope_dim / 2, 2], magnitude included
  bool interleaved = false;
};

/// Fills table [T, rope_dim] for the positions of a layout. Angles are computed in double, so long
/// contexts lose nothing.
void fill_rotations(const Context& context, const Rope& rope, const SequenceLayout& layout,
                    View table);

/// Turns, in place, the last rope_dim values of each head of x [T, n_heads * head_dim].
void rope(const Context& context, const Rotations& rotations, std::int64_t n_heads, View x);

}  // namespace frugal::ops
