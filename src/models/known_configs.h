// Configurations of published models, for what needs a model's shape and not its weights.
#pragma once

#include <span>
#include <string_view>

#include "models/config.h"

namespace frugal::models {

struct KnownConfig {
  std::string_view name;  // what reports and scripts call it
  std::string_view json;  // what its config.json says
};

std::span<const KnownConfig> known_configs();

/// The configuration of this name; throws Error listing the names when there is none.
ModelConfig known_config(std::string_view name);

}  // namespace frugal::models
