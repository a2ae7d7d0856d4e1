#include "formats/checkpoint.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "formats/large_json.h"
#include "formats/safetensors.h"

namespace frugal::formats {

namespace fs = std::filesystem;

namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

// Symlinks that lead nowhere count as absent, those in a circle too.
bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

Json read_object(const fs::path& path) {
  if (!is_there(path)) return Json::object();
  Json json = read_json_file(path);
  require(json.is_object(), "{}: not a JSON object", path.string());
  return json;
}

std::vector<fs::path> files_ending_in(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ending) files.push_back(it->path());
  }
  require(!error, "cannot read the folder {}: {}", folder.string(), error.message());
  std::ranges::sort(files);
  return files;
}

// Which file of the folder holds each tensor.
std::map<std::string, std::string, std::less<>> read_index(const fs::path& path) {
  const MappedFile file(path);
  const LargeJson json(file.text(), path.string());
  simdjson::dom::object entries;
  require(json.root()["weight_map"].get(entries) == simdjson::SUCCESS,
          "{}: no object \"weight_map\"", path.string());
  std::map<std::string, std::string, std::less<>> index;
  for (const auto [name, entry] : entries) {
    std::string_view shard;
    require(entry.get(shard) == simdjson::SUCCESS, "{}: tensor {}: the file is no string",
            path.string(), printable(name));
    // An index must not be able to point at files elsewhere.
    const fs::path plain(shard);
    require(plain.has_filename() && plain.filename() == plain && shard != "." && shard != ".." &&
                shard.find('\0') == std::string_view::npos,
            "{}: tensor {}: {} is not the name of a file in the same folder", path.string(),
            printable(name), printable(shard));
    require(index.emplace(name, shard).second, "{}: tensor {} is there twice", path.string(),
            printable(name));
  }
  return index;
}

// model-00002-of-00005.gguf: everything before the number, or nothing when the name has not this
// form.
std::optional<std::string> split_prefix(const std::string& name, std::int64_t parts) {
  const std::string ending = fmt::format("-of-{:05}.gguf", parts);
  constexpr std::size_t kNumber = 6;  // "-00002"
  if (!name.ends_with(ending) || name.size() < ending.size() + kNumber) return std::nullopt;
  const std::size_t prefix = name.size() - ending.size() - kNumber;
  const std::string_view number = std::string_view(name).substr(prefix + 1, kNumber - 1);
  const bool digits = std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  if (name[prefix] != '-' || !digits) return std::nullopt;
  return name.substr(0, prefix);
}

}  // namespace

const MappedFile& Checkpoint::map(const fs::path& file) { return files_.emplace_back(file); }

const StoredTensor* Checkpoint::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(tensors_, name, {}, &StoredTensor::name);
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

const StoredTensor& Checkpoint::get(std::string_view name) const {
  const StoredTensor* tensor = find(name);
  require(tensor != nullptr, "{}: no tensor {}", path_.string(), printable(name));
  return *tensor;
}

void Checkpoint::release(std::span<const std::byte> part) const {
  const std::less_equal<> before;
  for (const MappedFile& file : files_) {
    const auto bytes = file.bytes();
    if (before(bytes.data(), part.data()) &&
        before(part.data() + part.size(), bytes.data() + bytes.size())) {
      file.release(part);
    }
  }
}

void Checkpoint::require_folder(std::string_view file) const {
  require(!is_gguf_, "{}: a GGUF file has no {}", path_.string(), file);
}

const Json& Checkpoint::config() const {
  require_folder("config.json");
  return config_;
}

const Json& Checkpoint::tokenizer_config() const {
  require_folder("tokenizer_config.json");
  return tokenizer_config_;
}

const Json& Checkpoint::generation_config() const {
  require_folder("generation_config.json");
  return generation_config_;
}

fs::path Checkpoint::tokenizer_json() const {
  require_folder("tokenizer.json");
  return path_ / "tokenizer.json";
}

const GgufMetadata& Checkpoint::metadata() const {
  require(is_gguf_, "{}: a Hugging Face folder has no GGUF metadata", path_.string());
  return metadata_;
}

void Checkpoint::sort_tensors() {
  std::ranges::sort(tensors_, {}, &StoredTensor::name);
  const auto twin = std::ranges::adjacent_find(tensors_, {}, &StoredTensor::name);
  if (twin != tensors_.end()) {
    fail("tensor {} is both in {} and in {}", printable(twin->name), twin->file.string(),
         std::next(twin)->file.string());
  }
}

void Checkpoint::add_safetensors(const fs::path& file) {
  for (StoredTensor& tensor : parse_safetensors(map(file).bytes(), file).tensors) {
    tensors_.push_back(std::move(tensor));
  }
}

