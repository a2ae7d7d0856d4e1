#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "gradient_check.h"

namespace frugal::autograd {
namespace {

using testing::check_gradients;
using testing::packed;
using testing::random_parameter;
using testing::value_of;

// Every op, on every instruction set of this machine.
class OpsGradient : public ::testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (GetParam() > best_isa()) GTEST_SKIP() << "this machine has no " << isa_name(GetParam());
  }
  ThreadPool threads_{2};
  ops::Context context_{threads_, GetParam()};
  Rng rng_{11};
};

TEST_P(OpsGradient, Linear) {
  Parameter x = random_parameter(rng_, 7, 19);
  Parameter w = random_parameter(rng_, 13, 19);
  Parameter b = random_parameter(rng_, 1, 13);
  check_gradients(context_, {&x, &w, &b},
                  [&](Tape& tape) { return tape.linear(value_of(tape, x), w, b); });
}

TEST_P(OpsGradient, LinearTwiceOnTheSameValue) {
  Parameter x = random_parameter(rng_, 5, 8);
  Parameter w = random_parameter(rng_, 6, 8);
  Parameter u = random_parameter(rng_, 6, 8);
  check_gradients(context_, {&x, &w, &u}, [&](Tape& tape) {
    const View value = value_of(tape, x);
    return tape.add(tape.linear(value, w), tape.linear(value, u));
  });
}

TEST_P(OpsGradient, RmsNorm) {
  Parameter x = random_parameter(rng_, 9, 21);
  Parameter w = random_parameter(rng_, 1, 21);
  check_gradients(context_, {&x, &w},
                  [&](Tape& tape) { return tape.rms_norm(value_of(tape, x), w, 1e-5F); });
}

TEST_P(OpsGradient, RmsNormOfEachHead) {
  Parameter x = random_parameter(rng_, 70, 3 * 8);
  Parameter w = random_parameter(rng_, 1, 8);
  check_gradients(context_, {&x, &w},
                  [&](Tape& tape) { return tape.rms_norm(value_of(tape, x), w, 1e-5F); });
}

TEST_P(OpsGradient, Swiglu) {
  Parameter gate = random_parameter(rng_, 3, 37, 2);
  Parameter up = random_parameter(rng_, 3, 37);
  check_gradients(context_, {&gate, &up}, [&](Tape& tape) {
    return tape.swiglu(value_of(tape, gate), value_of(tape, up));
  });
}

// The first gradient of a value is written, the second added.
TEST_P(OpsGradient, OperandsThatAreOneValue) {
  Parameter x = random_parameter(rng_, 40, 24);
  Parameter w = random_parameter(rng_, 1, 24);
  const ops::AttentionShape shape{4, 4, 6, 0.4F};
  const ops::SequenceLayout layout = packed({33, 7});
  check_gradients(context_, {&x, &w}, [&](Tape& tape) {
    const View value = value_of(tape, x);
    const View normed = tape.rms_norm(value, w, 1e-5F);
    const View attended = tape.attention(shape, layout, value, value, value, {});
    const View twice = tape.add(tape.swiglu(normed, normed), tape.swiglu(value, normed));
    return tape.add(value, tape.add(twice, tape.add(value, attended)));
  });
}

TEST_P(OpsGradient, EmbeddingOfRepeatedTokens) {
  Parameter table = random_parameter(rng_, 5, 17);
  const std::array<std::int32_t, 6> tokens = {4, 0, 4, 4, 2, 0};
  Parameter w = random_parameter(rng_, 3, 17);
  check_gradients(context_, {&table},
                  [&](Tape& tape) { return tape.linear(tape.embedding(table, tokens), w); });
}

TEST_P(OpsGradient, ColumnsConcatAndRows) {
  Parameter x = random_parameter(rng_, 4, 9);
  Parameter y = random_parameter(rng_, 4, 3);
  const std::array<std::int64_t, 3> rows = {3, 1, 3};
  check_gradients(context_, {&x, &y}, [&](Tape& tape) {
    const View value = value_of(tape, x);
    const View both = tape.concat(tape.columns(value, 2, 7), value_of(tape, y));
    return tape.rows(tape.concat(both, value), rows);
  });
}

TEST_P(OpsGradient, Rope) {
  Parameter x = random_parameter(rng_, 12, 2 * 10);
  const ops::SequenceLayout layout = packed({5, 7});
  for (const bool interleaved : {false, true}) {
    const ops::Rope rope{{1.0, 0.3, 0.01}, 1.25F, interleaved};
    check_gradients(context_, {&x}, [&](Tape& tape) {
      const View value = tape.columns(value_of(tape, x), 0, 20);
      tape.rope(tape.rotations(rope, layout), 2, value);
      return value;
    });
  }
}

