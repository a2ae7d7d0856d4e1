#include "autograd/tape.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "ops/add/add.h"
#include "ops/attention/attention_backward.h"
#include "ops/embedding/embedding.h"
#include "ops/embedding/embedding_backward.h"
#include "ops/linear/linear.h"
#include "ops/linear/linear_backward.h"
#include "ops/mla/mla_backward.h"
#include "ops/norm/rms_norm.h"
#include "ops/norm/rms_norm_backward.h"
#include "ops/rope/rope_backward.h"
#include "ops/swiglu/swiglu.h"
#include "ops/swiglu/swiglu_backward.h"
#include "ops/vector_math.h"

namespace frugal::autograd {

namespace {

void copy_floats(float* to, const float* from, std::int64_t count) {
  std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

// `count` columns of x, from x_begin on, become those of y from y_begin on.
void copy_columns(const ops::Context& context, ConstView x, std::int64_t x_begin, View y,
                  std::int64_t y_begin, std::int64_t count) {
  context.threads.parallel_for(x.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      copy_floats(y.row(t) + y_begin, x.row(t) + x_begin, count);
    }
  });
}

// The same for gradients, which are added where there are some already. Columns of a new one that
// nobody copies to become zeros.
void add_columns(const ops::Context& context, ConstView dy, std::int64_t dy_begin,
                 const ops::Gradient& dx, std::int64_t dx_begin, std::int64_t count) {
  const auto axpy = ops::vector_math(context.isa).axpy;
  context.threads.parallel_for(dy.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      float* row = dx.view.row(t);
      if (dx.accumulate) {
        axpy(1.0F, dy.row(t) + dy_begin, row + dx_begin, count);
        continue;
      }
      std::fill_n(row, dx_begin, 0.0F);
      copy_floats(row + dx_begin, dy.row(t) + dy_begin, count);
      std::fill(row + dx_begin + count, row + dx.view.cols, 0.0F);
    }
  });
}

// y += scale * x.
void add_scaled(const ops::Context& context, float scale, ConstView x, View y) {
  const auto axpy = ops::vector_math(context.isa).axpy;
  context.threads.parallel_for(y.rows, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) axpy(scale, x.row(t), y.row(t), y.cols);
  });
}

// The values of a weight; one that is quantised is decoded into scratch memory.
ConstView values_of(const ops::Context& context, const ops::Weight& weight, Arena& scratch) {
  if (weight.dtype == DType::f32) return weight.floats();
  const View values = scratch.matrix(weight.n, weight.k);
  context.threads.parallel_for(weight.n, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      weight.decode(i, 0, {values.row(i), static_cast<std::size_t>(weight.k)});
    }
  });
  return values;
}

}  // namespace

View Tape::embedding(const Parameter& table, std::span<const std::int32_t> tokens) {
  const View out = arena_.matrix(static_cast<std::int64_t>(tokens.size()), table.weight.k);
  ops::embedding(context_, table.weight, tokens, out);
  if (recording_ == nullptr || table.gradient.data == nullptr) return out;
  recording_->add([this, r = recording_, out, tokens, d_table = table.gradient] {
    const ConstView dy = r->take(out);
    if (dy.data != nullptr) ops::embedding_backward(context_, tokens, dy, d_table);
  });
  return out;
}

View Tape::rms_norm(ConstView x, const Parameter& weight, float eps) {
  const View out = arena_.matrix(x.rows, x.cols);
  ops::rms_norm(context_, x, weight.vector(), eps, out);
  if (recording_ == nullptr) return out;
  recording_->add([this, r = recording_, out, x, &weight, eps] {
    const ConstView dy = r->take(out);
    if (dy.data == nullptr) return;
    ops::rms_norm_backward(context_, x, weight.vector(), eps, dy, r->target(x), weight.gradient);
  });
  return out;
}

View Tape::linear(ConstView x, const Parameter& weight, const Parameter& bias) {
  return project(x, {{weight, bias}}).front();
}

View Tape::linear(ConstView x, const Parameter& weight) { return linear(x, weight, {}); }

std::vector<View> Tape::project(ConstView x, std::initializer_list<Projection> projections) {
  return project_in(precision_, x, projections);
}

