#include <algorithm>
#include <numeric>

#include "ops/moe/experts.h"
#include "ops/moe/router.h"
#include "ops/testing.h"

namespace frugal::ops {
namespace {

using testing::expect_close;
using testing::random_matrix;
using testing::same_bits;
using testing::usable_isas;

RouterConfig v3_router() {
  RouterConfig config;
  config.n_routed_experts = 12;
  config.num_experts_per_tok = 3;
  config.n_group = 4;
  config.topk_group = 2;
  config.scoring = RouterScore::sigmoid;
  config.group_score = GroupScore::sum_of_top_two;
  config.norm_topk_prob = true;
  config.routed_scaling_factor = 2.5F;
  return config;
}

// DeepSeek-V3's gate by sorting everything, in double.
std::vector<std::pair<int, double>> naive_v3(const RouterConfig& c, const float* logits,
                                             const float* bias) {
  std::vector<double> score;
  std::vector<double> biased;
  for (int e = 0; e < c.n_routed_experts; ++e) {
    score.push_back(1 / (1 + std::exp(-static_cast<double>(logits[e]))));
    biased.push_back(score.back() + bias[e]);
  }
  const auto size = static_cast<int>(c.n_routed_experts / c.n_group);
  std::vector<std::pair<double, int>> groups;
  for (int g = 0; g < c.n_group; ++g) {
    std::vector<double> group(biased.begin() + g * size, biased.begin() + (g + 1) * size);
    std::sort(group.rbegin(), group.rend());
    groups.emplace_back(-(group[0] + group[1]), g);
  }
  std::sort(groups.begin(), groups.end());
  std::vector<std::pair<double, int>> candidates;
  for (int i = 0; i < c.topk_group; ++i) {
    for (int e = groups[static_cast<std::size_t>(i)].second * size, n = 0; n < size; ++e, ++n) {
      candidates.emplace_back(-biased[static_cast<std::size_t>(e)], e);
    }
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.resize(static_cast<std::size_t>(c.num_experts_per_tok));
  double sum = 0;
  for (const auto& [negative, e] : candidates) sum += score[static_cast<std::size_t>(e)];
  std::vector<std::pair<int, double>> chosen;
  for (const auto& [negative, e] : candidates) {
    chosen.emplace_back(e, score[static_cast<std::size_t>(e)] / sum * c.routed_scaling_factor);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

TEST(Router, AgreesWithSortingForDeepSeekV3) {
  const RouterConfig config = v3_router();
  const Tensor logits = random_matrix(500, config.n_routed_experts, 1);
  const Tensor bias = random_matrix(1, config.n_routed_experts, 2, 0.3F);
  ThreadPool pool(2);
  const Routing routing = route({pool, Isa::reference}, config, logits.view(), bias.view().span());
  for (std::int64_t t = 0; t < logits.rows(); ++t) {
    const auto wanted = naive_v3(config, logits.row(t), bias.data());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const std::size_t at = static_cast<std::size_t>(t) * wanted.size() + i;
      ASSERT_EQ(routing.experts[at], wanted[i].first) << "row " << t;
      ASSERT_NEAR(routing.weights[at], wanted[i].second, 1e-5) << "row " << t;
    }
  }
}

TEST(Router, TheBiasChoosesAndDoesNotWeigh) {
  RouterConfig config = v3_router();
  config.n_group = config.topk_group = 1;
  config.num_experts_per_tok = 1;
  config.norm_topk_prob = false;
  config.routed_scaling_factor = 1;
  const Tensor logits(1, config.n_routed_experts);  // all scores are 0.5
  std::vector<float> bias(12, 0.0F);
  bias[7] = 10;
  ThreadPool pool(1);
  const Routing routing = route({pool, Isa::reference}, config, logits.view(), bias);
  EXPECT_EQ(routing.experts[0], 7);
  EXPECT_FLOAT_EQ(routing.weights[0], 0.5F);
}

TEST(Router, SoftmaxWithAndWithoutNormalisation) {
  RouterConfig config;
  config.n_routed_experts = 4;
  config.num_experts_per_tok = 2;
  const Tensor logits(1, 4);
  const std::vector<float> values = {std::log(1.0F), std::log(4.0F), std::log(2.0F),
                                     std::log(3.0F)};
  std::copy(values.begin(), values.end(), logits.data());
  ThreadPool pool(1);
  const Routing plain = route({pool, Isa::reference}, config, logits.view(), {});
  EXPECT_EQ(plain.experts, (std::vector<std::int32_t>{1, 3}));
  EXPECT_NEAR(plain.weights[0], 0.4, 1e-6);
  EXPECT_NEAR(plain.weights[1], 0.3, 1e-6);
  config.norm_topk_prob = true;
  const Routing normalised = route({pool, Isa::reference}, config, logits.view(), {});
  EXPECT_NEAR(normalised.weights[0], 4.0 / 7, 1e-6);
}

TEST(Router, EqualScoresGoToTheLowerIndex) {
  RouterConfig config;
  config.n_routed_experts = 8;
  config.num_experts_per_tok = 3;
  const Tensor logits(1, 8);
  ThreadPool pool(1);
  EXPECT_EQ(route({pool, Isa::reference}, config, logits.view(), {}).experts,
            (std::vector<std::int32_t>{0, 1, 2}));
}

TEST(Router, RefusesNotANumber) {
  RouterConfig config;
  config.n_routed_experts = 8;
  config.num_experts_per_tok = 3;
  const Tensor logits(1, 8);
  logits.data()[5] = std::nanf("");
  ThreadPool pool(1);
  EXPECT_THROW(route({pool, Isa::reference}, config, logits.view(), {}), Error);
}

struct RandomExperts {
  RandomExperts(std::size_t count, std::int64_t d, std::int64_t width) {
    for (std::size_t e = 0; e < count; ++e) {
      for (const bool down : {false, false, true}) {
        const std::int64_t n = down ? d : width;
        const std::int64_t k = down ? width : d;
        FloatWeight weight(n, k);
        const Tensor values = random_matrix(n, k, 10 + weights.size(), 0.2F);
        std::copy_n(values.data(), n * k, weight.tensor->data());
        weights.push_back(weight.weight);
      }
    }
    for (std::size_t e = 0; e < count; ++e) {
      experts.push_back({&weights[3 * e], &weights[3 * e + 1], &weights[3 * e + 2]});
    }
  }
  std::vector<Weight> weights;
  std::vector<ExpertWeights> experts;
};

double product(const Weight& w, std::int64_t n, const std::vector<double>& x) {
  std::vector<float> row(static_cast<std::size_t>(w.k));
  w.decode(n, 0, row);
  return std::inner_product(row.begin(), row.end(), x.begin(), 0.0);
}

TEST(MoeExperts, AgreesWithOneRowAtATimeAndItsBitsDoNotDependOnTheBatch) {
  const std::int64_t rows = 40;
  const std::int64_t d = 24;
  const std::int64_t width = 36;
  const RouterConfig config = v3_router();
  const RandomExperts model(12, d, width);
  const Tensor x = random_matrix(rows, d, 3);
  const Tensor logits = random_matrix(rows, 12, 4);
  ThreadPool pool(2);
  const Routing routing = route({pool, Isa::reference}, config, logits.view(), {});
  std::vector<double> wanted;
  for (std::int64_t t = 0; t < rows; ++t) {
    std::vector<double> sum(static_cast<std::size_t>(d));
    const std::vector<double> in(x.row(t), x.row(t) + d);
    for (std::int64_t i = 0; i < routing.per_row; ++i) {
      const auto at = static_cast<std::size_t>(t * routing.per_row + i);
      const ExpertWeights& e = model.experts[static_cast<std::size_t>(routing.experts[at])];
      std::vector<double> h;
      for (std::int64_t n = 0; n < width; ++n) {
        const double gate = product(*e.gate, n, in);
        h.push_back(gate / (1 + std::exp(-gate)) * product(*e.up, n, in));
      }
      for (std::int64_t n = 0; n < d; ++n) {
        sum[static_cast<std::size_t>(n)] += routing.weights[at] * product(*e.down, n, h);
      }
    }
    wanted.insert(wanted.end(), sum.begin(), sum.end());
  }
  Arena scratch;
  for (const Isa isa : usable_isas()) {
    const Tensor out(rows, d);
    moe_experts({pool, isa}, routing, model.experts, x.view(), out.view(), scratch);
    expect_close(out.view(), wanted, 1e-5);
    const Tensor alone(rows, d);
    for (std::int64_t t = 0; t < rows; ++t) {
      const Routing one = route({pool, Isa::reference}, config, {logits.row(t), 1, 12}, {});
      moe_experts({pool, isa}, one, model.experts, {x.row(t), 1, d}, {alone.row(t), 1, d}, scratch);
    }
    EXPECT_TRUE(same_bits(out.view(), alone.view())) << isa_name(isa);
  }
}

}  // namespace
}  // namespace frugal::ops
