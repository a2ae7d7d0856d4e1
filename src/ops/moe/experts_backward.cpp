#include "ops/moe/experts_backward.h"

#include <algorithm>
#include <cstring>

#include "ops/gemm/gemm.h"
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
             std::span<const float> weights, ConstView y, View out) {
  const VectorMath& math = vector_math(context.isa);
  context.threads.parallel_for(out.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      for (std::int64_t i = t * k; i < (t + 1) * k; ++i) {
        const auto choice = static_cast<std::size_t>(i);
        math.axpy(weights.empty() ? 1.0F : weights[choice], y.row(order.places[choice]), out.row(t),
                  out.cols);
      }
    }
  });
}

// The products of each expert's rows: collects them so that the threads share them all.
class Grouped {
 public:
  Grouped(const Context& context, const ExpertOrder& order) : context_(context), order_(order) {}

  /// y = x w^T, or y += x w^T.
  void forward(std::size_t e, ConstView x, ConstView w, View y) {
    add(e, x, transpose(w), y, false);
  }
  /// dx = dy w, or dx += dy w.
  void backward(std::size_t e, ConstView dy, ConstView w, View dx, bool accumulate) {
    add(e, dy, factor(w), dx, accumulate);
  }
  /// dw += dy^T x.
  void weight(std::size_t e, ConstView dy, ConstView x, View dw) {
    if (dw.data == nullptr || rows(dy, e).rows == 0) return;
    products_.push_back(
        product(transpose(rows(dy, e)), factor(rows(x, e)), rows(x, e).rows, dw, true));
  }
  void run() {
    gemm_batch(context_, products_);
    products_.clear();
  }

 private:
  template <typename T>
  MatrixView<T> rows(MatrixView<T> x, std::size_t e) const {
    return {x.row(order_.begin[e]), order_.begin[e + 1] - order_.begin[e], x.cols};
  }
  void add(std::size_t e, ConstView x, Factor w, View y, bool accumulate) {
    products_.push_back(product(factor(rows(x, e)), w, x.cols, rows(y, e), accumulate));
  }

  const Context& context_;
  const ExpertOrder& order_;
  std::vector<Gemm> products_;
};

}  // namespace

void moe_experts_keeping(const Context& context, const Routing& routing, const ExpertOrder& order,
                         std::span<const ExpertWeights> experts, ConstView x, View gate, View up,
                         View out, Arena& scratch) {
  const auto places = static_cast<std::int64_t>(order.choices.size());
  const Arena::Mark mark = scratch.mark();
  const View inputs = scratch.matrix(places, x.cols);
  const View hidden = scratch.matrix(places, gate.cols);
  const View results = inputs;  // inputs are read no more when results are written
  gather(context, order, routing.per_row, x, inputs);
  Grouped grouped(context, order);
  for (std::size_t e = 0; e < experts.size(); ++e) {
    grouped.forward(e, inputs, experts[e].gate->floats(), gate);
    grouped.forward(e, inputs, experts[e].up->floats(), up);
  }
  grouped.run();
  const VectorMath& math = vector_math(context.isa);
  context.threads.parallel_for(hidden.size(), 4096, [&](std::int64_t begin, std::int64_t end) {
    math.swiglu(gate.data + begin, up.data + begin, hidden.data + begin, end - begin);
  });
  for (std::size_t e = 0; e < experts.size(); ++e) {
    grouped.forward(e, hidden, experts[e].down->floats(), results);
  }
  grouped.run();
  std::ranges::fill(out.span(), 0.0F);
  scatter(context, order, routing.per_row, routing.weights, results, out);
  scratch.release(mark);
}

void moe_experts_backward(const Context& context, const Routing& routing, const ExpertOrder& order,
                          std::span<const ExpertWeights> experts, ConstView x, ConstView gate,
                          ConstView up, ConstView d_out, View dx, View d_weights,
                          std::span<const ExpertGradients> gradients, Arena& scratch) {
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
  Grouped grouped(context, order);
  for (std::size_t e = 0; e < experts.size(); ++e) {
    grouped.backward(e, rows, experts[e].down->floats(), d_hidden, false);
  }
  grouped.run();
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
      std::fill_n(d_gate.row(i), width, 0.0F);
      std::fill_n(d_up.row(i), width, 0.0F);
      math.swiglu_backward(gate.row(i), up.row(i), d_hidden.row(i), d_gate.row(i), d_up.row(i),
                           width);
    }
  });
  for (std::size_t e = 0; e < experts.size(); ++e) {
    grouped.weight(e, rows, hidden, gradients[e].down);
    grouped.backward(e, d_gate, experts[e].gate->floats(), d_rows, false);
  }
  grouped.run();
  gather(context, order, k, x, rows);
  for (std::size_t e = 0; e < experts.size(); ++e) {
    grouped.weight(e, d_gate, rows, gradients[e].gate);
    grouped.weight(e, d_up, rows, gradients[e].up);
    grouped.backward(e, d_up, experts[e].up->floats(), d_rows, true);
  }
  grouped.run();
  scatter(context, order, k, {}, d_rows, dx);
  scratch.release(mark);
}

}  // namespace frugal::ops
