// Layers: where memory is given back, in inference and in training.
#include <cstring>
#include <utility>

#include "autograd/tape.h"

namespace frugal::autograd {

View Tape::layer(View x, const Layer& body) {
  if (recording_ == nullptr) {
    const Arena::Mark mark = arena_.mark();
    keep(body(x), x);
    arena_.release(mark);
    return x;
  }
  if (recording_->options().recompute_layers) return recomputed_layer(x, body);
  recording_->add([r = recording_, x] { r->leave_layer(x); });
  const View out = body(x);
  recording_->add([r = recording_, out, x] { r->enter_layer(out, x); });
  return out;
}

View Tape::recomputed_layer(View x, const Layer& body) {
  const View out = arena_.matrix(x.rows, x.cols);
  Recording* const r = std::exchange(recording_, nullptr);
  const Arena::Mark mark = arena_.mark();
  keep(body(x), out);
  arena_.release(mark);
  recording_ = r;
  r->add([this, r, x, out, body] {
    const Arena::Mark before = arena_.mark();
    const std::size_t position = r->position();
    const View again = body(x);
    r->rename(out, again);
    r->enter_layer(again, x);
    r->run_back_to(position);
    r->leave_layer(x);
    arena_.release(before);
  });
  return out;
}

void Tape::keep(ConstView result, View x) const {
  require(result.rows == x.rows && result.cols == x.cols, "a layer turned [{}, {}] into [{}, {}]",
          x.rows, x.cols, result.rows, result.cols);
  std::memcpy(x.data, result.data, static_cast<std::size_t>(x.size()) * sizeof(float));
}

}  // namespace frugal::autograd
