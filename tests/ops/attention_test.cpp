#include "ops/attention/attention.h"

#include <array>
#include <numeric>

#include "ops/testing.h"
#include "quant/quant.h"
#include "tensor/float_bits.h"

namespace frugal::ops {
namespace {

using testing::expect_close;
using testing::one_sequence;
using testing::random_matrix;
using testing::same_bits;
using testing::usable_isas;

constexpr AttentionShape kShape{6, 2, 20, 0.3F};

// All rows of one sequence, positions 0 ... T - 1, straight from the definition.
std::vector<double> naive(const AttentionShape& s, ConstView q, ConstView k, ConstView v) {
  std::vector<double> out(static_cast<std::size_t>(q.size()));
  for (std::int64_t t = 0; t < q.rows; ++t) {
    for (std::int64_t h = 0; h < s.n_heads; ++h) {
      const std::int64_t kv = h / (s.n_heads / s.n_kv_heads) * s.head_dim;
      std::vector<double> p;
      for (std::int64_t j = 0; j <= t; ++j) {
        double score = 0;
        for (std::int64_t d = 0; d < s.head_dim; ++d) {
          score += static_cast<double>(q.row(t)[h * s.head_dim + d]) * k.row(j)[kv + d];
        }
        p.push_back(std::exp(score * s.scale));
      }
      const double sum = std::accumulate(p.begin(), p.end(), 0.0);
      for (std::int64_t d = 0; d < s.head_dim; ++d) {
        double value = 0;
        for (std::int64_t j = 0; j <= t; ++j)
          value += p[static_cast<std::size_t>(j)] * v.row(j)[kv + d];
        out[static_cast<std::size_t>(t * q.cols + h * s.head_dim + d)] = value / sum;
      }
    }
  }
  return out;
}

struct Operands {
  explicit Operands(std::int64_t rows)
      : q(random_matrix(rows, kShape.n_heads * kShape.head_dim, 1)),
        k(random_matrix(rows, kShape.n_kv_heads * kShape.head_dim, 2)),
        v(random_matrix(rows, kShape.n_kv_heads * kShape.head_dim, 3)) {}
  Tensor q, k, v;
};

ConstView part(const Tensor& t, std::int64_t begin, std::int64_t rows) {
  return {t.row(begin), rows, t.cols()};
}

TEST(Attention, AgreesWithTheDefinition) {
  ThreadPool pool(2);
  for (const std::int64_t rows : {1, 2, 63, 64, 65, 200}) {
    const Operands o(rows);
    for (const Isa isa : usable_isas()) {
      const Tensor out(rows, o.q.cols());
      attention({pool, isa}, kShape, one_sequence(rows, 0, {}), o.q.view(), o.k.view(), o.v.view(),
                {}, out.view());
      expect_close(out.view(), naive(kShape, o.q.view(), o.k.view(), o.v.view()), 1e-5);
    }
  }
}

TEST(Attention, ChunksThroughTheCacheGiveTheSameBits) {
  const std::int64_t rows = 200;
  const Operands o(rows);
  for (const Isa isa : usable_isas()) {
    ThreadPool two(2);
    const Tensor whole(rows, o.q.cols());
    attention({two, isa}, kShape, one_sequence(rows, 0, {}), o.q.view(), o.k.view(), o.v.view(), {},
              whole.view());
    for (const std::int64_t chunk : {1, 7, 64, 200}) {
      for (const int threads : {1, 3}) {
        ThreadPool pool(threads);
        const std::vector<std::int32_t> blocks = {5, 2, 0,
                                                  3};  // out of order, as a pool hands them out
        const Buffer memory(static_cast<std::size_t>(6 * kShape.cache_bytes()));
        const Tensor out(rows, o.q.cols());
        for (std::int64_t begin = 0; begin < rows; begin += chunk) {
          const std::int64_t count = std::min(chunk, rows - begin);
          attention({pool, isa}, kShape, one_sequence(count, begin, blocks),
                    part(o.q, begin, count), part(o.k, begin, count), part(o.v, begin, count),
                    {memory.data(), kShape.cache_bytes()}, {out.row(begin), count, out.cols()});
        }
        EXPECT_TRUE(same_bits(out.view(), whole.view())) << isa_name(isa) << " chunk " << chunk;
      }
    }
  }
}

TEST(Attention, SequencesOfABatchDoNotSeeEachOther) {
  const Operands o(100);
  ThreadPool pool(2);
  const SequenceLayout packed{{{0, 30, 0, {}}, {30, 1, 0, {}}, {31, 69, 0, {}}}, 100};
  for (const Isa isa : usable_isas()) {
    const Tensor together(100, o.q.cols());
    attention({pool, isa}, kShape, packed, o.q.view(), o.k.view(), o.v.view(), {}, together.view());
    const Tensor alone(100, o.q.cols());
    for (const Segment& s : packed.segments) {
      attention({pool, isa}, kShape, one_sequence(s.rows, 0, {}), part(o.q, s.row, s.rows),
                part(o.k, s.row, s.rows), part(o.v, s.row, s.rows), {},
                {alone.row(s.row), s.rows, alone.cols()});
    }
    EXPECT_TRUE(same_bits(together.view(), alone.view()));
  }
}

// q, k and v of several shapes: head dims that fill no register, one and many heads to a group.
TEST(Attention, GivesTheSameBitsOnEveryInstructionSet) {
  ThreadPool pool(2);
  for (const CacheType type : {CacheType::f32, CacheType::f16, CacheType::q8_0}) {
    for (const auto& [heads, kv_heads, dim] :
         {std::array<std::int64_t, 3>{6, 2, 20}, {7, 1, 64}, {2, 2, 128}, {13, 1, 5}}) {
      const AttentionShape shape{heads, kv_heads, dim, 0.2F, type};
      const std::int64_t rows = 150;
      const Tensor q = random_matrix(rows, heads * dim, 4);
      const Tensor k = random_matrix(rows, kv_heads * dim, 5);
      const Tensor v = random_matrix(rows, kv_heads * dim, 6);
      const Tensor wanted(rows, q.cols());
      attention({pool, Isa::reference}, shape, one_sequence(rows, 0, {}), q.view(), k.view(),
                v.view(), {}, wanted.view());
      for (const Isa isa : usable_isas()) {
        const Tensor out(rows, q.cols());
        attention({pool, isa}, shape, one_sequence(rows, 0, {}), q.view(), k.view(), v.view(), {},
                  out.view());
        EXPECT_TRUE(same_bits(out.view(), wanted.view())) << isa_name(isa) << " dim " << dim;
      }
    }
  }
}

TEST(Attention, HalfPrecisionRoundsKeysAndValues) {
  ThreadPool pool(1);
  const Operands o(70);
  const Tensor k(70, o.k.cols());
  const Tensor v(70, o.v.cols());
  for (std::int64_t i = 0; i < o.k.view().size(); ++i) {
    k.data()[i] = f16_to_float(float_to_f16(o.k.data()[i]));
    v.data()[i] = f16_to_float(float_to_f16(o.v.data()[i]));
  }
  AttentionShape shape = kShape;
  shape.cache = CacheType::f16;
  for (const Isa isa : usable_isas()) {
    const Tensor out(70, o.q.cols());
    attention({pool, isa}, shape, one_sequence(70, 0, {}), o.q.view(), o.k.view(), o.v.view(), {},
              out.view());
    expect_close(out.view(), naive(kShape, o.q.view(), k.view(), v.view()), 1e-5);
  }
}

// Rows [n, heads * dim], each head by itself, through the block type Q8_0.
Tensor through_q8_0(const Tensor& rows, std::int64_t dim) {
  Tensor result(rows.rows(), rows.cols());
  for (std::int64_t at = 0; at < rows.view().size(); at += dim) {
    std::vector<float> block(32);  // as many as dim, then zeros
    std::copy_n(rows.data() + at, dim, block.begin());
    std::vector<std::byte> bytes(static_cast<std::size_t>(row_bytes(DType::q8_0, 32)));
    quant::quantize(DType::q8_0, block, bytes);
    quant::dequantize(DType::q8_0, bytes, block);
    std::copy_n(block.begin(), dim, result.data() + at);
  }
  return result;
}

TEST(Attention, WholeNumbersRoundKeysAndValuesAsBlocksDo) {
  ThreadPool pool(1);
  const Operands o(70);
  const Tensor k = through_q8_0(o.k, kShape.head_dim);
  const Tensor v = through_q8_0(o.v, kShape.head_dim);
  AttentionShape shape = kShape;
  shape.cache = CacheType::q8_0;
  for (const Isa isa : usable_isas()) {
    const Tensor out(70, o.q.cols());
    attention({pool, isa}, shape, one_sequence(70, 0, {}), o.q.view(), o.k.view(), o.v.view(), {},
              out.view());
    expect_close(out.view(), naive(kShape, o.q.view(), k.view(), v.view()), 1e-5);
  }
}

TEST(Attention, TheCacheTakesTheBytesItSays) {
  AttentionShape shape{8, 2, 64, 0.1F};
  EXPECT_EQ(shape.cache_bytes(), 64 * 2 * 2 * 64 * 4);
  shape.cache = CacheType::f16;
  EXPECT_EQ(shape.cache_bytes(), 64 * 2 * 2 * 64 * 2);
  shape.cache = CacheType::q8_0;
  EXPECT_EQ(shape.cache_bytes(), 64 * 2 * 2 * row_bytes(DType::q8_0, 64));
}

// Positions that nobody wrote hold whatever was there before.
TEST(Attention, NeverReadsBehindTheEndOfASequence) {
  const Operands o(70);
  ThreadPool pool(1);
  const std::vector<std::int32_t> blocks = {1, 0};
  for (const Isa isa : usable_isas()) {
    const Tensor clean(70, o.q.cols());
    const Tensor dirty(70, o.q.cols());
    for (const Tensor* out : {&clean, &dirty}) {
      const Buffer memory(static_cast<std::size_t>(2 * kShape.cache_bytes()));
      if (out == &dirty) std::fill_n(memory.data(), memory.size(), std::byte{0xFF});  // all NaN
      attention({pool, isa}, kShape, one_sequence(70, 0, blocks), o.q.view(), o.k.view(),
                o.v.view(), {memory.data(), kShape.cache_bytes()}, out->view());
    }
    EXPECT_TRUE(same_bits(dirty.view(), clean.view())) << isa_name(isa);
  }
}

TEST(Attention, RefusesABlockTableThatIsTooShort) {
  const Operands o(65);
  ThreadPool pool(1);
  const std::vector<std::int32_t> blocks = {0};
  const Buffer memory(static_cast<std::size_t>(kShape.cache_bytes()));
  const Tensor out(65, o.q.cols());
  EXPECT_THROW(attention({pool, Isa::reference}, kShape, one_sequence(65, 0, blocks), o.q.view(),
                         o.k.view(), o.v.view(), {memory.data(), kShape.cache_bytes()}, out.view()),
               Error);
}

}  // namespace
}  // namespace frugal::ops
