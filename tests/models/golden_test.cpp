// Every architecture against transformers' classes, through every way of running a prompt.
// tests/golden/models/README.md says what the reference is.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/cpu.h"
#include "base/rng.h"
#include "models/golden_model.h"
#include "support/data.h"

namespace frugal::models {
namespace {

using testing::GoldenSource;
using testing::Reference;
using testing::run_at_once;
using testing::run_in_chunks;
using testing::run_packed;

constexpr double kTolerance = 1e-4;

std::vector<Isa> usable_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512}) {
    if (isa <= best_isa()) isas.push_back(isa);
  }
  return isas;
}

bool has_mla(const std::string& name) { return name.find("deepseek") != std::string::npos; }

struct GoldenCase {
  GoldenSource source;
  ops::MlaMode mode = ops::MlaMode::absorbed;
};

// As GoogleTest and ctest show it: "gguf_qwen2_gguf", "models_deepseek_v3_expanded".
std::string name_of(const ::testing::TestParamInfo<GoldenCase>& info) {
  std::string name = info.param.source.model;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  if (!has_mla(name)) return name;
  return name + (info.param.mode == ops::MlaMode::absorbed ? "_absorbed" : "_expanded");
}

std::vector<GoldenCase> cases() {
  std::vector<GoldenCase> result;
  for (const GoldenSource& source : testing::golden_sources()) {
    result.push_back({source, ops::MlaMode::absorbed});
    if (has_mla(source.model)) result.push_back({source, ops::MlaMode::expanded});
  }
  return result;
}

class Golden : public ::testing::TestWithParam<GoldenCase> {
 protected:
  Golden()
      : reference_(testing::read_reference(frugal::testing::golden(GetParam().source.logits))),
        model_(load(threads_, best_isa())) {}

  Transformer load(ThreadPool& threads, Isa isa) const {
    TransformerOptions options;
    options.mla_mode = GetParam().mode;
    return {load_model(frugal::testing::golden(GetParam().source.model)), {threads, isa}, options};
  }

  std::span<const std::int32_t> prompt(std::int64_t length) const {
    return std::span(reference_.tokens).first(static_cast<std::size_t>(length));
  }

  ThreadPool threads_{1};
  Reference reference_;
  Transformer model_;
};

// Row by row, so that a message names the first token that differs.
void expect_same_bits(ConstView got, ConstView wanted) {
  ASSERT_EQ(got.cols, wanted.cols);
  for (std::int64_t i = 0; i < got.rows; ++i) {
    ASSERT_EQ(
        std::memcmp(got.row(i), wanted.row(i), static_cast<std::size_t>(got.cols) * sizeof(float)),
        0)
        << "row " << i << " of " << got.rows;
  }
}

TEST_P(Golden, AgreesWithTransformersOnEveryInstructionSet) {
  for (const Isa isa : usable_isas()) {
    Transformer model = load(threads_, isa);
    const Tensor logits = run_at_once(model, reference_.tokens);
    EXPECT_LT(testing::worst_row(logits.view(), reference_.logits.view(), reference_.positions),
              kTolerance)
        << isa_name(isa);
  }
}

// Attention is causal: the reference's row at position p is the last row of the prompt of p + 1.
TEST_P(Golden, AgreesForPromptsOfEveryLength) {
  for (std::size_t i = 0; i < reference_.positions.size(); ++i) {
    const std::int64_t length = reference_.positions[i] + 1;
    const std::int64_t whole[] = {length};
    const Tensor logits = run_in_chunks(model_, prompt(length), whole);
    const ConstView wanted{reference_.logits.row(static_cast<std::int64_t>(i)), 1,
                           reference_.logits.cols()};
    EXPECT_LT(testing::worst_row(logits.view(), wanted, std::span(reference_.positions).subspan(i)),
              kTolerance)
        << "prompt of " << length;
  }
}

TEST_P(Golden, BitsDoNotDependOnTheChunks) {
  const Tensor whole = run_at_once(model_, reference_.tokens);
  Rng rng(1);
  std::vector<std::int64_t> random;
  for (int i = 0; i < 50; ++i) random.push_back(1 + static_cast<std::int64_t>(rng.below(90)));
  for (const std::vector<std::int64_t>& chunks :
       {std::vector<std::int64_t>{1}, {7}, {63, 1}, {64}, {65}, {300}, random}) {
    SCOPED_TRACE("chunks of " + std::to_string(chunks[0]));
    expect_same_bits(run_in_chunks(model_, reference_.tokens, chunks).view(), whole.view());
  }
}

