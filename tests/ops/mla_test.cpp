#include "ops/mla/mla.h"

#include <numeric>

#include "ops/testing.h"

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

class Mla : public ::testing::TestWithParam<MlaMode> {};

TEST_P(Mla, AgreesWithTheDefinition) {
  ThreadPool pool(2);
  for (const std::int64_t rows : {1, 63, 64, 65, 140}) {
    const Operands o(rows);
    for (const Isa isa : usable_isas()) {
      const Tensor out(rows, kShape.n_heads * kShape.v_head_dim);
      mla({pool, isa}, GetParam(), kShape, one_sequence(rows, 0, {}), o.q.view(), o.latent.view(),
          o.weight, {}, out.view());
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
        o.weight, {}, whole.view());
    for (const std::int64_t chunk : {1, 7, 64, 140}) {
      for (const int threads : {1, 3}) {
        ThreadPool pool(threads);
        const std::vector<std::int32_t> blocks = {4, 0, 2};
        const Buffer memory(static_cast<std::size_t>(5 * kShape.cache_bytes()));
        const Tensor out(rows, whole.cols());
        for (std::int64_t begin = 0; begin < rows; begin += chunk) {
          const std::int64_t count = std::min(chunk, rows - begin);
          mla({pool, isa}, GetParam(), kShape, one_sequence(count, begin, blocks),
              part(o.q, begin, count), part(o.latent, begin, count), o.weight,
              {memory.data(), kShape.cache_bytes()}, {out.row(begin), count, out.cols()});
        }
        EXPECT_TRUE(same_bits(out.view(), whole.view()))
            << isa_name(isa) << " chunk " << chunk << ", " << threads << " threads";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(BothModes, Mla, ::testing::Values(MlaMode::expanded, MlaMode::absorbed),
                         [](const auto& mode) {
                           return mode.param == MlaMode::expanded ? "expanded" : "absorbed";
                         });

}  // namespace
}  // namespace frugal::ops
