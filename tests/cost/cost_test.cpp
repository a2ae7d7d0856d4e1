#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "cost/plan.h"
#include "models/known_configs.h"
#include "models/weights.h"
#include "support/data.h"

namespace frugal::cost {
namespace {

using ::testing::HasSubstr;

// Counted a second way: every matrix that the model really has, experts by the share that is
// chosen.
double counted_active_parameters(models::ModelConfig config) {
  config.num_nextn_predict_layers = 0;
  double total = config.tie_word_embeddings
                     ? static_cast<double>(config.vocab_size * config.hidden_size)
                     : 0.0;
  models::Weights weights;
  models::for_each_parameter(
      config, weights, [&](const models::ParameterSite& site, models::Parameter&) {
        if (site.kind == models::ParameterKind::vector || site.name == "model.embed_tokens.weight")
          return;
        const bool routed = site.name.find(".mlp.experts.") != std::string::npos;
        const double share = routed ? static_cast<double>(config.moe->router.num_experts_per_tok) /
                                          static_cast<double>(config.moe->router.n_routed_experts)
                                    : 1.0;
        total += share * static_cast<double>(site.n * site.k);
      });
  return total;
}

TEST(Flops, AgreeWithTheMatricesThatModelsHave) {
  for (const models::KnownConfig& known : models::known_configs()) {
    const models::ModelConfig config = models::known_config(known.name);
    EXPECT_NEAR(active_matmul_parameters(config) / counted_active_parameters(config), 1.0, 1e-9)
        << known.name;
  }
}

// "14.8 T tokens x 250 GFLOP": ISCA's figure for DeepSeek-V3 at a context of 4,096.
TEST(Flops, DeepSeekV3TakesThePublishedCount) {
  const models::ModelConfig v3 = models::known_config("deepseek-v3");
  EXPECT_NEAR(training_flops(v3, 4096) / 1e9, 250, 1);
  // The same with attention counted both ways: MFU 43.73 % against 38.94 %.
  EXPECT_NEAR(training_flops(v3, 4096, false) / training_flops(v3, 4096), 43.73 / 38.94, 0.002);
}

PlanInput report() {
  PlanInput input;
  input.config = models::known_config("deepseek-v3");
  input.model = "deepseek-v3";
  input.hardware = hardware_named("h800");
  input.devices = 2048;
  input.price_per_device_hour = 2;
  input.tokens = 14.8e12;
  input.mfu = 0.3894;
  input.extension_hours = 119e3;
  input.post_training_hours = 5e3;
  return input;
}

// 2,664 K + 119 K + 5 K = 2,788 K hours, $5.576 M, 180 K hours a trillion tokens, under two months.
TEST(Plan, ReproducesTheBillOfTheReport) {
  const Plan plan = make_plan(report());
  EXPECT_NEAR(plan.pretraining_hours, 2664e3, 0.005 * 2664e3);
  EXPECT_NEAR(plan.hours, 2788e3, 0.005 * 2788e3);
  EXPECT_NEAR(plan.dollars, 5.576e6, 0.005 * 5.576e6);
  EXPECT_NEAR(plan.hours_per_trillion_tokens, 180e3, 0.005 * 180e3);
  EXPECT_NEAR(plan.days, 54.2, 0.5);
}

TEST(Plan, SaysWhatIsComputedAndWhatIsLeftOut) {
  const std::string text = plan_text(report(), make_plan(report()));
  EXPECT_THAT(text, HasSubstr("What this bill leaves out"));
  EXPECT_THAT(text, HasSubstr("research"));
  EXPECT_THAT(text, HasSubstr("input, causal count"));
  const Json json = plan_json(report(), make_plan(report()));
  EXPECT_EQ(json["inputs"]["tokens"], 14.8e12);
  EXPECT_GT(json["computed"]["cost_usd"], 5.5e6);
}

TEST(Plan, RefusesSenselessInput) {
  for (const auto& edit : std::initializer_list<void (*)(PlanInput&)>{
           [](PlanInput& i) { i.mfu = 39; }, [](PlanInput& i) { i.mfu = 0; },
           [](PlanInput& i) { i.tokens = -1; }, [](PlanInput& i) { i.devices = 0; },
           [](PlanInput& i) { i.price_per_device_hour = -2; }}) {
    PlanInput input = report();
    edit(input);
    EXPECT_THROW(make_plan(input), Error);
  }
  EXPECT_THROW(hardware_named("abacus"), Error);
}

}  // namespace
}  // namespace frugal::cost
