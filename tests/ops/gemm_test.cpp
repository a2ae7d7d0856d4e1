#include "ops/gemm/gemm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "ops/linear/linear.h"

namespace frugal::ops {
namespace {

struct Case {
  std::int64_t m, n, k;
};

std::vector<float> random_floats(Rng& rng, std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(rng.normal());
  return values;
}

// Sums in double: an independent definition of the product.
void expect_product(const Gemm& g, const std::vector<float>& before, const std::string& what) {
  for (std::int64_t i = 0; i < g.m; ++i) {
    for (std::int64_t j = 0; j < g.n; ++j) {
      double sum =
          g.accumulate ? double{before[static_cast<std::size_t>(i * g.c_stride + j)]} : 0.0;
      double norm = std::fabs(sum);
      for (std::int64_t k = 0; k < g.k; ++k) {
        const double a =
            g.a.transposed ? g.a.data[k * g.a.stride + i] : g.a.data[i * g.a.stride + k];
        const double b =
            g.b.transposed ? g.b.data[j * g.b.stride + k] : g.b.data[k * g.b.stride + j];
        sum += a * b;
        norm += std::fabs(a * b);
      }
      ASSERT_NEAR(g.c[i * g.c_stride + j], sum, 1e-6 * norm + 1e-30)
          << what << ", element [" << i << ", " << j << "]";
    }
  }
}

class GemmTest : public ::testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (GetParam() > best_isa()) GTEST_SKIP() << "this machine has no " << isa_name(GetParam());
  }
};

TEST_P(GemmTest, EqualsTheSumAtOddSizesAndEveryTransposition) {
  Rng rng(1);
  ThreadPool one(1);
  ThreadPool three(3);
  for (const auto& [m, n, k] : {Case{1, 1, 1}, Case{13, 33, 7}, Case{6, 16, 256}, Case{25, 65, 300},
                                Case{200, 530, 40}, Case{97, 31, 513}, Case{3, 40, 0}}) {
    for (int variant = 0; variant < 8; ++variant) {
      const bool a_turned = (variant & 1) != 0;
      const bool b_turned = (variant & 2) != 0;
      // Strides larger than the rows, and data that starts at no particular address.
      const std::int64_t a_stride = (a_turned ? m : k) + 3;
      const std::int64_t b_stride = (b_turned ? k : n) + 1;
      const std::vector<float> a = random_floats(rng, a_stride * (a_turned ? k : m) + 1);
      const std::vector<float> b = random_floats(rng, b_stride * (b_turned ? n : k) + 1);
      const std::vector<float> before = random_floats(rng, m * (n + 5));
      std::vector<float> c = before;
      Gemm g{m,
             n,
             k,
             {a.data() + 1, a_stride, a_turned},
             {b.data() + 1, b_stride, b_turned},
             c.data(),
             n + 5,
             (variant & 4) != 0};
      const std::string what = fmt::format("{} x {} x {}, variant {}", m, n, k, variant);
      gemm({one, GetParam()}, g);
      expect_product(g, before, what);
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = n; j < n + 5; ++j) {
          const auto at = static_cast<std::size_t>(i * (n + 5) + j);
          ASSERT_EQ(c[at], before[at]) << what << ": written beside the matrix";
        }
      }
      std::vector<float> c_threads = before;
      g.c = c_threads.data();
      gemm({three, GetParam()}, g);
      ASSERT_EQ(c, c_threads) << what << ": the number of threads changed a bit";
      std::vector<float> c_reference = before;
      g.c = c_reference.data();
      gemm_serial(Isa::reference, g);
      ASSERT_EQ(c, c_reference) << what << ": not the reference's bits";
    }
  }
}

// What makes a rollout's log-probabilities those of the trainer.
TEST_P(GemmTest, TimesATransposeEqualsLinearBitForBit) {
  Rng rng(2);
  ThreadPool threads(2);
  const Context context{threads, GetParam()};
  const std::int64_t rows = 37;
  const std::int64_t n = 70;
  const std::int64_t k = 600;
  const std::vector<float> x = random_floats(rng, rows * k);
  const FloatWeight w(n, k);
  for (float& value : w.tensor->view().span()) value = static_cast<float>(rng.normal());
  const Tensor y(rows, n);
  const Tensor z(rows, n);
  const ConstView input{x.data(), rows, k};
  linear(context, input, w.weight, nullptr, y.view());
  gemm(context, product(factor(input), transpose(w.tensor->view()), k, z.view(), false));
  for (std::int64_t i = 0; i < y.view().size(); ++i) ASSERT_EQ(y.data()[i], z.data()[i]) << i;
}

TEST_P(GemmTest, ABatchEqualsItsProducts) {
  Rng rng(4);
  ThreadPool threads(2);
  const Context context{threads, GetParam()};
  const std::vector<float> a = random_floats(rng, 300 * 20);
  const std::vector<float> b = random_floats(rng, 20 * 64);
  std::vector<float> together(300 * 64);
  std::vector<float> alone(300 * 64);
  std::vector<Gemm> products;
  for (std::int64_t begin = 0; begin < 300; begin += 100) {
    products.push_back({begin == 100 ? 0 : 100,
                        64,
                        20,
                        {a.data() + begin * 20, 20},
                        {b.data(), 64},
                        together.data() + begin * 64,
                        64});
    Gemm g = products.back();
    g.c = alone.data() + begin * 64;
    gemm_serial(GetParam(), g);
  }
  gemm_batch(context, products);
  EXPECT_EQ(together, alone);
}

INSTANTIATE_TEST_SUITE_P(Isa, GemmTest, ::testing::Values(Isa::reference, Isa::avx2, Isa::avx512),
                         [](const auto& param) { return isa_name(param.param); });

}  // namespace
}  // namespace frugal::ops
