#include "ops/linear/linear.h"

#include <algorithm>
#include <vector>

#include "ops/gemm/gemm.h"
#include "ops/linear/linear_kernels.h"

namespace frugal::ops {

namespace {

void check(const Product& p) {
  const Weight& w = *p.w;
  require(p.x.cols == w.k && p.y.cols == w.n && p.x.rows == p.y.rows,
          "linear: [{}, {}] times the transpose of [{}, {}] does not give [{}, {}]", p.x.rows,
          p.x.cols, w.n, w.k, p.y.rows, p.y.cols);
}

bool multiplies_levels(const Weight& w) {
  return w.layout == WeightLayout::panels && is_block_type(w.dtype);
}

// The x of all products that multiply levels, each distinct one rounded once.
class Activations {
 public:
  explicit Activations(std::span<const Product> products) {
    for (const Product& p : products) {
      if (multiplies_levels(*p.w) && find(p.x) == nullptr) {
        inputs_.push_back({p.x, blocks_, rows_});
        blocks_ += p.x.rows * (p.x.cols / kGroup);
        rows_ += p.x.rows;
      }
    }
    memory_ = Buffer(static_cast<std::size_t>(blocks_) * sizeof(ActivationBlock), "activations");
  }

  void quantize(ThreadPool& threads, QuantizeRow quantize_row) {
    threads.parallel_for(rows_, 8, [&](std::int64_t begin, std::int64_t end) {
      for (const Input& input : inputs_) {
        const std::int64_t last = std::min(end - input.row, input.x.rows);
        const std::int64_t groups = input.x.cols / kGroup;
        for (std::int64_t t = std::max<std::int64_t>(begin - input.row, 0); t < last; ++t) {
          quantize_row(input.x.row(t), groups, at(input) + t * groups);
        }
      }
    });
  }

  /// [T, k / 32]
  const ActivationBlock* of(ConstView x) const { return at(*find(x)); }

 private:
  struct Input {
    ConstView x;
    std::int64_t block;  // where its blocks begin
    std::int64_t row;    // its first row among those of all
  };

  const Input* find(ConstView x) const {
    const auto found = std::ranges::find_if(inputs_, [&](const Input& input) {
      return input.x.data == x.data && input.x.rows == x.rows && input.x.cols == x.cols;
    });
    return found == inputs_.end() ? nullptr : &*found;
  }
  ActivationBlock* at(const Input& input) const {
    return memory_.as<ActivationBlock>() + input.block;
  }

  std::vector<Input> inputs_;
  std::int64_t blocks_ = 0;
  std::int64_t rows_ = 0;
  Buffer memory_;
};

// Outputs that one call of a kernel computes at least.
std::int64_t part_rows(const Weight& w) {
  return w.layout == WeightLayout::rows ? kBandRows : kPanelRows;
}

void multiply(const LinearKernels& kernels, const Activations& activations, const Product& p,
              std::int64_t begin, std::int64_t end) {
  if (p.w->layout == WeightLayout::rows) {
    kernels.rows(p.x, *p.w, p.bias, p.y, begin * kBandRows, std::min(end * kBandRows, p.w->n));
  } else if (multiplies_levels(*p.w)) {
    kernels.levels(p.w->dtype)({activations.of(p.x), p.w, p.bias, p.y}, begin, end);
  } else {
    kernels.floats(p.w->dtype)({p.x, p.w, p.bias, p.y}, begin, end);
  }
}

// From here on a product of plain floats, as training has them, pays for the packing of gemm().
constexpr std::int64_t kFewestGemmRows = 8;

bool pays_for_gemm(const Product& p) {
  return p.w->layout == WeightLayout::rows && p.w->dtype == DType::f32 &&
         p.x.rows >= kFewestGemmRows;
}

void multiply_floats(const Context& context, std::span<const Product> products) {
  std::vector<Gemm> gemms;
  for (const Product& p : products) {
    if (pays_for_gemm(p)) {
      gemms.push_back(product(factor(p.x), transpose(p.w->floats()), p.w->k, p.y, false));
    }
  }
  if (gemms.empty()) return;
  gemm_batch(context, gemms);
  for (const Product& p : products) {
    if (pays_for_gemm(p) && p.bias != nullptr) add_bias(context, p.bias, p.y);
  }
}

}  // namespace

void add_bias(const Context& context, const float* bias, View y) {
  context.threads.parallel_for(y.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      for (std::int64_t n = 0; n < y.cols; ++n) y.row(t)[n] += bias[n];
    }
  });
}

LinearKernels linear_kernels(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return linear_kernels_avx512();
    case Isa::avx2:
      return linear_kernels_avx2();
    case Isa::reference:
      break;
  }
  return linear_kernels_reference();
}

void linear(const Context& context, ConstView x, const Weight& w, const float* bias, View y) {
  const Product product{x, &w, bias, y};
  linear_batch(context, {&product, 1});
}

void linear_batch(const Context& context, std::span<const Product> products) {
  const LinearKernels kernels = linear_kernels(context.isa);
  std::int64_t total = 0;  // work of all products, in multiply-adds
  const auto parts = [](const Product& p) {
    return pays_for_gemm(p) ? 0 : (p.w->n + part_rows(*p.w) - 1) / part_rows(*p.w);
  };
  const auto part_work = [](const Product& p) {
    return part_rows(*p.w) * p.w->k * std::max<std::int64_t>(p.x.rows, 1);
  };
  for (const Product& p : products) {
    check(p);
    total += parts(p) * part_work(p);
  }
  multiply_floats(context, products);
  Activations activations(products);
  activations.quantize(context.threads, kernels.quantize);
  // Every thread takes its share of the work, in order, so that it reads weights in order.
  context.threads.parallel_for(total, 1, [&](std::int64_t first, std::int64_t last) {
    std::int64_t before = 0;  // work of the products so far
    for (const Product& p : products) {
      const std::int64_t work = part_work(p);
      // A part belongs to the thread in whose share it begins.
      const auto clamp = [&](std::int64_t at) {
        return std::clamp<std::int64_t>((at - before + work - 1) / work, 0, parts(p));
      };
      const std::int64_t begin = clamp(std::max(first, before));
      const std::int64_t end = clamp(std::max(last, before));
      if (begin < end) multiply(kernels, activations, p, begin, end);
      before += parts(p) * work;
    }
  });
}

}  // namespace frugal::ops