TEST_P(OpsGradient, AttentionOfPackedSequences) {
  const ops::AttentionShape shape{4, 2, 6, 0.4F};
  const ops::SequenceLayout layout = packed({70, 1, 9});
  Parameter q = random_parameter(rng_, 80, 24);
  Parameter k = random_parameter(rng_, 80, 12);
  Parameter v = random_parameter(rng_, 80, 12);
  check_gradients(context_, {&q, &k, &v}, [&](Tape& tape) {
    return tape.attention(shape, layout, value_of(tape, q), value_of(tape, k), value_of(tape, v),
                          {});
  });
}

TEST_P(OpsGradient, MlaOfPackedSequences) {
  const ops::MlaShape shape{3, 5, 4, 6, 7, 0.3F};
  const ops::SequenceLayout layout = packed({66, 3});
  Parameter q = random_parameter(rng_, 69, 3 * 9);
  Parameter latent = random_parameter(rng_, 69, 11);
  Parameter kv_b = random_parameter(rng_, 3 * 11, 7);
  for (const ops::MlaMode mode : {ops::MlaMode::expanded, ops::MlaMode::absorbed}) {
    check_gradients(context_, {&q, &latent, &kv_b}, [&](Tape& tape) {
      return tape.mla(mode, shape, layout, value_of(tape, q), value_of(tape, latent), kv_b, {});
    });
  }
}

// A mixture whose bias keeps small changes of the scores from changing the choice.
struct Mixture {
  static constexpr std::int64_t kExperts = 6;
  explicit Mixture(Rng& rng) {
    router = random_parameter(rng, kExperts, 10, 0.3F);
    bias = random_parameter(rng, 1, kExperts, 10);
    bias.gradient = {};
    for (std::int64_t e = 0; e < kExperts; ++e) {
      parameters.push_back(random_parameter(rng, 4, 10, 0.4F));
      parameters.push_back(random_parameter(rng, 4, 10, 0.4F));
      parameters.push_back(random_parameter(rng, 10, 4, 0.4F));
    }
  }
  std::vector<Expert> experts() const {
    std::vector<Expert> list;
    for (std::size_t i = 0; i < parameters.size(); i += 3) {
      list.push_back({&parameters[i], &parameters[i + 1], &parameters[i + 2]});
    }
    return list;
  }
  Parameter router, bias;
  std::vector<Parameter> parameters;  // gate, up, down of each expert
};

TEST_P(OpsGradient, MixtureOfExperts) {
  for (const auto scoring : {ops::RouterScore::sigmoid, ops::RouterScore::softmax}) {
    for (const bool normalise : {true, false}) {
      Mixture m(rng_);
      Parameter x = random_parameter(rng_, 11, 10);
      const ops::SequenceLayout layout = packed({11});
      ops::RouterConfig config{Mixture::kExperts, 2};
      config.scoring = scoring;
      config.norm_topk_prob = normalise;
      config.routed_scaling_factor = 1.7F;
      std::vector<Parameter*> checked = {&x};
      // A softmax over a fixed choice, normalised, leaves the router a gradient all the same.
      checked.push_back(&m.router);
      const std::vector<Expert> experts = m.experts();
      // The two experts of the largest bias are always chosen; the others see no row.
      for (std::size_t e = 0; e < experts.size(); ++e) {
        int better = 0;
        for (const float b : m.bias.vector()) better += b > m.bias.vector()[e] ? 1 : 0;
        if (better >= 2) continue;
        for (std::size_t i = 0; i < 3; ++i) checked.push_back(&m.parameters[3 * e + i]);
      }
      check_gradients(context_, checked, [&](Tape& tape) {
        return tape.moe(config, value_of(tape, x), m.router, m.bias, experts, layout);
      });
    }
  }
}

// The loss itself, as a function of the router's weights, by differences.
TEST_P(OpsGradient, BalanceLoss) {
  Mixture m(rng_);
  Parameter x = random_parameter(rng_, 20, 10);
  const ops::SequenceLayout layout = packed({12, 8});
  ops::RouterConfig config{Mixture::kExperts, 2};
  config.scoring = ops::RouterScore::sigmoid;
  const std::vector<Expert> experts = m.experts();
  const auto loss = [&] {
    Arena arena;
    Recording recording({false, 0.5F});
    Tape tape(context_, arena, recording);
    tape.moe(config, value_of(tape, x), m.router, m.bias, experts, layout);
    recording.backward();
    return recording.balance_loss;
  };
  loss();
  std::vector<float> gradient(m.router.gradient.data,
                              m.router.gradient.data + m.router.gradient.size());
  auto* values = const_cast<float*>(m.router.weight.floats().data);
  for (std::size_t i = 0; i < gradient.size(); i += 7) {
    const float old = values[i];
    // Small enough that which scores are the best hardly ever changes.
    values[i] = old + 1e-3F;
    const double above = loss();
    values[i] = old - 1e-3F;
    const double below = loss();
    values[i] = old;
    EXPECT_NEAR(gradient[i], (above - below) / 2e-3, 2e-4) << "element " << i;
  }
}

