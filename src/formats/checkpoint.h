// A model's files, opened: a Hugging Face folder or GGUF.
#pragma once

#include "base/json.h"
#include "base/mapped_file.h"
#include "formats/gguf.h"
#include "formats/stored_tensor.h"

namespace frugal::formats {

/// All tensors and settings of a model. Owns the mappings that its tensors and metadata borrow
/// from; movable, and the borrowed bytes stay where they are.
class Checkpoint {
 public:
  /// The folder, or the (first) GGUF file.
  const std::filesystem::path& path() const { return path_; }
  bool is_gguf() const { return is_gguf_; }

  /// By name, in byte order.
  std::span<const StoredTensor> tensors() const { return tensors_; }
  /// Null when there is none of this name.
  const StoredTensor* find(std::string_view name) const;
  /// Throws Error naming the tensor and the checkpoint when there is none.
  const StoredTensor& get(std::string_view name) const;
  /// Gives pages of tensors back to the kernel: these bytes will not be read again (soon). Bytes
  /// that no file holds are left alone.
  void release(std::span<const std::byte> bytes) const;

  /// Of a Hugging Face folder; Error for GGUF.
  const Json& config() const;
  /// Empty objects when the file is absent. Error for GGUF.
  const Json& tokenizer_config() const;
  const Json& generation_config() const;
  /// Where tokenizer.json is or would be. Error for GGUF.
  std::filesystem::path tokenizer_json() const;

  /// Of the first GGUF file; Error for a Hugging Face folder.
  const GgufMetadata& metadata() const;

 private:
  friend Checkpoint open_checkpoint(const std::filesystem::path& path);
  Checkpoint() = default;
  void open_folder();
  void open_sharded();
  void add_safetensors(const std::filesystem::path& file);
  void open_gguf();
  void open_split_gguf(std::int64_t parts);
  void add_gguf_part(const std::filesystem::path& file, std::int64_t part, std::int64_t parts);
  void sort_tensors();
  const MappedFile& map(const std::filesystem::path& file);
  void require_folder(std::string_view file) const;

  std::filesystem::path path_;
  bool is_gguf_ = false;
  std::vector<MappedFile> files_;
  std::vector<StoredTensor> tensors_;
  Json config_ = Json::object();
  Json tokenizer_config_ = Json::object();
  Json generation_config_ = Json::object();
  GgufMetadata metadata_;
};

/// Opens a file that ends in .gguf (any part of a split model opens all of it) or a folder with
/// config.json and model.safetensors, or model.safetensors.index.json, or else any *.safetensors.
/// Maps the files and reads what describes the tensors, not their values. Throws Error naming the
/// file, the tensor and the reason on anything wrong.
Checkpoint open_checkpoint(const std::filesystem::path& path);

}  // namespace frugal::formats
