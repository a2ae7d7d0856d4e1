// frugal convert: between Hugging Face folders and GGUF, both ways, quantising on the way.
#include <fmt/core.h>

#include <filesystem>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/model_argument.h"
#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "models/convert.h"
#include "models/lora.h"
#include "models/write_config.h"
#include "text/byte_level_tokenizer.h"

namespace frugal::cli {

namespace {

namespace fs = std::filesystem;
using formats::TensorSource;

struct ConvertOptions {
  std::string source;
  std::string target;
  std::string type = "q8_0";
  std::string pre_tokenizer;
  std::string adapter;
  bool json = false;
};

std::string chat_template_of(const formats::Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    return std::string(checkpoint.metadata().find_string("tokenizer.chat_template").value_or(""));
  }
  const Json& config = checkpoint.tokenizer_config();
  if (config.contains("chat_template") && config["chat_template"].is_string())
    return config["chat_template"];
  const fs::path beside = checkpoint.path() / "chat_template.jinja";
  return fs::exists(beside) ? std::string(MappedFile(beside).text()) : "";
}

// A GGUF's own vocabulary, as it is.
void copy_tokenizer(const formats::GgufMetadata& from, formats::GgufMetadataBuilder& to) {
  for (const auto& [key, value] : from.values()) {
    if (key.starts_with("tokenizer.")) to.set(key, value);
  }
}

void write_gguf_model(const models::ModelFiles& files, const ConvertOptions& o,
                      std::span<const TensorSource> tensors) {
  formats::GgufMetadataBuilder metadata;
  models::set_gguf_config(files.config, metadata);
  metadata.set_string("general.name", fs::path(o.source).stem().string());
  metadata.set_u32("general.quantization_version", 2);
  const formats::Checkpoint& checkpoint = *files.checkpoint;
  if (checkpoint.is_gguf()) {
    copy_tokenizer(checkpoint.metadata(), metadata);
  } else if (fs::exists(checkpoint.tokenizer_json())) {
    text::set_gguf_tokenizer(text::read_byte_level_folder(checkpoint.path(), o.pre_tokenizer),
                             files.config.vocab_size, metadata);
    const std::string chat_template = chat_template_of(checkpoint);
    if (!chat_template.empty()) metadata.set_string("tokenizer.chat_template", chat_template);
  }
  formats::write_gguf(o.target, metadata, tensors);
}

void write_tokenizer_files(const formats::Checkpoint& checkpoint, const fs::path& folder) {
  if (!checkpoint.is_gguf()) {
    for (const char* name : {"tokenizer.json", "tokenizer_config.json", "generation_config.json",
                             "chat_template.jinja"}) {
      if (fs::exists(checkpoint.path() / name))
        write_text(folder / name, MappedFile(checkpoint.path() / name).text());
    }
    return;
  }
  if (!checkpoint.metadata().contains("tokenizer.ggml.model")) return;
  const text::ByteLevelTokenizer tokenizer = text::read_byte_level_gguf(checkpoint.metadata());
  write_text(folder / "tokenizer.json", text::tokenizer_json(tokenizer).dump(1));
  write_text(folder / "tokenizer_config.json",
             text::tokenizer_config_json(tokenizer, chat_template_of(checkpoint)).dump(1));
}

Json config_of(const models::ModelFiles& files, const models::StorageType& type) {
  const std::map<DType, std::string> names = {{DType::f32, "float32"}, {DType::f16, "float16"}};
  const auto name = names.find(type.dtype);
  models::ModelConfig config = files.config;
  config.rope = models::with_llama3_divisors(config.rope, files.rope_divisors,
                                             files.checkpoint->path().string());
  Json json = models::hf_config(config, name == names.end() ? "bfloat16" : name->second);
  if (type.dtype == DType::f8_e4m3) {
    json["quantization_config"] = {{"quant_method", "fp8"},
                                   {"fmt", "e4m3"},
                                   {"activation_scheme", "dynamic"},
                                   {"weight_block_size", {128, 128}}};
  }
  return json;
}

void write_folder(const models::ModelFiles& files, const models::StorageType& type,
                  const fs::path& folder, const std::vector<TensorSource>& tensors) {
  std::error_code error;
  fs::create_directories(folder, error);
  require(!error, "cannot make the folder {}: {}", folder.string(), error.message());
  const Json config = config_of(files, type);
  write_tokenizer_files(*files.checkpoint, folder);
  formats::write_safetensors(folder / "model.safetensors", tensors, {{"format", "pt"}});
  write_text(folder / "config.json", config.dump(2));  // last: a folder without it is no model yet
}

// Shows how far writing is: the writer asks for one tensor after the other.
void follow(std::vector<TensorSource>& tensors, ProgressBar& bar) {
  auto done = std::make_shared<std::uint64_t>(0);
  for (TensorSource& tensor : tensors) {
    tensor.data = [data = std::move(tensor.data), done, &bar] {
      const std::span<const std::byte> bytes = data();
      *done += bytes.size();
      bar.update(*done);
      return bytes;
    };
  }
}

std::uint64_t total_bytes(const std::vector<TensorSource>& tensors) {
  std::uint64_t total = 0;
  for (const TensorSource& t : tensors) {
    total += static_cast<std::uint64_t>(formats::tensor_bytes(t.dtype, t.shape, t.name));
  }
  return total;
}

// What people want to know: how much of what, and where a row did not divide.
void report(const ConvertOptions& o, const models::StorageType& type,
            const std::vector<TensorSource>& tensors) {
  std::map<std::string, std::int64_t> counts;
  std::vector<std::string> fallbacks;
  for (const TensorSource& t : tensors) {
    ++counts[std::string(dtype_name(t.dtype))];
    if (is_block_type(type.dtype) && t.shape.size() > 1 && t.dtype != type.dtype &&
        t.dtype != DType::q6_k && t.dtype != DType::f32) {
      fallbacks.push_back(t.name);
    }
  }
  if (o.json) {
    fmt::print("{}\n", Json{{"path", o.target},
                            {"type", type.name},
                            {"bytes", total_bytes(tensors)},
                            {"tensors", counts},
                            {"fallbacks", fallbacks}}
                           .dump());
    return;
  }
  fmt::print("{}: {}\n", o.target, human_bytes(total_bytes(tensors)));
  for (const auto& [name, count] : counts) fmt::print("  {:<8} {} tensors\n", name, count);
  if (!fallbacks.empty()) {
    fmt::print("  {} tensors have rows that {} does not divide and got a type that does: {} ...\n",
               fallbacks.size(), type.name, fallbacks.front());
  }
}

void run_convert(const ConvertOptions& o) {
  const fs::path source = resolve_model(o.source);
  const fs::path target = o.target;
  require(!fs::exists(target) || !fs::equivalent(source, target), "{} is source and target at once",
          o.target);
  const bool to_gguf = target.extension() == ".gguf";
  const models::StorageType& type = models::storage_type_named(o.type);
  models::ModelFiles files = models::load_model(source);
  if (!o.adapter.empty()) {
    models::load_adapter(files, o.adapter);
    models::merge_adapters(files);
  }
  std::vector<TensorSource> tensors =
      to_gguf ? models::gguf_tensors(files, type) : models::hf_tensors(files, type);
  {
    ProgressBar bar("converting", total_bytes(tensors));
    std::vector<TensorSource> followed = tensors;
    follow(followed, bar);
    if (to_gguf) {
      write_gguf_model(files, o, followed);
    } else {
      write_folder(files, type, target, followed);
    }
  }
  report(o, type, tensors);
}

}  // namespace

void add_convert(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "convert", "Write a model as GGUF or as a folder, in another type of numbers");
  auto options = std::make_shared<ConvertOptions>();
  std::string types;
  for (const models::StorageType& type : models::storage_types()) {
    types += (types.empty() ? "" : ", ") + std::string(type.name);
  }
  command->add_option("SRC", options->source, "A model: folder, .gguf, or name")->required();
  command
      ->add_option("DST", options->target, "What to write: a file that ends in .gguf, or a folder")
      ->required();
  command->add_option("--type", options->type, "Type of numbers: " + types)->capture_default_str();
  command->add_option(
      "--pre-tokenizer", options->pre_tokenizer,
      "Name of the pre-tokenizer in a new GGUF (found by comparison when left out)");
  command
      ->add_option("--lora", options->adapter,
                   "An adapter to merge into the weights: a folder in PEFT's form")
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] { run_convert(*options); });
}

}  // namespace frugal::cli
