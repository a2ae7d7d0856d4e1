// A model opened for training.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "train/base_model.h"

namespace frugal::cli {

/// The model that --model or a recipe names, with its tokenizer, its chat template if it has one,
/// and what ends its answers.
train::BaseModel open_base_model(const std::string& model);

/// "SECTION.KEY=VALUE" for options that stand for a recipe's keys; empty values are left out.
std::vector<std::string> as_overrides(
    const std::string& section, const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace frugal::cli
