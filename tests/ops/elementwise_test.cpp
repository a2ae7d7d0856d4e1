#include "ops/add/add.h"
#include "ops/embedding/embedding.h"
#include "ops/norm/rms_norm.h"
#include "ops/rope/rope.h"
#include "ops/scalar_math.h"
#include "ops/swiglu/swiglu.h"
#include "ops/testing.h"

namespace frugal::ops {
namespace {

using testing::expect_close;
using testing::random_matrix;

TEST(ScalarMath, ExpIsWithinTwoUlps) {
  double worst = 0;
  for (int i = -870000; i <= 887000; ++i) {
    const float x = static_cast<float>(i) * 1e-4F;
    const double wanted = std::exp(static_cast<double>(x));
    const double ulp = std::ldexp(1.0, std::ilogb(wanted) - 23);
    worst = std::max(worst, std::abs(exp_float(x) - wanted) / ulp);
  }
  EXPECT_LE(worst, 2.0);
  EXPECT_EQ(exp_float(0.0F), 1.0F);
  EXPECT_EQ(exp_float(-1000.0F), 0.0F);
  EXPECT_EQ(exp_float(-HUGE_VALF), 0.0F);
  EXPECT_EQ(exp_float(1000.0F), HUGE_VALF);
}

TEST(RmsNorm, NormalisesRowsAndHeads) {
  ThreadPool pool(2);
  const Tensor x = random_matrix(5, 48, 1);
  for (const std::int64_t width : {48, 16}) {
    const Tensor weight = random_matrix(1, width, 2);
    std::vector<double> wanted;
    for (std::int64_t i = 0; i < x.rows() * x.cols(); ++i) {
      const float* group = x.data() + i / width * width;
      double squares = 0;
      for (std::int64_t d = 0; d < width; ++d) squares += static_cast<double>(group[d]) * group[d];
      wanted.push_back(x.data()[i] / std::sqrt(squares / static_cast<double>(width) + 1e-3) *
                       weight.data()[i % width]);
    }
    const Tensor y(5, 48);
    rms_norm({pool, Isa::reference}, x.view(), weight.view().span(), 1e-3F, y.view());
    expect_close(y.view(), wanted, 1e-6);
  }
}

TEST(Rope, TurnsPairsByThePositionOfTheSequence) {
  ThreadPool pool(1);
  for (const bool interleaved : {false, true}) {
    Rope rope{{1.0, 0.25}, 2.0F, interleaved};
    // Two heads of 6, of which the last 4 values turn; a sequence that starts at position 10, one
    // at 0.
    const SequenceLayout layout{{{0, 2, 10, {}}, {2, 1, 0, {}}}, 3};
    const Tensor x = random_matrix(3, 12, 3);
    std::vector<double> wanted(x.data(), x.data() + 36);
    const double positions[] = {10, 11, 0};
    for (std::size_t t = 0; t < 3; ++t) {
      for (std::size_t h = 0; h < 2; ++h) {
        for (std::size_t i = 0; i < 2; ++i) {
          const std::size_t a = t * 12 + h * 6 + 2 + (interleaved ? 2 * i : i);
          const std::size_t b = interleaved ? a + 1 : a + 2;
          const double angle = positions[t] * rope.frequencies[i];
          const double p = wanted[a];
          const double q = wanted[b];
          wanted[a] = 2 * (p * std::cos(angle) - q * std::sin(angle));
          wanted[b] = 2 * (q * std::cos(angle) + p * std::sin(angle));
        }
      }
    }
    const Tensor table(3, 4);
    const Context context{pool, Isa::reference};
    fill_rotations(context, rope, layout, table.view());
    ops::rope(context, {table.view(), rope.interleaved}, 2, x.view());
    expect_close(x.view(), wanted, 1e-6);
  }
}

TEST(Swiglu, IsSiluTimesUp) {
  ThreadPool pool(2);
  const Tensor gate = random_matrix(3, 50, 4, 5.0F);
  const Tensor up = random_matrix(3, 50, 5);
  std::vector<double> wanted;
  for (int i = 0; i < 150; ++i) {
    const double g = gate.data()[i];
    wanted.push_back(g / (1 + std::exp(-g)) * up.data()[i]);
  }
  swiglu({pool, Isa::reference}, gate.view(), up.view(), gate.view());  // in place
  expect_close(gate.view(), wanted, 1e-6);
}

TEST(Embedding, ReadsRowsAndRefusesOtherIds) {
  ThreadPool pool(2);
  const FloatWeight table(4, 3);
  for (int i = 0; i < 12; ++i) table.tensor->data()[i] = static_cast<float>(i);
  const Tensor out(2, 3);
  embedding({pool, Isa::reference}, table.weight, std::vector<std::int32_t>{2, 0}, out.view());
  EXPECT_EQ(out.row(0)[1], 7.0F);
  EXPECT_EQ(out.row(1)[2], 2.0F);
  for (const std::int32_t bad : {-1, 4}) {
    EXPECT_THROW(embedding({pool, Isa::reference}, table.weight, std::vector<std::int32_t>{bad, 0},
                           out.view()),
                 Error);
  }
}

TEST(Add, AddsInPlace) {
  ThreadPool pool(2);
  const Tensor a = random_matrix(2, 7, 6);
  const Tensor b = random_matrix(2, 7, 7);
  std::vector<double> wanted;
  for (int i = 0; i < 14; ++i) wanted.push_back(static_cast<double>(a.data()[i]) + b.data()[i]);
  add({pool, Isa::reference}, a.view(), b.view(), a.view());
  expect_close(a.view(), wanted, 1e-6);
}

}  // namespace
}  // namespace frugal::ops