TEST_P(OpsGradient, CrossEntropyInChunks) {
  const std::int64_t rows = 230;
  const std::int64_t vocab = 20011;  // so large that 230 rows need several chunks
  Parameter x = random_parameter(rng_, rows, 4);
  Parameter head = random_parameter(rng_, vocab, 4);
  std::vector<std::int32_t> targets(static_cast<std::size_t>(rows));
  for (auto& target : targets) target = static_cast<std::int32_t>(rng_.below(vocab));
  targets[3] = ops::kIgnored;
  const auto loss = [&](const ops::LossSlope& slope, Recording* recording) {
    Arena arena;
    Tape inference(context_, arena);
    Recording unused;
    Tape training(context_, arena, recording != nullptr ? *recording : unused);
    Tape& tape = recording != nullptr ? training : inference;
    double sum = 0;
    for (const float l : tape.cross_entropy(value_of(tape, x), head, targets, slope)) sum -= l;
    if (recording != nullptr) recording->backward();
    return sum;
  };
  Recording recording;
  const double at = loss([](std::int64_t, float) { return -1.0F; }, &recording);
  EXPECT_NEAR(at, loss({}, nullptr), 1e-6 * at);
  for (Parameter* p : {&x, &head}) {
    auto* values = const_cast<float*>(p->weight.floats().data);
    for (std::int64_t i = 0; i < 20; i += 7) {
      // Of the head, rows that are somebody's target have gradients worth a look.
      const std::int64_t at_i =
          p == &x ? i : targets[static_cast<std::size_t>(i / 4 + 4)] * 4 + i % 4;
      const float old = values[at_i];
      values[at_i] = old + 0.02F;
      const double above = loss({}, nullptr);
      values[at_i] = old - 0.02F;
      const double below = loss({}, nullptr);
      values[at_i] = old;
      EXPECT_NEAR(p->gradient.data[at_i], (above - below) / 0.04, 5e-3) << "element " << at_i;
    }
  }
  for (std::int64_t c = 0; c < 4; ++c) EXPECT_EQ(x.gradient.row(3)[c], 0) << "an ignored row";
}

TEST_P(OpsGradient, DivergenceOfVocabulariesOfAnyLength) {
  const std::int64_t rows = 7;
  for (const std::int64_t of_teacher : {10, 13, 17}) {
    const std::int64_t vocab = 13;
    Parameter x = random_parameter(rng_, rows, 5);
    Parameter head = random_parameter(rng_, vocab, 5);
    Parameter teacher_x = random_parameter(rng_, rows, 3);
    const Parameter teacher_head = random_parameter(rng_, of_teacher, 3);
    const std::vector<std::int32_t> targets = {0, 0, 5, ops::kIgnored, 0, 12, 0};
    const auto loss = [&](float slope, Recording* recording) {
      Arena arena;
      Tape inference(context_, arena);
      Recording unused;
      Tape training(context_, arena, recording != nullptr ? *recording : unused);
      Tape& tape = recording != nullptr ? training : inference;
      const ops::TeacherRows teacher{teacher_x.weight.floats(), teacher_head.weight};
      double sum = 0;
      for (const float d : tape.divergence(value_of(tape, x), head, targets, teacher, slope)) {
        EXPECT_GE(d, 0);
        sum += d;
      }
      if (recording != nullptr) recording->backward();
      return sum;
    };
    Recording recording;
    const double at = loss(1, &recording);
    EXPECT_GT(at, 0.1);
    EXPECT_NEAR(at, loss(0, nullptr), 1e-6 * at);
    for (Parameter* p : {&x, &head}) {
      auto* values = const_cast<float*>(p->weight.floats().data);
      for (std::int64_t i = 0; i < p->gradient.size(); i += 3) {
        const float old = values[i];
        values[i] = old + 0.01F;
        const double above = loss(0, nullptr);
        values[i] = old - 0.01F;
        const double below = loss(0, nullptr);
        values[i] = old;
        EXPECT_NEAR(p->gradient.data[i], (above - below) / 0.02, 2e-3) << "element " << i;
      }
    }
    for (std::int64_t c = 0; c < 5; ++c) EXPECT_EQ(x.gradient.row(3)[c], 0) << "an ignored row";
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, OpsGradient,
                         ::testing::Values(Isa::reference, Isa::avx2, Isa::avx512, Isa::amx),
                         [](const auto& param) { return isa_name(param.param); });

}  // namespace
}  // namespace frugal::autograd
