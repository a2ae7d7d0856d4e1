// The training and the validation windows of a run.
#pragma once

#include <memory>

#include "train/recipe.h"
#include "train/run_tokenizer.h"
#include "train/windows.h"

namespace frugal::train {

struct RunData {
  std::unique_ptr<TokenStream> training_stream;
  std::unique_ptr<TokenStream> validation_stream;  // nullptr when there is none
  std::unique_ptr<Windows> training;
  std::unique_ptr<Windows> validation;  // in the order of the text, nothing rearranged
};

/// Encodes the recipe's text. Throws Error when it is empty or shorter than a window.
RunData load_data(const DataOptions& options, const RunTokenizer& tokenizer);

}  // namespace frugal::train
