#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/linear/linear.h"
#include "ops/panel/panel.h"
#include "ops/random_weight.h"

namespace frugal::ops {
namespace {

using testing::expect_close;
using testing::kWeightTypes;
using testing::random_matrix;
using testing::RandomWeight;
using testing::same_bits;
using testing::usable_isas;

std::vector<DType> block_types() {
  std::vector<DType> types;
  std::ranges::copy_if(kWeightTypes, std::back_inserter(types), is_block_type);
  return types;
}

TEST(Panel, PackedRowsDecodeToTheSameBits) {
  for (const DType dtype : kWeightTypes) {
    const std::int64_t k = 3 * traits(dtype).block_size;
    for (const std::int64_t n : {1, 16, 37}) {
      const RandomWeight stored(dtype, n, k, 1);
      const Weight packed = pack(stored.weight);
      const Tensor wanted(n, k);
      const Tensor got(n, k);
      for (std::int64_t i = 0; i < n; ++i) {
        stored.weight.decode(i, 0, {wanted.row(i), static_cast<std::size_t>(k)});
        packed.decode(i, 0, {got.row(i), static_cast<std::size_t>(k)});
      }
      EXPECT_TRUE(same_bits(got.view(), wanted.view())) << dtype_name(dtype) << " n=" << n;
    }
  }
}

TEST(Panel, PackedWeightsAreNotMuchLargerThanStoredOnes) {
  for (const DType dtype : kWeightTypes) {
    const std::int64_t stored = 4096 * row_bytes(dtype, 2048);
    EXPECT_LE(packed_bytes(dtype, 4096, 2048), stored + stored / 16) << dtype_name(dtype);
  }
  EXPECT_EQ(packed_bytes(DType::q4_k, 4096, 2048), 4096 * row_bytes(DType::q4_k, 2048));
}

// x as the kernels see it: rounded to a 127th of the largest magnitude of each 32 values.
Tensor rounded(ConstView x) {
  Tensor result(x.rows, x.cols);
  for (std::int64_t begin = 0; begin < x.size(); begin += 32) {
    float peak = 0;
    for (std::int64_t i = begin; i < begin + 32; ++i) peak = std::max(peak, std::abs(x.data[i]));
    for (std::int64_t i = begin; i < begin + 32; ++i) {
      const float level = peak == 0 ? 0 : std::nearbyint(x.data[i] * (127 / peak));
      result.data()[i] = level * (peak / 127);
    }
  }
  return result;
}

std::vector<double> naive(ConstView x, const Weight& w, const float* bias) {
  std::vector<double> y;
  std::vector<float> row(static_cast<std::size_t>(w.k));
  for (std::int64_t t = 0; t < x.rows; ++t) {
    for (std::int64_t n = 0; n < w.n; ++n) {
      w.decode(n, 0, row);
      double sum = bias == nullptr ? 0.0 : static_cast<double>(bias[n]);
      for (std::int64_t k = 0; k < w.k; ++k) {
        sum += static_cast<double>(x.row(t)[k]) *
               static_cast<double>(row[static_cast<std::size_t>(k)]);
      }
      y.push_back(sum);
    }
  }
  return y;
}

TEST(PackedLinear, IsTheProductWithRoundedActivations) {
  ThreadPool pool(1);
  for (const DType dtype : block_types()) {
    const std::int64_t k = 3 * traits(dtype).block_size;
    const RandomWeight w(dtype, 21, k, 2);
    const Weight packed = pack(w.weight);
    const Tensor x = random_matrix(3, k, 3);
    const Tensor bias = random_matrix(1, 21, 4);
    const Tensor y(3, 21);
    linear({pool, Isa::reference}, x.view(), packed, bias.data(), y.view());
    SCOPED_TRACE(dtype_name(dtype));
    expect_close(y.view(), naive(rounded(x.view()).view(), w.weight, bias.data()), 1e-6);
  }
}

TEST(PackedLinear, GivesTheBitsOfTheReferenceAtOddSizes) {
  ThreadPool pool(2);
  for (const DType dtype : block_types()) {
    const std::int64_t block = traits(dtype).block_size;
    for (const std::int64_t n : {1, 16, 31, 80, 150}) {
      for (const std::int64_t k : {block, 3 * block, block == 32 ? 288 + block : 2 * block}) {
        const Weight w = pack(RandomWeight(dtype, n, k, 5).weight);
        const Tensor bias = random_matrix(1, n, 6);
        for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 13, 24}) {
          const Tensor x = random_matrix(rows, k, 7);
          const Tensor wanted(rows, n);
          linear({pool, Isa::reference}, x.view(), w, bias.data(), wanted.view());
          for (const Isa isa : usable_isas()) {
            const Tensor y(rows, n);
            linear({pool, isa}, x.view(), w, bias.data(), y.view());
            ASSERT_TRUE(same_bits(y.view(), wanted.view()))
                << isa_name(isa) << ' ' << dtype_name(dtype) << " n=" << n << " k=" << k
                << " rows=" << rows;
          }
        }
      }
    }
  }
}

