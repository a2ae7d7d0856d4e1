// The training and the validation windows of a run.
#pragma once

#include <memory>

#include "train/recipe.h"
#include "train/run_tokenizer.h"
#include "train/windows.h"

namespace frugal::train {

struct RunData {
  std::string key;  // of what was read, split and tokenised: the same key, the same windows
  std::unique_ptr<TokenStream> all;
  std::unique_ptr<TokenStream> other;  // of validation_path, when there is one
  std::unique_ptr<TokenStream> training_stream;
  std::unique_ptr<TokenStream> validation_stream;  // nullptr when there is none
  std::unique_ptr<Windows> training;
  std::unique_ptr<Windows> validation;  // in the order of the text, nothing rearranged
};

/// Opens the recipe's data, tokenised into `cache` unless they are there already. Without a
/// validation_path the last share of the tokens is for validation, from the start of a document
/// where one begins there. Throws Error when there is too little of either.
RunData load_data(const DataOptions& options, const RunTokenizer& tokenizer,
                  const std::filesystem::path& cache);

}  // namespace frugal::train
