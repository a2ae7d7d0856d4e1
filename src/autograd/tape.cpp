#include "autograd/tape.h"

#include <cstring>
#include <vector>

#include "ops/add/add.h"
#include "ops/embedding/embedding.h"
#include "ops/linear/linear.h"
#include "ops/norm/rms_norm.h"
#include "ops/swiglu/swiglu.h"

namespace frugal::autograd {

namespace {

void copy_floats(float* to, const float* from, std::int64_t count) {
  std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

}  // namespace

View Tape::embedding(const Parameter& table, std::span<const std::int32_t> tokens) {
  const View out = arena_.matrix(static_cast<std::int64_t>(tokens.size()), table.weight.k);
  ops::embedding(context_, table.weight, tokens, out);
  return out;
}

View Tape::rms_norm(ConstView x, const Parameter& weight, float eps) {
  const View out = arena_.matrix(x.rows, x.cols);
  ops::rms_norm(context_, x, weight.vector(), eps, out);
  return out;
}

View Tape::linear(ConstView x, const Parameter& weight, const Parameter& bias) {
  const View out = arena_.matrix(x.rows, weight.weight.n);
  ops::linear(context_, x, weight.weight, bias.empty() ? nullptr : bias.vector().data(), out);
  return out;
}

View Tape::linear(ConstView x, const Parameter& weight) { return linear(x, weight, {}); }

void Tape::rope(const ops::Rope& rope, const ops::SequenceLayout& layout, std::int64_t n_heads,
                View x) {
  ops::rope(context_, rope, layout, n_heads, x);
}

View Tape::attention(const ops::AttentionShape& shape, const ops::SequenceLayout& layout,
                     ConstView q, ConstView k, ConstView v, ops::CacheSlice cache) {
  const View out = arena_.matrix(q.rows, q.cols);
  ops::attention(context_, shape, layout, q, k, v, cache, out);
  return out;
}

View Tape::mla(ops::MlaMode mode, const ops::MlaShape& shape, const ops::SequenceLayout& layout,
               ConstView q, ConstView latent, const Parameter& kv_b, ops::CacheSlice cache) {
  const View out = arena_.matrix(q.rows, shape.n_heads * shape.v_head_dim);
  ops::mla(context_, mode, shape, layout, q, latent, kv_b.weight, cache, out);
  return out;
}

View Tape::swiglu(ConstView gate, ConstView up) {
  const View out = arena_.matrix(gate.rows, gate.cols);
  ops::swiglu(context_, gate, up, out);
  return out;
}

View Tape::moe(const ops::RouterConfig& config, ConstView x, const Parameter& router,
               const Parameter& bias, std::span<const Expert> experts) {
  const View logits = linear(x, router);
  const ops::Routing routing =
      ops::route(context_, config, logits, bias.empty() ? std::span<const float>() : bias.vector());
  std::vector<ops::ExpertWeights> weights;
  weights.reserve(experts.size());
  for (const Expert& expert : experts) {
    weights.push_back({&expert.gate->weight, &expert.up->weight, &expert.down->weight});
  }
  const View out = arena_.matrix(x.rows, x.cols);
  ops::moe_experts(context_, routing, weights, x, out);
  return out;
}

View Tape::add(ConstView a, ConstView b) {
  const View out = arena_.matrix(a.rows, a.cols);
  ops::add(context_, a, b, out);
  return out;
}

View Tape::columns(ConstView x, std::int64_t begin, std::int64_t end) {
  const View out = arena_.matrix(x.rows, end - begin);
  for (std::int64_t t = 0; t < x.rows; ++t) copy_floats(out.row(t), x.row(t) + begin, out.cols);
  return out;
}

View Tape::concat(ConstView a, ConstView b) {
  require(a.rows == b.rows, "concat: {} and {} rows", a.rows, b.rows);
  const View out = arena_.matrix(a.rows, a.cols + b.cols);
  for (std::int64_t t = 0; t < a.rows; ++t) {
    copy_floats(out.row(t), a.row(t), a.cols);
    copy_floats(out.row(t) + a.cols, b.row(t), b.cols);
  }
  return out;
}

View Tape::rows(ConstView x, std::span<const std::int64_t> rows) {
  const View out = arena_.matrix(static_cast<std::int64_t>(rows.size()), x.cols);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    require(rows[i] >= 0 && rows[i] < x.rows, "row {} of {} is wanted", rows[i], x.rows);
    copy_floats(out.row(static_cast<std::int64_t>(i)), x.row(rows[i]), x.cols);
  }
  return out;
}

void Tape::keep(ConstView result, View x) {
  require(result.rows == x.rows && result.cols == x.cols, "a layer turned [{}, {}] into [{}, {}]",
          x.rows, x.cols, result.rows, result.cols);
  copy_floats(x.data, result.data, x.size());
}

}  // namespace frugal::autograd
