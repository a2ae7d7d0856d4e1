#include "ops/moe/experts_backward.h"

#include <algorithm>
#include <cstring>

#include "ops/vector_math.h"

namespace frugal::ops {

namespace {

// Row i of out is the row of x whose choice stands at place i.
void gather(const Context& context, const ExpertOrder& order, std::int64_t k, ConstView x,
            View out) {
  context.threads.parallel_for(out.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      std::memcpy(out.row(i), x.row(order.choices[static_cast<std::size_t>(i)] / k),
                  static_cast<std::size_t>(x.cols) * sizeof(float));
    }
  });
}

// out[t] += sum over row t's choices, in their order, of weight * y[place]; weights of 1 when
// empty.
void scatter(const Context& context, const ExpertOrder& order, std::int64_t k,
             std::span<const float> weights, ConstView y, const Gradient& to) {
  const View out = to.view;
  const VectorMath& math = vector_math(context.isa);
  context.threads.parallel_for(out.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      if (!to.accumulate) std::fill_n(out.row(t), out.cols, 0.0F);
      for (std::int64_t i = t * k; i < (t + 1) * k; ++i) {
        const auto choice = static_cast<std::size_t>(i);
        math.axpy(weights.empty() ? 1.0F : weights[choice], y.row(order.places[choice]), out.row(t),
                  out.cols);
      }
    }
  });
}

// The rows of x that are expert e's.
template <typename T>
MatrixView<T> rows_of(const ExpertOrder& order, std::size_t e, MatrixView<T> x) {
  return {x.row(order.begin[e]), order.begin[e + 1] - order.begin[e], x.cols};
}

}  // namespace

void moe_experts_keeping(const Context& context, const Routing& routing, const ExpertOrder& order,
                         std::span<const ExpertWeights> experts, ConstView x, View gate, View up,
                         View out, Arena& scratch, Precision precision) {
  const auto places = static_cast<std::int64_t>(order.choices.size());
  const Arena::Mark mark = scratch.mark();
  const View inputs = scratch.matrix(places, x.cols);
  const View hidden = scratch.matrix(places, gate.cols);
  const View results = inputs;  // inputs are read no more when results are written
  gather(context, order, routing.per_row, x, inputs);
  LinearProducts products(context, precision, scratch);
  const auto of = [&](std::size_t e, auto values) { return rows_of(order, e, values); };
  for (std::size_t e = 0; e < experts.size(); ++e) {
    products.forward(of(e, ConstView(inputs)), experts[e].gate->floats(), of(e, gate));
    products.forward(of(e, ConstView(inputs)), experts[e].up->floats(), of(e, up));
  }
  products.run();
  const VectorMath& math = vector_math(context.isa);
  context.threads.parallel_for(hidden.size(), 4096, [&](std::int64_t begin, std::int64_t end) {
    math.swiglu(gate.data + begin, up.data + begin, hidden.data + begin, end - begin);
  });
  for (std::size_t e = 0; e < experts.size(); ++e) {
    products.forward(of(e, ConstView(hidden)), experts[e].down->floats(), of(e, results));
  }
  products.run();
  scatter(context, order, routing.per_row, routing.weights, results, {out, false});
  scratch.release(mark);
}

void moe_experts_backward(const Context& context, const Routing& routing, const ExpertOrder& order,
                          std::span<const ExpertWeights> experts, ConstView x, ConstView gate,
                          ConstView up, ConstView d_out, const Gradient& dx, View d_weights,
                          std::span<const ExpertGradients> gradients, Arena& scratch,
                          Precision precision) {
  const auto places = static_cast<std::int64_t>(order.choices.size());
  const std::int64_t k = routing.per_row;
  const std::int64_t width = gate.cols;
  const Arena::Mark mark = scratch.mark();
  const View rows = scratch.matrix(places, x.cols);   // of d_out, then of x, then gradients of x
  const View hidden = scratch.matrix(places, width);  // the experts' weighted activations
  const View d_hidden = scratch.matrix(places, width);
  const View d_gate = scratch.matrix(places, width);
  const View d_up = scratch.matrix(places, width);
  const View d_rows = scratch.matrix(places, x.cols);
  gather(context, order, k, d_out, rows);
  LinearProducts products(context, precision, scratch);
  const auto of = [&](std::size_t e, auto values) { return rows_of(order, e, values); };
  for (std::size_t e = 0; e < experts.size(); ++e) {
    products.backward(of(e, ConstView(rows)), experts[e].down->floats(), of(e, d_hidden), false);
  }
  products.run();
  const VectorMath& math = vector_math(context.isa);
  context.threads.parallel_for(places, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t choice = order.choices[static_cast<std::size_t>(i)];
      const float weight = routing.weights[static_cast<std::size_t>(choice)];
      math.swiglu(gate.row(i), up.row(i), hidden.row(i), width);
      d_weights.data[choice] = math.dot(d_hidden.row(i), hidden.row(i), width);
      for (std::int64_t c = 0; c < width; ++c) {
        hidden.row(i)[c] *= weight;
        d_hidden.row(i)[c] *= weight;
      }
      math.swiglu_backward(gate.row(i), up.row(i), d_hidden.row(i), d_gate.row(i), d_up.row(i),
                           false, width);
    }
  });
  for (std::size_t e = 0; e < experts.size(); ++e) {
    products.weight(of(e, ConstView(rows)), of(e, ConstView(hidden)), gradients[e].down);
    products.backward(of(e, ConstView(d_gate)), experts[e].gate->floats(), of(e, d_rows), false);
  }
  products.run();
  gather(context, order, k, x, rows);
  for (std::size_t e = 0; e < experts.size(); ++e) {
    products.weight(of(e, ConstView(d_gate)), of(e, ConstView(rows)), gradients[e].gate);
    products.weight(of(e, ConstView(d_up)), of(e, ConstView(rows)), gradients[e].up);
    products.backward(of(e, ConstView(d_up)), experts[e].up->floats(), of(e, d_rows), true);
  }
  products.run();
  scatter(context, order, k, {}, d_rows, dx);
  scratch.release(mark);
}

}  // namespace frugal::ops
