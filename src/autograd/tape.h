// The ops as a model sees them: results live in an arena, nobody counts buffers.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <vector>

#include "autograd/parameter.h"
#include "autograd/recording.h"
#include "ops/attention/attention.h"
#include "ops/cross_entropy/cross_entropy.h"
#include "ops/cross_entropy/divergence.h"
#include "ops/mla/mla.h"
#include "ops/moe/experts_backward.h"
#include "ops/rope/rope.h"
#include "tensor/arena.h"

namespace frugal::autograd {

/// An expert's parameters.
struct Expert {
  const Parameter* gate;  // [moe_intermediate_size, d]
  const Parameter* up;    // [moe_intermediate_size, d]
  const Parameter* down;  // [d, moe_intermediate_size]
};

/// A weight and its bias; an empty bias adds nothing.
struct Projection {
  const Parameter& weight;
  const Parameter& bias;
};

/// Runs each op at once. One tape serves one pass over one batch; what it returns is valid until
/// the arena is released. With a recording each op also notes how to go back: then tape, arena,
/// parameters, layouts and token lists must live until recording.backward() has run.
class Tape {
 public:
  Tape(const ops::Context& context, Arena& arena) : context_(context), arena_(arena) {}
  Tape(const ops::Context& context, Arena& arena, Recording& recording)
      : context_(context),
        arena_(arena),
        recording_(&recording),
        precision_(recording.options().precision) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// [T, d] rows of table [vocab_size, d].
  View embedding(const Parameter& table, std::span<const std::int32_t> tokens);
  /// Over the whole row, or each head's part when weight is shorter.
  View rms_norm(ConstView x, const Parameter& weight, float eps);
  /// x [T, k] -> [T, n], the weight's adapter included; an empty bias adds nothing.
  View linear(ConstView x, const Parameter& weight, const Parameter& bias);
  View linear(ConstView x, const Parameter& weight);
  /// Several products of the same x at once, which costs less than one after the other.
  std::vector<View> project(ConstView x, std::initializer_list<Projection> projections);
  /// The angles of a layout's rows, for rope().
  ops::Rotations rotations(const ops::Rope& rope, const ops::SequenceLayout& layout);
  /// Turns x in place.
  void rope(const ops::Rotations& rotations, std::int64_t n_heads, View x);
  View attention(const ops::AttentionShape& shape, const ops::SequenceLayout& layout, ConstView q,
                 ConstView k, ConstView v, ops::CacheSlice cache);
  View mla(ops::MlaMode mode, const ops::MlaShape& shape, const ops::SequenceLayout& layout,
           ConstView q, ConstView latent, const Parameter& kv_b, ops::CacheSlice cache);
  /// In absorbed mode, with weights made ready for it; never recorded.
  View mla_absorbed(const ops::MlaShape& shape, const ops::SequenceLayout& layout, ConstView q,
                    ConstView latent, const ops::AbsorbedWeights& weights, ops::CacheSlice cache);
  View swiglu(ConstView gate, ConstView up);
  View moe(const ops::RouterConfig& config, ConstView x, const Parameter& router,
           const Parameter& bias, std::span<const Expert> experts,
           const ops::SequenceLayout& layout);
  /// a + b in the memory of b, which must be the result of an op that does not need it to go back,
  /// as linear(), moe() and add() are, and read by nothing else.
  View add(ConstView a, View b);
  /// Columns [begin, end) of x, copied.
  View columns(ConstView x, std::int64_t begin, std::int64_t end);
  /// [a, b] side by side.
  View concat(ConstView a, ConstView b);
  /// The given rows of x, in that order.
  View rows(ConstView x, std::span<const std::int64_t> rows);

  /// The log-probabilities [T] of targets, as in ops::cross_entropy(). A loss, given by its slope,
  /// needs a recording and is where backward() begins.
  std::span<float> cross_entropy(ConstView hidden, const Parameter& head,
                                 std::span<const std::int32_t> targets,
                                 const ops::LossSlope& slope);

  /// The divergences [T] of the head's distributions from a teacher's, as in ops::divergence(). A
  /// slope other than 0 needs a recording and is where backward() begins.
  std::span<float> divergence(ConstView hidden, const Parameter& head,
                              std::span<const std::int32_t> targets,
                              const ops::TeacherRows& teacher, float slope);

  /// One layer: x [T, d] -> [T, d]. It depends on no other value, and may run twice.
  using Layer = std::function<View(View x)>;
  /// Runs a layer and gives its scratch memory back: the result takes the place of x, unless it is
  /// recorded.
  View layer(View x, const Layer& body);

 private:
  std::vector<View> project_in(ops::Precision precision, ConstView x,
                               std::initializer_list<Projection> projections);
  /// out += the adapter's part, in place.
  void add_adapter(View out, ConstView x, const Adapter& adapter);
  void record_linear(ops::Precision precision, ConstView x, const Projection& projection,
                     ConstView out);
  void keep(ConstView result, View x) const;
  View recomputed_layer(View x, const Layer& body);
  struct Kept {
    View gate, up;  // [T * k, moe_intermediate_size]
  };
  Kept experts_forward(const ops::Routing& routing, const ops::ExpertOrder& order,
                       std::span<const Expert> experts, ConstView x, View out);
  View recorded_moe(const ops::RouterConfig& config, ConstView x, ConstView logits,
                    ops::Routing routing, const Parameter& bias, std::span<const Expert> experts,
                    const ops::SequenceLayout& layout);

  ops::Context context_;
  Arena& arena_;
  Recording* recording_ = nullptr;
  ops::Precision precision_ = ops::Precision::f32;
};

}  // namespace frugal::autograd
