#include "ops/mla/mla.h"

#include <algorithm>
#include <numeric>

#include "ops/testing.h"
#include "tensor/float_bits.h"

namespace frugal::ops {
namespace {

using testing::expect_close;
using testing::one_sequence;
using testing::random_matrix;
using testing::same_bits;
using testing::usable_isas;

constexpr MlaShape kShape{3, 12, 6, 10, 40, 0.2F};

// One sequence: every key and value written out, straight from the definition.
std::vector<double> naive(ConstView q, ConstView latent, ConstView kv_b) {
  const MlaShape& s = kShape;
  std::vector<double> out;
  for (std::int64_t t = 0; t < q.rows; ++t) {
    for (std::int64_t h = 0; h < s.n_heads; ++h) {
      const auto up = [&](std::int64_t j,
                          std::int64_t i) {  // value i of head h's [nope + v] at position j
        double sum = 0;
        for (std::int64_t c = 0; c < s.kv_lora_rank; ++c) {
          sum += static_cast<double>(kv_b.row(h * s.kv_head_dim() + i)[c]) * latent.row(j)[c];
        }
        return sum;
      };
      const float* query = q.row(t) + h * s.q_head_dim();
      std::vector<double> p;
      for (std::int64_t j = 0; j <= t; ++j) {
        double score = 0;
        for (std::int64_t d = 0; d < s.qk_nope_head_dim; ++d) score += query[d] * up(j, d);
        for (std::int64_t d = 0; d < s.qk_rope_head_dim; ++d) {
          score += static_cast<double>(query[s.qk_nope_head_dim + d]) *
                   latent.row(j)[s.kv_lora_rank + d];
        }
        p.push_back(std::exp(score * s.scale));
      }
      const double sum = std::accumulate(p.begin(), p.end(), 0.0);
      for (std::int64_t d = 0; d < s.v_head_dim; ++d) {
        double value = 0;
        for (std::int64_t j = 0; j <= t; ++j) {
          value += p[static_cast<std::size_t>(j)] * up(j, s.qk_nope_head_dim + d);
        }
        out.push_back(value / sum);
      }
    }
  }
  return out;
}

struct Operands {
  explicit Operands(std::int64_t rows)
      : q(random_matrix(rows, kShape.n_heads * kShape.q_head_dim(), 1)),
        latent(random_matrix(rows, kShape.latent_width(), 2)),
        kv_b(random_matrix(kShape.n_heads * kShape.kv_head_dim(), kShape.kv_lora_rank, 3, 0.3F)),
        weight{DType::f32,  kv_b.rows(),
               kv_b.cols(), reinterpret_cast<const std::byte*>(kv_b.data()),
               nullptr,     nullptr} {}
  Tensor q, latent, kv_b;
  Weight weight;
};

ConstView part(const Tensor& t, std::int64_t begin, std::int64_t rows) {
  return {t.row(begin), rows, t.cols()};
}

class Mla : public ::testing::TestWithParam<MlaMode> {
 protected:
  Arena scratch;
};

TEST_P(Mla, AgreesWithTheDefinition) {
  ThreadPool pool(2);
  for (const std::int64_t rows : {1, 63, 64, 65, 140}) {
    const Operands o(rows);
    for (const Isa isa : usable_isas()) {
      const Tensor out(rows, kShape.n_heads * kShape.v_head_dim);
      mla({pool, isa}, GetParam(), kShape, one_sequence(rows, 0, {}), o.q.view(), o.latent.view(),
          o.weight, {}, out.view(), scratch);
      expect_close(out.view(), naive(o.q.view(), o.latent.view(), o.kv_b.view()), 1e-5);
    }
  }
}

TEST_P(Mla, ChunksThroughTheCacheGiveTheSameBits) {
  const std::int64_t rows = 140;
  const Operands o(rows);
  for (const Isa isa : usable_isas()) {
    ThreadPool two(2);
    const Tensor whole(rows, kShape.n_heads * kShape.v_head_dim);
    mla({two, isa}, GetParam(), kShape, one_sequence(rows, 0, {}), o.q.view(), o.latent.view(),
        o.weight, {}, whole.view(), scratch);
    for (const std::int64_t chunk : {1, 7, 64, 140}) {
      for (const int threads : {1, 3}) {
        ThreadPool pool(threads);
        const std::vector<std::int32_t> blocks = {4, 0, 2};
        const Buffer memory(static_cast<std::size_t>(5 * mla_cache_bytes(GetParam(), kShape)));
        const Tensor out(rows, whole.cols());
        for (std::int64_t begin = 0; begin < rows; begin += chunk) {
          const std::int64_t count = std::min(chunk, rows - begin);
          mla({pool, isa}, GetParam(), kShape, one_sequence(count, begin, blocks),
              part(o.q, begin, count), part(o.latent, begin, count), o.weight,
              {memory.data(), mla_cache_bytes(GetParam(), kShape)},
              {out.row(begin), count, out.cols()}, scratch);
        }
        EXPECT_TRUE(same_bits(out.view(), whole.view()))
            << isa_name(isa) << " chunk " << chunk << ", " << threads << " threads";
      }
    }
  }
}

// Latents that fill no register, more queries than a panel, and several tiles.
TEST_P(Mla, GivesTheSameBitsOnEveryInstructionSet) {
  for (const CacheType type : {CacheType::f32, CacheType::f16, CacheType::q8_0}) {
    for (const int threads : {1, 3}) {
      ThreadPool pool(threads);
      for (const std::int64_t rows : {1, 70, 140}) {
        const Operands o(rows);
        MlaShape shape = kShape;
        shape.cache = type;
        const Tensor wanted(rows, kShape.n_heads * kShape.v_head_dim);
        mla({pool, Isa::reference}, GetParam(), shape, one_sequence(rows, 0, {}), o.q.view(),
            o.latent.view(), o.weight, {}, wanted.view(), scratch);
        for (const Isa isa : usable_isas()) {
          const Tensor out(rows, wanted.cols());
          mla({pool, isa}, GetParam(), shape, one_sequence(rows, 0, {}), o.q.view(),
              o.latent.view(), o.weight, {}, out.view(), scratch);
          EXPECT_TRUE(same_bits(out.view(), wanted.view())) << isa_name(isa) << " rows " << rows;
        }
      }
    }
  }
}

// Positions that nobody wrote hold whatever was there before.
TEST_P(Mla, NeverReadsBehindTheEndOfASequence) {
  const Operands o(70);
  ThreadPool pool(1);
  const std::vector<std::int32_t> blocks = {1, 0};
  for (const Isa isa : usable_isas()) {
    const Tensor clean(70, kShape.n_heads * kShape.v_head_dim);
    const Tensor dirty(70, clean.cols());
    for (const Tensor* out : {&clean, &dirty}) {
      const Buffer memory(static_cast<std::size_t>(2 * mla_cache_bytes(GetParam(), kShape)));
      if (out == &dirty) std::fill_n(memory.data(), memory.size(), std::byte{0xFF});  // all NaN
      mla({pool, isa}, GetParam(), kShape, one_sequence(70, 0, blocks), o.q.view(), o.latent.view(),
          o.weight, {memory.data(), mla_cache_bytes(GetParam(), kShape)}, out->view(), scratch);
    }
    EXPECT_TRUE(same_bits(dirty.view(), clean.view())) << isa_name(isa);
  }
}

// Heads of the released models' size.
TEST(MlaExpanded, AgreesWithTheAbsorbedFormWithWideHeads) {
  ThreadPool pool(2);
  Arena scratch;
  const MlaShape shape{32, 128, 16, 128, 24, 0.05F};
  const std::int64_t rows = 200;
  const Tensor q = random_matrix(rows, shape.n_heads * shape.q_head_dim(), 1);
  const Tensor latent = random_matrix(rows, shape.latent_width(), 2);
  const FloatWeight kv_b(shape.n_heads * shape.kv_head_dim(), shape.kv_lora_rank);
  std::ranges::copy(random_matrix(kv_b.weight.n, kv_b.weight.k, 3, 0.3F).view().span(),
                    kv_b.tensor->data());
  for (const Isa isa : usable_isas()) {
    const Tensor expanded(rows, shape.n_heads * shape.v_head_dim);
    const Tensor absorbed(rows, expanded.cols());
    for (const MlaMode mode : {MlaMode::expanded, MlaMode::absorbed}) {
      mla({pool, isa}, mode, shape, one_sequence(rows, 0, {}), q.view(), latent.view(), kv_b.weight,
          {}, (mode == MlaMode::expanded ? expanded : absorbed).view(), scratch);
    }
    const auto values = absorbed.view().span();
    expect_close(expanded.view(), {values.begin(), values.end()}, 1e-6);
  }
}

TEST(MlaAbsorbed, KeepsSixteenBitWeightsAsTheyAre) {
  const Operands o(1);
  std::vector<std::uint16_t> bits;
  for (const float value : o.kv_b.view().span()) bits.push_back(float_to_bf16(value));
  const Weight halves{DType::bf16,   o.kv_b.rows(),
                      o.kv_b.cols(), reinterpret_cast<const std::byte*>(bits.data()),
                      nullptr,       nullptr};
  const AbsorbedWeights weights = absorb(kShape, halves);
  ASSERT_EQ(weights.keys.size(), 3U);
  EXPECT_EQ(weights.keys[1].dtype, DType::bf16);
  float key = 0;
  weights.keys[1].decode(7, 5, {&key, 1});  // of head 1: latent value 7, key value 5
  EXPECT_EQ(key, bf16_to_float(float_to_bf16(o.kv_b.row(kShape.kv_head_dim() + 5)[7])));
  float value = 0;
  weights.values[2].decode(3, 9, {&value, 1});  // of head 2: value 3, latent value 9
  const std::int64_t row = 2 * kShape.kv_head_dim() + kShape.qk_nope_head_dim + 3;
  EXPECT_EQ(value, bf16_to_float(float_to_bf16(o.kv_b.row(row)[9])));
}

INSTANTIATE_TEST_SUITE_P(BothModes, Mla, ::testing::Values(MlaMode::expanded, MlaMode::absorbed),
                         [](const auto& mode) {
                           return mode.param == MlaMode::expanded ? "expanded" : "absorbed";
                         });

}  // namespace
}  // namespace frugal::ops
