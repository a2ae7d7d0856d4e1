#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/threads.h"
#include "engine/mock_model.h"
#include "engine/random_schedule.h"
#include "models/transformer.h"
#include "support/data.h"

namespace frugal::engine {
namespace {

using testing::expect_answers_as_alone;
using testing::MockModel;

class RandomSchedule : public ::testing::TestWithParam<int> {};

TEST_P(RandomSchedule, GivesEachRequestTheAnswerItGetsAlone) {
  MockModel model(40, 400);
  expect_answers_as_alone(model, static_cast<std::uint64_t>(GetParam()), 25);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSchedule, ::testing::Range(0, 40));

class RandomScheduleOfRealModels : public ::testing::TestWithParam<const char*> {};

// Bit for bit, through the shipped kernels.
TEST_P(RandomScheduleOfRealModels, GivesEachRequestTheAnswerItGetsAlone) {
  ThreadPool threads(1);
  const auto path = ::frugal::testing::golden("models") / GetParam();
  models::Transformer model(models::load_model(path), {threads, chosen_isa()});
  expect_answers_as_alone(model, 7, 8);  // a schedule that hits the prefix cache
}

INSTANTIATE_TEST_SUITE_P(Models, RandomScheduleOfRealModels,
                         ::testing::Values("llama3_tied", "qwen3_moe", "deepseek_v2_lite",
                                           "deepseek_v3"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace frugal::engine
