#include "ops/linear/linear.h"

#include "ops/testing.h"
#include "quant/quant.h"

namespace frugal::ops {
namespace {

using testing::expect_close;
using testing::random_matrix;
using testing::same_bits;
using testing::usable_isas;

// A weight of the given dtype with random values, and what those values are after rounding.
struct RandomWeight {
  RandomWeight(DType dtype, std::int64_t n, std::int64_t k, std::uint64_t seed)
      : bytes(static_cast<std::size_t>(n * row_bytes(dtype, k)) + 1) {
    const Tensor values = random_matrix(n, k, seed);
    // One byte in, since files do not align tensors.
    const std::span<std::byte> place = std::span(bytes).subspan(1);
    quant::quantize(dtype, values.view().span(), place);
    weight = {dtype, n, k, place.data(), nullptr, nullptr};
  }

  std::vector<std::byte> bytes;
  Weight weight;
};

std::vector<double> naive(ConstView x, const Weight& w, const float* bias) {
  std::vector<double> y;
  std::vector<float> row(static_cast<std::size_t>(w.k));
  for (std::int64_t t = 0; t < x.rows; ++t) {
    for (std::int64_t n = 0; n < w.n; ++n) {
      w.decode(n, 0, row);
      double sum = bias == nullptr ? 0.0 : bias[n];
      for (std::int64_t k = 0; k < w.k; ++k) {
        sum += static_cast<double>(x.row(t)[k]) *
               static_cast<double>(row[static_cast<std::size_t>(k)]);
      }
      y.push_back(sum);
    }
  }
  return y;
}

TEST(Linear, AgreesWithTheNaiveProductAtOddSizes) {
  ThreadPool pool(2);
  for (const DType dtype :
       {DType::f32, DType::f16, DType::bf16, DType::f8_e4m3, DType::q8_0, DType::q4_1}) {
    const std::int64_t step = traits(dtype).block_size;
    for (const std::int64_t n : {1, 7, 33, 70}) {
      for (const std::int64_t k : {step, 3 * step, 288 / step * step + step}) {
        const RandomWeight w(dtype, n, k, 1);
        const Tensor bias = random_matrix(1, n, 2);
        for (const std::int64_t rows : {1, 2, 5, 6, 7, 13}) {
          const Tensor x = random_matrix(rows, k, 3);
          for (const Isa isa : usable_isas()) {
            const Tensor y(rows, n);
            linear({pool, isa}, x.view(), w.weight, bias.data(), y.view());
            SCOPED_TRACE(fmt::format("{} {} n={} k={} rows={}", isa_name(isa), dtype_name(dtype), n,
                                     k, rows));
            expect_close(y.view(), naive(x.view(), w.weight, bias.data()), 1e-6,
                         static_cast<double>(k));
          }
        }
      }
    }
  }
}

TEST(Linear, GivesTheSameBitsOnEveryInstructionSet) {
  ThreadPool pool(2);
  const RandomWeight w(DType::bf16, 45, 517, 4);
  const Tensor x = random_matrix(9, 517, 5);
  const Tensor reference(9, 45);
  linear({pool, Isa::reference}, x.view(), w.weight, nullptr, reference.view());
  for (const Isa isa : usable_isas()) {
    const Tensor y(9, 45);
    linear({pool, isa}, x.view(), w.weight, nullptr, y.view());
    EXPECT_TRUE(same_bits(y.view(), reference.view())) << isa_name(isa);
  }
}

TEST(Linear, RowsDoNotDependOnOtherRowsOrThreads) {
  for (const DType dtype : {DType::f32, DType::bf16, DType::q8_0}) {
    const RandomWeight w(dtype, 100, 320, 6);
    const Tensor x = random_matrix(17, 320, 7);
    for (const Isa isa : usable_isas()) {
      const Tensor together(17, 100);
      ThreadPool one(1);
      linear({one, isa}, x.view(), w.weight, nullptr, together.view());
      for (const int threads : {1, 2, 3}) {
        ThreadPool pool(threads);
        const Tensor alone(17, 100);
        for (std::int64_t t = 0; t < 17; ++t) {
          linear({pool, isa}, {x.row(t), 1, 320}, w.weight, nullptr, {alone.row(t), 1, 100});
        }
        EXPECT_TRUE(same_bits(together.view(), alone.view()))
            << isa_name(isa) << ' ' << dtype_name(dtype) << ' ' << threads << " threads";
      }
    }
  }
}

TEST(Linear, AppliesBlockScalesOfFp8) {
  const std::int64_t n = 150;
  const std::int64_t k = 200;
  RandomWeight w(DType::f8_e4m3, n, k, 8);
  const std::vector<float> scales = {1.0F, 2.0F, 4.0F, 8.0F};  // [2, 2] blocks of 128 x 128
  w.weight.scales = scales.data();
  std::vector<float> row(static_cast<std::size_t>(k));
  std::vector<float> plain(static_cast<std::size_t>(k));
  for (const std::int64_t i : {0, 127, 128, 149}) {
    quant::dequantize(DType::f8_e4m3, {w.weight.data + i * k, static_cast<std::size_t>(k)}, plain);
    w.weight.decode(i, 0, row);
    const std::size_t block_row = i < 128 ? 0 : 2;
    EXPECT_EQ(row[127], plain[127] * scales[block_row]) << "row " << i;
    EXPECT_EQ(row[128], plain[128] * scales[block_row + 1]) << "row " << i;
  }
  ThreadPool pool(2);
  const Tensor x = random_matrix(3, k, 9);
  const Tensor y(3, n);
  for (const Isa isa : usable_isas()) {
    linear({pool, isa}, x.view(), w.weight, nullptr, y.view());
    expect_close(y.view(), naive(x.view(), w.weight, nullptr), 1e-5);
  }
}

TEST(Linear, RefusesShapesThatDoNotFit) {
  ThreadPool pool(1);
  const RandomWeight w(DType::f32, 4, 8, 10);
  const Tensor x(2, 7);
  const Tensor y(2, 4);
  EXPECT_THROW(linear({pool, Isa::reference}, x.view(), w.weight, nullptr, y.view()), Error);
}

}  // namespace
}  // namespace frugal::ops
