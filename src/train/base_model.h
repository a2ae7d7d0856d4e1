// A model to be tuned, with how it wants to be spoken to.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/json.h"
#include "text/chat_format.h"
#include "text/tokenizer.h"
#include "train/trainable_model.h"

namespace frugal::train {

struct BaseModel {
  std::filesystem::path path;  // a folder, or a .gguf file
  text::Tokenizer tokenizer;
  std::optional<text::ChatFormat> format;  // none: only R1-Zero's template
  std::vector<std::int32_t> stop_tokens;   // what ends an answer
};

/// The config.json of a folder in Hugging Face form, as it is beside float32 weights. Throws Error
/// when it is no folder, such as a .gguf file.
Json float_config(const std::filesystem::path& folder);

/// Writes the model as a folder that transformers and frugal load: its weights as float32 beside
/// what `base` has in its folder apart from weights. config.json comes last, so that a folder
/// without it is no model yet. Throws Error when `base` is no folder.
void write_model_folder(const std::filesystem::path& folder, const BaseModel& base,
                        const TrainableModel& model);

}  // namespace frugal::train
