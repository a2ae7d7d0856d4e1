// What tuning and reinforcement train: a model's own weights, or adapters beside them.
#pragma once

#include "models/lora.h"
#include "train/base_model.h"

namespace frugal::train {

/// Opens `base` for training. With a rank above 0 only adapters are trained: A at random (uniform,
/// by the seed), B zero, so that the model is unchanged at first. The weights that they adapt stay
/// as they are stored, quantised ones too; all others become float32.
TrainableModel open_trainable(const BaseModel& base, const ops::Context& context,
                              const models::LoraConfig& lora, std::uint64_t seed);

/// Writes what was trained: a model's folder, or an adapter in PEFT's format.
void write_trained(const std::filesystem::path& folder, const BaseModel& base,
                   const TrainableModel& model, const models::LoraConfig& lora);

}  // namespace frugal::train
