#include "models/language_model.h"

#include "base/error.h"

namespace frugal::models {

void LanguageModel::forward_further(std::span<const std::int64_t>, std::span<const std::int32_t>,
                                    const ops::SequenceLayout&, std::byte*,
                                    std::span<const std::int64_t>, View) {
  fail("this model predicts one token at a time");
}

}  // namespace frugal::models
