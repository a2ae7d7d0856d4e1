#include "train/schedule.h"

#include <gtest/gtest.h>

namespace frugal::train {
namespace {

TEST(Schedule, WarmsUpHoldsDecaysAndTrailsOff) {
  ScheduleOptions o;
  o.steps = 1000;
  o.lr = 2;
  o.warmup_steps = 10;
  o.decay_begin = 0.5;
  o.decay_end = 0.9;
  o.final_lr = 0.1;
  o.tail_begin = 0.95;
  o.tail_lr = 0.01;
  const Schedule s(o);
  EXPECT_DOUBLE_EQ(s.lr({0, 0, 0}), 0.2);
  EXPECT_DOUBLE_EQ(s.lr({9, 0, 0}), 2);
  EXPECT_DOUBLE_EQ(s.lr({500, 0, 0}), 2);
  EXPECT_NEAR(s.lr({700, 0, 0}), 2 * 0.55, 1e-12);  // half way down the cosine
  EXPECT_NEAR(s.lr({900, 0, 0}), 0.2, 1e-12);
  EXPECT_NEAR(s.lr({949, 0, 0}), 0.2, 1e-12);
  EXPECT_DOUBLE_EQ(s.lr({950, 0, 0}), 0.02);
}

TEST(Schedule, EndsByWhicheverLimitComesFirst) {
  ScheduleOptions o;
  o.steps = 100;
  o.tokens = 1000;
  o.minutes = 2;
  const Schedule s(o);
  EXPECT_FALSE(s.finished({99, 999, 119}));
  EXPECT_TRUE(s.finished({100, 0, 0}));
  EXPECT_TRUE(s.finished({0, 1000, 0}));
  EXPECT_TRUE(s.finished({0, 0, 120}));
  EXPECT_DOUBLE_EQ(s.share({10, 500, 30}), 0.5);
}

TEST(Schedule, BatchGrowsAndLossWeightsSwitch) {
  ScheduleOptions o;
  o.steps = 100;
  o.batch_sequences = 40;
  o.batch_sequences_start = 8;
  o.batch_ramp = 0.5;
  o.mtp_switch = 0.7;
  o.bias_stop = 0.9;
  const Schedule s(o);
  EXPECT_EQ(s.batch_sequences({0, 0, 0}), 8);
  EXPECT_EQ(s.batch_sequences({25, 0, 0}), 24);
  EXPECT_EQ(s.batch_sequences({26, 0, 0}), 24);  // only whole sequences: 24.64 of them
  EXPECT_EQ(s.batch_sequences({80, 0, 0}), 40);
  EXPECT_EQ(s.mtp_weight({69, 0, 0}), 0.3);
  EXPECT_EQ(s.mtp_weight({70, 0, 0}), 0.1);
  EXPECT_EQ(s.bias_rate({89, 0, 0}), 0.001);
  EXPECT_EQ(s.bias_rate({90, 0, 0}), 0);
}

}  // namespace
}  // namespace frugal::train
