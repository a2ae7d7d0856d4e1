#include "train/adamw.h"

#include <array>
#include <cmath>

#include "ops/vector_math.h"
#include "tensor/float_bits.h"

namespace frugal::train {

namespace {

// Values that a thread works on at a time, and that one float sum covers.
constexpr std::int64_t kBlock = 4096;

// A run of values of one parameter.
struct Range {
  std::size_t parameter;
  std::int64_t begin, count;
};

std::vector<Range> blocks_of(const std::vector<TrainedParameter>& parameters) {
  std::vector<Range> blocks;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::int64_t size = parameters[i].gradient.view().size();
    for (std::int64_t begin = 0; begin < size; begin += kBlock) {
      blocks.push_back({i, begin, std::min(kBlock, size - begin)});
    }
  }
  return blocks;
}

// bf16 moments, widened for one block's step.
class WideBlock {
 public:
  WideBlock(const Buffer& stored, std::int64_t begin, std::int64_t count)
      : stored_(stored.as<std::uint16_t>() + begin), count_(count) {
    for (std::int64_t i = 0; i < count_; ++i)
      values_[static_cast<std::size_t>(i)] = bf16_to_float(stored_[i]);
  }
  ~WideBlock() {
    for (std::int64_t i = 0; i < count_; ++i)
      stored_[i] = float_to_bf16(values_[static_cast<std::size_t>(i)]);
  }
  WideBlock(const WideBlock&) = delete;
  WideBlock& operator=(const WideBlock&) = delete;
  float* data() { return values_.data(); }

 private:
  std::uint16_t* stored_;
  std::int64_t count_;
  std::array<float, kBlock> values_;
};

}  // namespace

AdamW::AdamW(TrainableModel& model, const AdamWOptions& options)
    : parameters_(model.parameters()),
      options_(options),
      dtype_(options.bf16_moments ? DType::bf16 : DType::f32) {
  for (const TrainedParameter& p : parameters_) {
    const auto bytes = static_cast<std::size_t>(row_bytes(dtype_, p.gradient.view().size()));
    m_.emplace_back(bytes, "the optimizer's first moments");
    v_.emplace_back(bytes, "the optimizer's second moments");
  }
}

double AdamW::gradient_norm(const ops::Context& context) const {
  const ops::VectorMath& math = ops::vector_math(context.isa);
  const std::vector<Range> blocks = blocks_of(parameters_);
  std::vector<double> squares(blocks.size());
  context.threads.parallel_for(
      static_cast<std::int64_t>(blocks.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          const float* g = parameters_[blocks[i].parameter].gradient.data() + blocks[i].begin;
          squares[i] = double{math.dot(g, g, blocks[i].count)};
        }
      });
  double sum = 0;
  for (const double square : squares) sum += square;
  return std::sqrt(sum);
}

void AdamW::step(const ops::Context& context, double lr, double gradient_scale) {
  ++steps_;
  ops::AdamWStep numbers;
  numbers.lr = static_cast<float>(lr);
  numbers.beta1 = static_cast<float>(options_.beta1);
  numbers.beta2 = static_cast<float>(options_.beta2);
  numbers.eps = static_cast<float>(options_.eps);
  numbers.correction1 = static_cast<float>(1 - std::pow(options_.beta1, steps_));
  numbers.correction2 = static_cast<float>(1 - std::pow(options_.beta2, steps_));
  numbers.gradient_scale = static_cast<float>(gradient_scale);
  const ops::VectorMath& math = ops::vector_math(context.isa);
  const std::vector<Range> blocks = blocks_of(parameters_);
  const auto update = [&](const Range& block) {
    TrainedParameter& p = parameters_[block.parameter];
    ops::AdamWStep own = numbers;
    own.weight_decay = p.is_matrix ? static_cast<float>(options_.weight_decay) : 0.0F;
    const float* gradient = p.gradient.data() + block.begin;
    float* weight = p.weight.tensor->data() + block.begin;
    const Buffer& m = m_[block.parameter];
    const Buffer& v = v_[block.parameter];
    if (dtype_ == DType::f32) {
      math.adamw(own, gradient, weight, m.as<float>() + block.begin, v.as<float>() + block.begin,
                 block.count);
    } else {
      WideBlock wide_m(m, block.begin, block.count);
      WideBlock wide_v(v, block.begin, block.count);
      math.adamw(own, gradient, weight, wide_m.data(), wide_v.data(), block.count);
    }
  };
  context.threads.parallel_for(static_cast<std::int64_t>(blocks.size()), 1,
                               [&](std::int64_t begin, std::int64_t end) {
                                 for (std::int64_t i = begin; i < end; ++i)
                                   update(blocks[static_cast<std::size_t>(i)]);
                               });
}

std::vector<AdamW::Moment> AdamW::moments() const {
  std::vector<Moment> all;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const TrainedParameter& p = parameters_[i];
    if (p.gradient.view().size() == 0) continue;
    const ops::Weight& w = p.weight.weight;
    all.push_back({"m." + p.name, dtype_, w.n, w.k, {m_[i].data(), m_[i].size()}});
    all.push_back({"v." + p.name, dtype_, w.n, w.k, {v_[i].data(), v_[i].size()}});
  }
  return all;
}

}  // namespace frugal::train
