#include "train/base_model.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "base/output_file.h"
#include "formats/safetensors.h"

namespace frugal::train {

namespace fs = std::filesystem;

Json float_config(const fs::path& folder) {
  require(
      fs::is_directory(folder),
      "{} is no folder in Hugging Face form; make one with: frugal convert {} FOLDER --type bf16",
      folder.string(), folder.string());
  Json config = read_json_file(folder / "config.json");
  config["torch_dtype"] = "float32";
  config.erase("dtype");
  config.erase("quantization_config");
  return config;
}

void write_model_folder(const fs::path& folder, const BaseModel& base,
                        const TrainableModel& model) {
  const Json config = float_config(base.path);
  fs::create_directories(folder);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "generation_config.json",
                           "chat_template.jinja", "special_tokens_map.json"}) {
    const fs::path from = base.path / name;
    if (fs::exists(from)) write_text(folder / name, MappedFile(from).text());
  }
  std::vector<formats::TensorSource> tensors;
  for (const TrainedParameter& p : model.parameters()) {
    std::vector<std::int64_t> shape = {p.weight.weight.k};
    if (p.is_matrix) shape.insert(shape.begin(), p.weight.weight.n);
    tensors.push_back({p.name, DType::f32, shape, [values = p.weight.tensor] {
                         return std::as_bytes(std::span<const float>(values->view().span()));
                       }});
  }
  formats::write_safetensors(folder / "model.safetensors", std::move(tensors), {{"format", "pt"}});
  write_text(folder / "config.json", config.dump(2));
}

}  // namespace frugal::train
