#include "autograd/recording.h"

#include <algorithm>
#include <utility>

namespace frugal::autograd {

void Recording::restart(const RecordingOptions& options) {
  options_ = options;
  ops_.clear();
  gradients_.clear();
  layers_.clear();
  loads.clear();
  balance_loss = 0;
  arena_.release({});
}

void Recording::backward() {
  loads.clear();
  balance_loss = 0;
  run_back_to(0);
  gradients_.clear();
  layers_.clear();
  arena_.release({});
}

void Recording::run_back_to(std::size_t position) {
  while (ops_.size() > position) {
    const std::function<void()> op = std::move(ops_.back());
    ops_.pop_back();
    op();
  }
}

View Recording::gradient(ConstView value) {
  const ops::Gradient at = target(value);
  if (!at.accumulate) std::ranges::fill(at.view.span(), 0.0F);
  return at.view;
}

ops::Gradient Recording::target(ConstView value) {
  const auto [at, fresh] = gradients_.try_emplace(value.data);
  if (fresh) at->second = arena_.matrix(value.rows, value.cols);
  require(at->second.size() == value.size(), "gradient: a value of [{}, {}] has one of [{}, {}]",
          value.rows, value.cols, at->second.rows, at->second.cols);
  return {at->second, !fresh};
}

View Recording::take(ConstView value) {
  const auto node = gradients_.extract(value.data);
  return node.empty() ? View{} : node.mapped();
}

bool Recording::give(ConstView value, View gradient) {
  return gradients_.try_emplace(value.data, gradient).second;
}

void Recording::enter_layer(ConstView out, ConstView x) {
  const auto at = gradients_.find(out.data);
  layers_.push_back(
      {arena_.mark(), at == gradients_.end() ? View{} : at->second, gradients_.contains(x.data)});
}

void Recording::leave_layer(ConstView x) {
  const Layer layer = layers_.back();
  layers_.pop_back();
  const auto at = gradients_.find(x.data);
  if (!layer.x_had_one && at != gradients_.end()) {
    if (at->second.data != layer.base.data) {
      std::ranges::copy(at->second.span(), layer.base.data);
    }
    at->second = layer.base;
  }
  arena_.release(layer.mark);
}

void Recording::rename(ConstView value, ConstView copy) {
  auto node = gradients_.extract(value.data);
  if (node.empty()) return;
  node.key() = copy.data;
  gradients_.insert(std::move(node));
}

}  // namespace frugal::autograd