TEST_P(Golden, BitsDoNotDependOnTheOtherSequences) {
  std::vector<std::vector<std::int32_t>> sequences;
  for (const std::int64_t length : {300, 1, 65, 130, 2, 64}) {
    const auto tokens = prompt(length);
    sequences.emplace_back(tokens.begin(), tokens.end());
    // Others begin otherwise, so that one which reads its neighbour's cache is found out.
    std::ranges::rotate(sequences.back(), sequences.back().begin() + length / 3);
  }
  const std::vector<Tensor> packed = run_packed(model_, sequences, 3);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    SCOPED_TRACE("sequence " + std::to_string(i));
    expect_same_bits(packed[i].view(), run_at_once(model_, sequences[i]).view());
  }
}

TEST_P(Golden, BitsDoNotDependOnTheThreads) {
  const std::int64_t chunks[] = {100, 1, 1, 64};
  const Tensor wanted = run_in_chunks(model_, reference_.tokens, chunks);
  for (const int count : {2, 3}) {
    SCOPED_TRACE(std::to_string(count) + " threads");
    ThreadPool threads(count);
    Transformer model = load(threads, best_isa());
    expect_same_bits(run_in_chunks(model, reference_.tokens, chunks).view(), wanted.view());
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Golden, ::testing::ValuesIn(cases()), name_of);

class MultiToken : public ::testing::TestWithParam<ops::MlaMode> {};

// Row i joins the hidden state of position i with token i + 1.
TEST_P(MultiToken, AgreesWithThePyTorchBlock) {
  const std::string name = "models/deepseek_v3_mtp";
  const Reference reference =
      testing::read_reference(frugal::testing::golden(name + "/logits.safetensors"));
  ThreadPool threads(2);
  const Transformer model(load_model(frugal::testing::golden(name)), {threads, best_isa()},
                          {GetParam(), false});
  const std::span<const std::int32_t> tokens = reference.tokens;
  const auto rows = static_cast<std::int64_t>(tokens.size()) - 1;
  const ops::SequenceLayout layout{{{0, rows, 0, {}}}, rows};
  Arena arena;
  autograd::Tape tape(ops::Context{threads, best_isa()}, arena);
  const View hidden = model.hidden_states(tape, tokens.first(tokens.size() - 1), layout, nullptr);
  const View states = model.mtp_hidden_states(tape, 0, hidden, tokens.subspan(1), layout, nullptr);
  EXPECT_LT(testing::worst_row(model.logits(tape, states), reference.mtp_logits.view(),
                               reference.mtp_positions),
            kTolerance);
}

// As the engine calls it: packed, through the cache, over some of the rows of each pass.
TEST_P(MultiToken, FollowsEachForwardPass) {
  const std::string name = "models/deepseek_v3_mtp";
  const Reference reference =
      testing::read_reference(frugal::testing::golden(name + "/logits.safetensors"));
  ThreadPool threads(2);
  Transformer model(load_model(frugal::testing::golden(name)), {threads, best_isa()},
                    {.mla_mode = GetParam(), .cache_mtp = true});
  model.pack();
  const std::span<const std::int32_t> tokens = reference.tokens;
  const auto length = std::ssize(tokens) - 1;
  std::vector<std::int32_t> blocks(static_cast<std::size_t>(length / ops::kBlockTokens + 1));
  std::iota(blocks.begin(), blocks.end(), 0);
  const Buffer cache(blocks.size() * static_cast<std::size_t>(model.cache_block_bytes()));
  const Tensor further(length, model.vocab_size());
  // Each pass computes 30 rows, of which the last 10 are forgotten, like drafts that were wrong.
  for (std::int64_t begin = 0; begin < length; begin += 20) {
    const std::int64_t computed = std::min<std::int64_t>(30, length - begin);
    const std::int64_t kept = std::min<std::int64_t>(20, length - begin);
    const auto at = static_cast<std::size_t>(begin);
    model.forward(tokens.subspan(at, static_cast<std::size_t>(computed)),
                  {{{0, computed, begin, blocks}}, computed}, cache.data(), {},
                  {nullptr, 0, model.vocab_size()});
    std::vector<std::int64_t> rows(static_cast<std::size_t>(kept));
    std::iota(rows.begin(), rows.end(), 0);
    model.forward_further(rows, tokens.subspan(at + 1, rows.size()),
                          {{{0, kept, begin, blocks}}, kept}, cache.data(), rows,
                          {further.row(begin), kept, further.cols()});
  }
  EXPECT_LT(
      testing::worst_row(further.view(), reference.mtp_logits.view(), reference.mtp_positions),
      kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Modes, MultiToken,
                         ::testing::Values(ops::MlaMode::absorbed, ops::MlaMode::expanded));

}  // namespace
}  // namespace frugal::models
