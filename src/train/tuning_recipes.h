// The recipes of tuning, reinforcement and distillation.
#pragma once

#include <string>
#include <vector>

#include "train/distil.h"
#include "train/reinforce.h"
#include "train/tune.h"

namespace frugal::train {

/// Each reads its section ([tune], [reinforce], [distil] with [tune] for the student) and [lora].
/// Without a file the overrides say everything. Throws Error naming file, line and key on unknown
/// or missing keys and on values out of range.
TuneOptions read_tune_recipe(const std::filesystem::path& file,
                             const std::vector<std::string>& overrides);
ReinforceOptions read_reinforce_recipe(const std::filesystem::path& file,
                                       const std::vector<std::string>& overrides);
DistilOptions read_distil_recipe(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides);

}  // namespace frugal::train
