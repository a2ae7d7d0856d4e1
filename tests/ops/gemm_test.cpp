#include "ops/gemm/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"
#include "ops/linear/linear.h"
#include "tensor/float_bits.h"

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

std::vector<float> rounded(std::vector<float> values) {
  for (float& value : values) value = bf16_to_float(float_to_bf16(value));
  return values;
}

// Sums in double: an independent definition of the product, of g's factors as they are.
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

struct Kernel {
  Isa isa;
  Factors factors;
};

class GemmTest : public ::testing::TestWithParam<Kernel> {
 protected:
  void SetUp() override {
    if (GetParam().isa > best_isa()) {
      GTEST_SKIP() << "this machine has no " << isa_name(GetParam().isa);
    }
  }
  Isa isa() const { return GetParam().isa; }
  Factors factors() const { return GetParam().factors; }
  bool rounds() const { return factors() == Factors::bf16; }
  // Whose order of sums the kernel has: that of tiles, or one chain.
  Factors order() const {
    return rounds() && (isa() == Isa::amx || isa() == Isa::reference) ? Factors::bf16
                                                                      : Factors::f32;
  }
};
class FloatGemm : public GemmTest {};
class RoundingGemm : public GemmTest {};

TEST_P(GemmTest, EqualsTheSumAtOddSizesAndEveryTransposition) {
  Rng rng(1);
  ThreadPool one(1);
  ThreadPool three(3);
  for (const auto& [m, n, k] :
       {Case{1, 1, 1}, Case{13, 33, 7}, Case{6, 16, 256}, Case{25, 65, 300}, Case{200, 530, 40},
        Case{97, 31, 513}, Case{3, 40, 0}, Case{17, 1040, 50}, Case{48, 16, 1100}}) {
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
      gemm({one, isa()}, g, factors());
      const std::vector<float> near_a = rounds() ? rounded(a) : a;
      const std::vector<float> near_b = rounds() ? rounded(b) : b;
      Gemm near = g;
      near.a.data = near_a.data() + 1;
      near.b.data = near_b.data() + 1;
      expect_product(near, before, what);
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = n; j < n + 5; ++j) {
          const auto at = static_cast<std::size_t>(i * (n + 5) + j);
          ASSERT_EQ(c[at], before[at]) << what << ": written beside the matrix";
        }
      }
      std::vector<float> c_threads = before;
      g.c = c_threads.data();
      gemm({three, isa()}, g, factors());
      ASSERT_EQ(c, c_threads) << what << ": the number of threads changed a bit";
      std::vector<float> c_reference = before;
      near.c = c_reference.data();
      gemm_serial(Isa::reference, near, order());
      ASSERT_EQ(c, c_reference) << what << ": not the reference's bits";
    }
  }
}

// What makes a rollout's log-probabilities those of the trainer.
TEST_P(FloatGemm, TimesATransposeEqualsLinearBitForBit) {
  Rng rng(2);
  ThreadPool threads(2);
  const Context context{threads, isa()};
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
  ThreadPool threads(3);  // whose shares end within products
  const Context context{threads, isa()};
  const std::vector<float> a = random_floats(rng, 1500 * 20);
  const std::vector<float> b = random_floats(rng, 20 * 64);
  std::vector<float> together(1500 * 64);
  std::vector<float> alone(1500 * 64);
  std::vector<Gemm> products;
  for (std::int64_t begin = 0; begin < 1500; begin += 500) {
    products.push_back({begin == 500 ? 0 : begin == 0 ? 200 : 500,
                        64,
                        20,
                        {a.data() + begin * 20, 20},
                        {b.data(), 64},
                        together.data() + begin * 64,
                        64});
    Gemm g = products.back();
    g.c = alone.data() + begin * 64;
    gemm_serial(isa(), g, factors());
  }
  gemm_batch(context, products, factors());
  EXPECT_EQ(together, alone);
}

// Products with 1 show each value rounded: to nearest, ties to even, subnormal numbers to zero.
TEST_P(RoundingGemm, RoundsFactorsAsTheFormatSays) {
  const float tiny = std::numeric_limits<float>::min();
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<std::pair<float, float>> cases = {
      {1 + 0x1p-8F, 1},
      {1 + 0x1.8p-7F, 1 + 0x1p-6F},
      {1 + 0x1.02p-8F, 1 + 0x1p-7F},
      {-1 - 0x1.02p-8F, -1 - 0x1p-7F},
      {0x1.fffp127F, infinity},
      {-infinity, -infinity},
      {tiny, tiny},
      {tiny / 2, 0},
      {0x1.fffffcp-127F, 0},
      {tiny * (1 + 0x1.02p-8F), tiny * (1 + 0x1p-7F)}};
  const float one = 1;
  for (const auto& [value, wanted] : cases) {
    for (const bool left : {true, false}) {
      float c = -1;
      gemm_serial(isa(), {1, 1, 1, {left ? &value : &one, 1}, {left ? &one : &value, 1}, &c, 1},
                  factors());
      EXPECT_EQ(c, wanted) << value << (left ? " on the left" : " on the right");
    }
  }
  const float no_number = std::numeric_limits<float>::quiet_NaN();
  float c = 0;
  gemm_serial(isa(), {1, 1, 1, {&no_number, 1}, {&one, 1}, &c, 1}, factors());
  EXPECT_TRUE(std::isnan(c));
}

std::vector<Kernel> kernels(std::initializer_list<Factors> chosen) {
  std::vector<Kernel> all;
  for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512, Isa::amx}) {
    for (const Factors factors : chosen) all.push_back({isa, factors});
  }
  return all;
}

std::string name_of(const ::testing::TestParamInfo<Kernel>& one) {
  return std::string(isa_name(one.param.isa)) + (one.param.factors == Factors::bf16 ? "_bf16" : "");
}

INSTANTIATE_TEST_SUITE_P(All, GemmTest, ::testing::ValuesIn(kernels({Factors::f32, Factors::bf16})),
                         name_of);
INSTANTIATE_TEST_SUITE_P(All, FloatGemm, ::testing::ValuesIn(kernels({Factors::f32})), name_of);
INSTANTIATE_TEST_SUITE_P(All, RoundingGemm, ::testing::ValuesIn(kernels({Factors::bf16})), name_of);

}  // namespace
}  // namespace frugal::ops