std::vector<View> Tape::project_in(ops::Precision precision, ConstView x,
                                   std::initializer_list<Projection> projections) {
  std::vector<View> outs;
  std::vector<ops::Product> products;
  for (const Projection& p : projections) {
    outs.push_back(arena_.matrix(x.rows, p.weight.weight.n));
    products.push_back(
        {x, &p.weight.weight, p.bias.empty() ? nullptr : p.bias.vector().data(), outs.back()});
  }
  if (precision == ops::Precision::f32) {
    ops::linear_batch(context_, products, arena_);
  } else {
    ops::linear_batch_rounded(context_, products, precision, arena_);
  }
  std::size_t i = 0;
  for (const Projection& p : projections) {
    const View out = outs[i++];
    if (recording_ != nullptr) record_linear(precision, x, p, out);
    if (p.weight.adapter != nullptr) add_adapter(out, x, *p.weight.adapter);
  }
  return outs;
}

void Tape::record_linear(ops::Precision precision, ConstView x, const Projection& projection,
                         ConstView out) {
  recording_->add([this, r = recording_, precision, out, x, &weight = projection.weight,
                   d_bias = projection.bias.gradient] {
    const ConstView dy = r->take(out);
    if (dy.data == nullptr) return;
    const ops::Gradient dx = r->target(x);
    const Arena::Mark mark = r->scratch().mark();
    ops::linear_backward(context_, x, values_of(context_, weight.weight, r->scratch()), dy, dx.view,
                         dx.accumulate, weight.gradient, d_bias, r->scratch(), precision);
    r->scratch().release(mark);
  });
}

ops::Rotations Tape::rotations(const ops::Rope& rope, const ops::SequenceLayout& layout) {
  const View table = arena_.matrix(layout.rows, rope.dim());
  ops::fill_rotations(context_, rope, layout, table);
  return {table, rope.interleaved};
}

void Tape::rope(const ops::Rotations& rotations, std::int64_t n_heads, View x) {
  ops::rope(context_, rotations, n_heads, x);
  if (recording_ == nullptr) return;
  recording_->add([this, r = recording_, rotations, n_heads, x] {
    ops::rope_backward(context_, rotations, n_heads, r->gradient(x));
  });
}

View Tape::attention(const ops::AttentionShape& shape, const ops::SequenceLayout& layout,
                     ConstView q, ConstView k, ConstView v, ops::CacheSlice cache) {
  const View out = arena_.matrix(q.rows, q.cols);
  ops::attention(context_, shape, layout, q, k, v, cache, out);
  if (recording_ == nullptr) return out;
  recording_->add([this, r = recording_, shape, &layout, q, k, v, out] {
    const ConstView d_out = r->take(out);
    if (d_out.data == nullptr) return;
    const ops::Gradient dq = r->target(q);
    const ops::Gradient dk = r->target(k);
    const ops::Gradient dv = r->target(v);
    ops::attention_backward(context_, shape, layout, q, k, v, d_out, dq, dk, dv, r->scratch());
  });
  return out;
}

View Tape::mla(ops::MlaMode mode, const ops::MlaShape& shape, const ops::SequenceLayout& layout,
               ConstView q, ConstView latent, const Parameter& kv_b, ops::CacheSlice cache) {
  const View out = arena_.matrix(q.rows, shape.n_heads * shape.v_head_dim);
  ops::mla(context_, mode, shape, layout, q, latent, kv_b.weight, cache, out, arena_);
  if (recording_ == nullptr) return out;
  recording_->add([this, r = recording_, shape, &layout, q, latent, &kv_b, out] {
    const ConstView d_out = r->take(out);
    if (d_out.data == nullptr) return;
    const ops::Gradient dq = r->target(q);
    const ops::Gradient d_latent = r->target(latent);
    ops::mla_backward(context_, shape, layout, q, latent, kv_b.weight.floats(), d_out, dq, d_latent,
                      kv_b.gradient, r->scratch());
  });
  return out;
}

View Tape::mla_absorbed(const ops::MlaShape& shape, const ops::SequenceLayout& layout, ConstView q,
                        ConstView latent, const ops::AbsorbedWeights& weights,
                        ops::CacheSlice cache) {
  require(recording_ == nullptr, "packed weights cannot be trained");
  const View out = arena_.matrix(q.rows, shape.n_heads * shape.v_head_dim);
  ops::mla_absorbed(context_, shape, layout, q, latent, weights, cache, out, arena_);
  return out;
}

View Tape::swiglu(ConstView gate, ConstView up) {
  const View out = arena_.matrix(gate.rows, gate.cols);
  ops::swiglu(context_, gate, up, out);
  if (recording_ == nullptr) return out;
  recording_->add([this, r = recording_, gate, up, out] {
    const ConstView dy = r->take(out);
    if (dy.data == nullptr) return;
    const ops::Gradient d_gate = r->target(gate);
    ops::swiglu_backward(context_, gate, up, dy, d_gate, r->target(up));
  });
  return out;
}