void Checkpoint::open_sharded() {
  const fs::path index_path = path_ / kIndex;
  const auto index = read_index(index_path);
  std::set<std::string> shards;
  for (const auto& [name, shard] : index) shards.insert(shard);
  for (const std::string& shard : shards) {
    require(is_there(path_ / shard), "{}: names {}, which is not there; is the download complete?",
            index_path.string(), printable(shard));
    add_safetensors(path_ / shard);
  }
  sort_tensors();
  for (const auto& [name, shard] : index) {
    const StoredTensor* tensor = find(name);
    require(tensor != nullptr && tensor->file.filename() == shard, "{}: tensor {} is not in {}",
            index_path.string(), printable(name), printable(shard));
  }
}

void Checkpoint::open_folder() {
  if (!is_there(path_ / "config.json")) {
    for (const fs::path& gguf : files_ending_in(path_, ".gguf")) {
      fail("{}: no config.json; to use the GGUF file in it, name {}", path_.string(),
           gguf.string());
    }
    fail("{}: no config.json, so this is not a model's folder", path_.string());
  }
  config_ = read_object(path_ / "config.json");
  tokenizer_config_ = read_object(path_ / "tokenizer_config.json");
  generation_config_ = read_object(path_ / "generation_config.json");
  if (is_there(path_ / kSingle)) {
    add_safetensors(path_ / kSingle);
  } else if (is_there(path_ / kIndex)) {
    return open_sharded();
  } else {
    const auto files = files_ending_in(path_, ".safetensors");
    require(!files.empty(), "{}: no {}, no {} and no other *.safetensors", path_.string(), kSingle,
            kIndex);
    for (const fs::path& file : files) add_safetensors(file);
  }
  sort_tensors();
}

void Checkpoint::add_gguf_part(const fs::path& file, std::int64_t part, std::int64_t parts) {
  GgufFile gguf = parse_gguf(map(file).bytes(), file);
  const auto claims = [&](const char* key) { return gguf.metadata.find_int(key).value_or(0); };
  require(claims("split.count") == parts && claims("split.no") == part,
          "{}: calls itself part {} of {}, expected part {} of {}", file.string(),
          claims("split.no") + 1, claims("split.count"), part + 1, parts);
  for (StoredTensor& tensor : gguf.tensors) tensors_.push_back(std::move(tensor));
  if (part == 0) metadata_ = std::move(gguf.metadata);
}

void Checkpoint::open_split_gguf(std::int64_t parts) {
  const auto prefix = split_prefix(path_.filename().string(), parts);
  require(
      prefix.has_value(),
      "{}: is one of {} parts of a split model, whose names have to end in -00001-of-{:05}.gguf "
      "and so on",
      path_.string(), parts, parts);
  const auto part_path = [&](std::int64_t part) {
    return path_.parent_path() / fmt::format("{}-{:05}-of-{:05}.gguf", *prefix, part + 1, parts);
  };
  const fs::path given = std::exchange(path_, part_path(0));
  for (std::int64_t part = 0; part < parts; ++part) {
    require(is_there(part_path(part)), "{}: its part {} of {}, {}, is not there", given.string(),
            part + 1, parts, part_path(part).string());
    add_gguf_part(part_path(part), part, parts);
  }
  const auto expected = metadata_.find_int("split.tensors.count");
  require(!expected || *expected == std::ssize(tensors_),
          "{}: split.tensors.count is {}, but the {} parts hold {} tensors", path_.string(),
          expected.value_or(0), parts, tensors_.size());
}

void Checkpoint::open_gguf() {
  is_gguf_ = true;
  GgufFile gguf = parse_gguf(map(path_).bytes(), path_);
  const std::int64_t parts = gguf.metadata.find_int("split.count").value_or(1);
  if (parts > 1) {
    files_.clear();
    open_split_gguf(parts);
  } else {
    metadata_ = std::move(gguf.metadata);
    tensors_ = std::move(gguf.tensors);
  }
  sort_tensors();
}

Checkpoint open_checkpoint(const fs::path& path) {
  Checkpoint checkpoint;
  checkpoint.path_ = path;
  std::error_code error;
  const bool folder = fs::is_directory(path, error);
  require(!error, "cannot open {}: {}", path.string(), error.message());
  if (folder) {
    checkpoint.open_folder();
  } else {
    require(path.extension() == ".gguf", "{}: neither a model's folder nor a .gguf file",
            path.string());
    checkpoint.open_gguf();
  }
  return checkpoint;
}

}  // namespace frugal::formats