TEST(PackedLinear, FloatTypesGiveTheBitsOfWeightsByRows) {
  ThreadPool pool(2);
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::f8_e4m3}) {
    for (const std::int64_t n : {1, 16, 31, 80, 150}) {
      for (const std::int64_t k : {1, 37, 256, 300}) {
        RandomWeight stored(dtype, n, k, 5);
        const Tensor scales = random_matrix(2, 3, 8);  // [ceil(150 / 128), ceil(300 / 128)]
        if (dtype == DType::f8_e4m3) stored.weight.scales = scales.data();
        const Weight packed = pack(stored.weight);
        const Tensor bias = random_matrix(1, n, 6);
        for (const std::int64_t rows : {1, 2, 3, 6, 7, 12, 13, 25}) {
          const Tensor x = random_matrix(rows, k, 7);
          const Tensor wanted(rows, n);
          linear({pool, Isa::reference}, x.view(), stored.weight, bias.data(), wanted.view());
          for (const Isa isa : usable_isas()) {
            const Tensor y(rows, n);
            linear({pool, isa}, x.view(), packed, bias.data(), y.view());
            ASSERT_TRUE(same_bits(y.view(), wanted.view()))
                << isa_name(isa) << ' ' << dtype_name(dtype) << " n=" << n << " k=" << k
                << " rows=" << rows;
          }
        }
      }
    }
  }
}

TEST(PackedLinear, ReadsEveryByteOfFp8) {
  ThreadPool pool(1);
  std::vector<std::byte> bytes(256);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
  const Weight stored{DType::f8_e4m3, 256, 1, bytes.data(), nullptr, nullptr};
  const Weight packed = pack(stored);
  Tensor x(1, 1);
  x.row(0)[0] = 1;
  for (const Isa isa : usable_isas()) {
    const Tensor y(1, 256);
    linear({pool, isa}, x.view(), packed, nullptr, y.view());
    for (std::int64_t i = 0; i < 256; ++i) {
      float wanted;
      stored.decode(i, 0, {&wanted, 1});
      if (std::isnan(wanted)) {
        EXPECT_TRUE(std::isnan(y.row(0)[i])) << isa_name(isa) << ' ' << i;
      } else {
        EXPECT_EQ(y.row(0)[i], wanted) << isa_name(isa) << ' ' << i;
      }
    }
  }
}

// The largest products that there can be, which must not overflow 16 bits on the way.
TEST(PackedLinear, SurvivesTheLargestLevels) {
  ThreadPool pool(1);
  for (const DType dtype : block_types()) {
    const std::int64_t k = traits(dtype).block_size;
    for (const std::byte fill : {std::byte{0xFF}, std::byte{0x80}, std::byte{0x7F}}) {
      RandomWeight w(dtype, 16, k, 8);
      for (std::size_t at = 1; at < w.bytes.size(); ++at) {
        const std::size_t in_block = (at - 1) % static_cast<std::size_t>(traits(dtype).block_bytes);
        const auto halves = testing::half_offsets(dtype);
        const bool scale = std::ranges::any_of(
            halves, [&](std::size_t offset) { return in_block / 2 == offset / 2; });
        if (!scale) w.bytes[at] = fill;
      }
      const Weight packed = pack(w.weight);
      for (const float sign : {1.0F, -1.0F}) {
        Tensor x(5, k);
        for (float& value : x.view().span()) value = sign;
        const Tensor wanted(5, 16);
        linear({pool, Isa::reference}, x.view(), packed, nullptr, wanted.view());
        expect_close(wanted.view(), naive(x.view(), w.weight, nullptr), 1e-6);
        for (const Isa isa : usable_isas()) {
          const Tensor y(5, 16);
          linear({pool, isa}, x.view(), packed, nullptr, y.view());
          EXPECT_TRUE(same_bits(y.view(), wanted.view()))
              << isa_name(isa) << ' ' << dtype_name(dtype);
        }
      }
    }
  }
}