View Tape::add(ConstView a, View b) {
  require(a.data != b.data, "add: a value cannot be added to itself in place");
  ops::add(context_, a, b, b);
  if (recording_ == nullptr) return b;
  // The sum has the address of b, and so its gradient; both operands' gradients are that one.
  recording_->add([this, r = recording_, a, b] {
    const View dy = r->take(b);
    if (dy.data == nullptr) return;
    if (r->give(a, dy)) {
      add_columns(context_, dy, 0, r->target(b), 0, b.cols);
    } else {
      add_columns(context_, dy, 0, r->target(a), 0, a.cols);
      r->give(b, dy);
    }
  });
  return b;
}

View Tape::columns(ConstView x, std::int64_t begin, std::int64_t end) {
  const View out = arena_.matrix(x.rows, end - begin);
  copy_columns(context_, x, begin, out, 0, out.cols);
  if (recording_ == nullptr) return out;
  recording_->add([this, r = recording_, x, begin, out] {
    const ConstView dy = r->take(out);
    if (dy.data != nullptr) add_columns(context_, dy, 0, r->target(x), begin, dy.cols);
  });
  return out;
}

void Tape::add_adapter(View out, ConstView x, const Adapter& adapter) {
  const View up = linear(linear(x, adapter.down), adapter.up);
  add_scaled(context_, adapter.scale, up, out);
  if (recording_ == nullptr) return;
  // Not taken: the product below, whose backward does not read its result, needs it as well.
  recording_->add([this, r = recording_, up, out, scale = adapter.scale] {
    const ConstView dy = r->gradient(out);
    add_scaled(context_, scale, dy, r->gradient(up));
  });
}

View Tape::concat(ConstView a, ConstView b) {
  require(a.rows == b.rows, "concat: {} and {} rows", a.rows, b.rows);
  const View out = arena_.matrix(a.rows, a.cols + b.cols);
  copy_columns(context_, a, 0, out, 0, a.cols);
  copy_columns(context_, b, 0, out, a.cols, b.cols);
  if (recording_ == nullptr) return out;
  recording_->add([this, r = recording_, a, b, out] {
    const ConstView dy = r->take(out);
    if (dy.data == nullptr) return;
    add_columns(context_, dy, 0, r->target(a), 0, a.cols);
    add_columns(context_, dy, a.cols, r->target(b), 0, b.cols);
  });
  return out;
}

View Tape::rows(ConstView x, std::span<const std::int64_t> rows) {
  const View out = arena_.matrix(static_cast<std::int64_t>(rows.size()), x.cols);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    require(rows[i] >= 0 && rows[i] < x.rows, "row {} of {} is wanted", rows[i], x.rows);
    copy_floats(out.row(static_cast<std::int64_t>(i)), x.row(rows[i]), x.cols);
  }
  if (recording_ == nullptr) return out;
  recording_->add([this, r = recording_, x, rows, out] {
    const ConstView dy = r->take(out);
    if (dy.data == nullptr) return;
    const View dx = r->gradient(x);
    const auto axpy = ops::vector_math(context_.isa).axpy;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      axpy(1.0F, dy.row(static_cast<std::int64_t>(i)), dx.row(rows[i]), dy.cols);
    }
  });
  return out;
}

std::span<float> Tape::cross_entropy(ConstView hidden, const Parameter& head,
                                     std::span<const std::int32_t> targets,
                                     const ops::LossSlope& slope) {
  require(!slope || recording_ != nullptr, "cross_entropy: a loss needs a recording");
  const std::span<float> log_probabilities = arena_.array<float>(hidden.rows);
  const View d_hidden = slope ? recording_->gradient(hidden) : View{};
  ops::cross_entropy(context_, hidden, head.weight.floats(), targets, slope, log_probabilities,
                     d_hidden, head.gradient, arena_);
  return log_probabilities;
}

std::span<float> Tape::divergence(ConstView hidden, const Parameter& head,
                                  std::span<const std::int32_t> targets,
                                  const ops::TeacherRows& teacher, float slope) {
  require(slope == 0 || recording_ != nullptr, "divergence: a loss needs a recording");
  const std::span<float> divergences = arena_.array<float>(hidden.rows);
  const View d_hidden = slope != 0 ? recording_->gradient(hidden) : View{};
  ops::divergence(context_, hidden, head.weight.floats(), targets, teacher, slope, divergences,
                  d_hidden, head.gradient, arena_);
  return divergences;
}

}  // namespace frugal::autograd
