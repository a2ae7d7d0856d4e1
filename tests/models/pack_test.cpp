// Models as they are served: weights packed for the kernels.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/cpu.h"
#include "models/golden_model.h"
#include "support/data.h"

namespace frugal::models {
namespace {

using testing::GoldenSource;
using testing::Reference;
using testing::run_at_once;
using testing::run_in_chunks;
using testing::run_packed;

class Packed : public ::testing::TestWithParam<GoldenSource> {
 protected:
  Packed() : reference_(testing::read_reference(frugal::testing::golden(GetParam().logits))) {}

  static Transformer load(ThreadPool& threads, Isa isa, bool packed = true) {
    Transformer model(load_model(frugal::testing::golden(GetParam().model)), {threads, isa});
    if (packed) model.pack();
    return model;
  }

  static bool has_block_types() {
    bool found = false;
    ModelFiles files = load_model(frugal::testing::golden(GetParam().model));
    for_each_parameter(files.config, files.weights,
                       [&](const ParameterSite&, const Parameter& parameter) {
                         found = found || is_block_type(parameter.weight.dtype);
                       });
    return found;
  }

  static std::vector<Isa> isas() {
    std::vector<Isa> result;
    for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512}) {
      if (isa <= best_isa()) result.push_back(isa);
    }
    return result;
  }

  Reference reference_;
};

bool same_bits(ConstView a, ConstView b) {
  return a.size() == b.size() &&
         std::memcmp(a.data, b.data, static_cast<std::size_t>(a.size()) * sizeof(float)) == 0;
}

std::string name_of(const ::testing::TestParamInfo<GoldenSource>& info) {
  std::string name = info.param.model;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

TEST_P(Packed, FloatModelsKeepTheirBitsAndOthersStayClose) {
  ThreadPool threads(2);
  for (const Isa isa : isas()) {
    Transformer plain = load(threads, isa, false);
    Transformer packed = load(threads, isa);
    const Tensor wanted = run_at_once(plain, reference_.tokens);
    const Tensor got = run_at_once(packed, reference_.tokens);
    if (has_block_types()) {
      std::vector<std::int64_t> positions(static_cast<std::size_t>(wanted.rows()));
      for (std::size_t i = 0; i < positions.size(); ++i) {
        positions[i] = static_cast<std::int64_t>(i);
      }
      // Activations of eight bits move logits by about a hundredth.
      EXPECT_LT(testing::distance(got.view(), wanted.view(), positions), 0.03) << isa_name(isa);
      EXPECT_FALSE(same_bits(got.view(), wanted.view()));
    } else {
      EXPECT_TRUE(same_bits(got.view(), wanted.view())) << isa_name(isa);
    }
  }
}

TEST_P(Packed, BitsDependNeitherOnChunksNorThreadsNorOtherSequences) {
  for (const Isa isa : isas()) {
    if (isa == Isa::reference) continue;  // as exact by construction, and slow
    ThreadPool one(1);
    Transformer model = load(one, isa);
    const Tensor whole = run_at_once(model, reference_.tokens);
    for (const std::int64_t chunk : {1, 7, 64, 300}) {
      const Tensor got = run_in_chunks(model, reference_.tokens, std::span(&chunk, 1));
      EXPECT_TRUE(same_bits(got.view(), whole.view())) << isa_name(isa) << ", chunks of " << chunk;
    }
    for (const int count : {2, 3}) {
      ThreadPool threads(count);
      Transformer threaded = load(threads, isa);
      const std::int64_t chunks[] = {200, 64, 7, 1, 3};
      const Tensor got = run_in_chunks(threaded, reference_.tokens, chunks);
      EXPECT_TRUE(same_bits(got.view(), whole.view()))
          << isa_name(isa) << ", " << count << " threads";
    }
    std::vector<std::vector<std::int32_t>> sequences;
    for (std::int64_t i = 0; i < 16; ++i) {
      const auto tokens = std::span(reference_.tokens).subspan(static_cast<std::size_t>(i), 20);
      sequences.emplace_back(tokens.begin(), tokens.end());
    }
    const std::vector<Tensor> together = run_packed(model, sequences, 3);
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const Tensor alone = run_at_once(model, sequences[i]);
      EXPECT_TRUE(same_bits(together[i].view(), alone.view()))
          << isa_name(isa) << ", sequence " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Packed, ::testing::ValuesIn(testing::golden_sources()), name_of);

}  // namespace
}  // namespace frugal::models