// Whole numbers, packed floats, floats by rows and those that gemm() takes.
TEST(LinearBatch, TakesChosenRowsAndSomeColumnsOfWiderMatrices) {
  ThreadPool pool(2);
  const Tensor x = random_matrix(9, 3 * 256, 11);
  const std::vector<std::int64_t> jumping = {7, 2, 2, 8, 0, 5, 1, 3};
  const std::vector<std::int64_t> in_order = {4, 5, 6};
  for (const DType dtype : {DType::q8_0, DType::bf16, DType::f32}) {
    const RandomWeight stored(dtype, 40, 256, 12);
    const Weight packed = pack(stored.weight);
    for (const Weight* w : {&packed, &stored.weight}) {
      for (const Isa isa : usable_isas()) {
        const Tensor y(8 + 3, 2 * 40);
        const auto middle = StridedView<const float>::columns(x.view(), 256, 256);
        const std::vector<Product> products = {
            {middle, w, nullptr, {y.row(0) + 40, 8, 40, 80}, jumping},
            {middle, w, nullptr, {y.row(0), 8, 40, 80}, jumping},
            {middle, w, nullptr, {y.row(8), 3, 40, 80}, in_order}};
        Arena scratch;
        linear_batch({pool, isa}, products, scratch);
        for (std::size_t t = 0; t < 11; ++t) {
          const std::int64_t row = t < 8 ? jumping[t] : in_order[t - 8];
          const Tensor wanted(1, 40);
          linear({pool, isa}, {x.row(row) + 256, 1, 256}, *w, nullptr, wanted.view());
          const float* got = y.row(static_cast<std::int64_t>(t));
          SCOPED_TRACE(::testing::Message() << isa_name(isa) << ' ' << dtype_name(dtype));
          EXPECT_TRUE(same_bits({got, 1, 40}, wanted.view())) << "row " << t;
          if (t >= 8) continue;
          EXPECT_TRUE(same_bits({got + 40, 1, 40}, wanted.view())) << "row " << t;
        }
      }
    }
  }
}

TEST(PackedLinear, RowsDoNotDependOnOtherRowsOrThreads) {
  for (const DType dtype : {DType::q8_0, DType::q4_k, DType::q6_k, DType::q4_1}) {
    const Weight w = pack(RandomWeight(dtype, 100, 512, 9).weight);
    const Tensor x = random_matrix(17, 512, 10);
    for (const Isa isa : usable_isas()) {
      const Tensor together(17, 100);
      ThreadPool one(1);
      linear({one, isa}, x.view(), w, nullptr, together.view());
      for (const int threads : {1, 2, 3}) {
        ThreadPool pool(threads);
        const Tensor alone(17, 100);
        for (std::int64_t t = 0; t < 17; ++t) {
          linear({pool, isa}, {x.row(t), 1, 512}, w, nullptr, {alone.row(t), 1, 100});
        }
        EXPECT_TRUE(same_bits(together.view(), alone.view()))
            << isa_name(isa) << ' ' << dtype_name(dtype) << ' ' << threads << " threads";
      }
    }
  }
}

TEST(PackedLinear, ShowsActivationsThatAreNoNumbers) {
  ThreadPool pool(1);
  const Weight w = pack(RandomWeight(DType::q8_0, 20, 64, 11).weight);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Tensor x = random_matrix(6, 64, 12);
    x.row(2)[40] = bad;
    for (const Isa isa : usable_isas()) {
      const Tensor y(6, 20);
      linear({pool, isa}, x.view(), w, nullptr, y.view());
      for (std::int64_t n = 0; n < 20; ++n) {
        EXPECT_TRUE(std::isnan(y.row(2)[n])) << isa_name(isa);
        EXPECT_TRUE(std::isfinite(y.row(1)[n])) << isa_name(isa);
      }
    }
  }
}

TEST(PackedLinear, TakesTinyAndHugeActivations) {
  ThreadPool pool(1);
  const RandomWeight stored(DType::q8_0, 20, 64, 13);
  const Weight w = pack(stored.weight);
  for (const float scale : {0.0F, 1e-40F, 1e-31F, 1e-29F, 1e30F}) {
    const Tensor x = random_matrix(6, 64, 14, scale);
    const Tensor wanted(6, 20);
    linear({pool, Isa::reference}, x.view(), w, nullptr, wanted.view());
    expect_close(wanted.view(), naive(x.view(), stored.weight, nullptr), 0.02, 1e-28);
    for (const Isa isa : usable_isas()) {
      const Tensor y(6, 20);
      linear({pool, isa}, x.view(), w, nullptr, y.view());
      EXPECT_TRUE(same_bits(y.view(), wanted.view())) << isa_name(isa) << ' ' << scale;
    }
  }
}

}  // namespace
}  // namespace frugal::ops
