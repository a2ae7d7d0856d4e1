#include "train/run_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/output_file.h"
#include "formats/checkpoint.h"
#include "formats/safetensors.h"

namespace frugal::train {

namespace {

namespace fs = std::filesystem;
using formats::StoredTensor;
using formats::TensorSource;

constexpr const char* kState = "training/state.json";
constexpr const char* kOptimizer = "training/optimizer.safetensors";
constexpr const char* kMetrics = "metrics.jsonl";
constexpr const char* kLatest = "latest";

TensorSource floats_source(const std::string& name, const Tensor& values, bool is_matrix) {
  std::vector<std::int64_t> shape = {values.cols()};
  if (is_matrix) shape.insert(shape.begin(), values.rows());
  return {name, DType::f32, shape,
          [&values] { return std::as_bytes(std::span<const float>(values.view().span())); }};
}

void write_model(const fs::path& folder, const RunParts& parts) {
  std::vector<TensorSource> tensors;
  for (const TrainedParameter& p : parts.model.parameters()) {
    tensors.push_back(floats_source(p.name, *p.weight.tensor, p.is_matrix));
  }
  formats::write_safetensors(folder / "model.safetensors", std::move(tensors), {{"format", "pt"}});
  write_text(folder / "config.json", parts.config.dump(2));
  write_text(folder / "tokenizer.json", parts.tokenizer.tokenizer_json);
  write_text(folder / "tokenizer_config.json", parts.tokenizer.tokenizer_config);
}

void write_optimizer(const fs::path& path, const RunParts& parts) {
  std::vector<TensorSource> tensors;
  for (const AdamW::Moment& moment : parts.optimizer.moments()) {
    tensors.push_back({moment.name, moment.dtype, {moment.n, moment.k}, [bytes = moment.bytes] {
                         return std::span<const std::byte>(bytes);
                       }});
  }
  for (std::size_t i = 0; parts.average != nullptr && i < parts.average->values().size(); ++i) {
    tensors.push_back(floats_source("average." + parts.model.parameters()[i].name,
                                    parts.average->values()[i], true));
  }
  formats::write_safetensors(path, std::move(tensors));
}

Json state_json(const RunState& s, std::int64_t optimizer_steps) {
  return {
      {"step", s.step},        {"tokens", s.tokens},         {"windows", s.windows},
      {"seconds", s.seconds},  {"usual_norm", s.usual_norm}, {"optimizer_steps", optimizer_steps},
      {"data_key", s.data_key}};
}

// Copies a stored tensor to where it belongs, which says what it has to be.
void fill(std::span<const StoredTensor> stored, const std::string& name, DType dtype,
          std::span<std::byte> to, const fs::path& file) {
  const auto at = std::ranges::find(stored, name, &StoredTensor::name);
  require(
      at != stored.end() && at->dtype == dtype && at->data.size() == to.size(),
      "{}: tensor {} is missing or does not fit this recipe; the checkpoint is of another model "
      "or optimizer",
      file.string(), name);
  std::memcpy(to.data(), at->data.data(), to.size());
}

// A newer link takes the place of the old one at once.
void point_latest(const fs::path& folder, const fs::path& checkpoint) {
  const fs::path temporary = folder / ".latest.tmp";
  fs::remove(temporary);
  fs::create_directory_symlink(checkpoint.filename(), temporary);
  fs::rename(temporary, folder / kLatest);
}

}  // namespace

RunFolder::RunFolder(fs::path folder, bool resume) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  require(!error, "cannot create {}: {}", folder_.string(), error.message());
  const bool has_run = latest().has_value();
  require(resume || !has_run,
          "{} holds a run already; --resume continues it, another --out starts afresh",
          folder_.string());
  require(!resume || has_run, "{} holds no checkpoint to resume from", folder_.string());
}

std::vector<fs::path> RunFolder::checkpoints() const {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename().string().starts_with("step-") &&
        fs::exists(entry.path() / kState)) {
      found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);  // the names have leading zeros
  return found;
}

std::optional<fs::path> RunFolder::latest() const {
  const std::vector<fs::path> all = checkpoints();
  if (all.empty()) return std::nullopt;
  return all.back();
}

fs::path RunFolder::save(const RunParts& parts, const RunState& state, std::int64_t keep) {
  fs::path target = folder_ / fmt::format("step-{:08}", state.step);
  if (fs::exists(target)) return target;  // the very same state
  const fs::path partial = folder_ / ".partial";
  fs::remove_all(partial);
  fs::create_directories(partial / "training");
  try {
    write_model(partial, parts);
    write_optimizer(partial / kOptimizer, parts);
    write_text(partial / kState, state_json(state, parts.optimizer.steps()).dump(2));
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(partial, ignored);  // on a full disk the rest should not stay full as well
    throw;
  }
  fs::rename(partial, target);
  sync_folder(folder_);
  point_latest(folder_, target);
  std::vector<fs::path> all = checkpoints();
  const auto surplus = static_cast<std::ptrdiff_t>(all.size()) - static_cast<std::ptrdiff_t>(keep);
  for (std::ptrdiff_t i = 0; i < surplus; ++i) fs::remove_all(all[static_cast<std::size_t>(i)]);
  return target;
}

RunState RunFolder::restore(const fs::path& checkpoint, const RunParts& parts) const {
  const Json config = read_json_file(checkpoint / "config.json");
  require(config == parts.config, "{}: this is a checkpoint of another model than the recipe's",
          (checkpoint / "config.json").string());
  const formats::Checkpoint files = formats::open_checkpoint(checkpoint);
  for (TrainedParameter& p : parts.model.parameters()) {
    fill(files.tensors(), p.name, DType::f32,
         std::as_writable_bytes(p.weight.tensor->view().span()), checkpoint);
  }
  const MappedFile mapped(checkpoint / kOptimizer);
  const formats::SafetensorsFile optimizer =
      formats::parse_safetensors(mapped.bytes(), mapped.path());
  for (const AdamW::Moment& moment : parts.optimizer.moments()) {
    fill(optimizer.tensors, moment.name, moment.dtype, moment.bytes, mapped.path());
  }
  for (std::size_t i = 0; parts.average != nullptr && i < parts.average->values().size(); ++i) {
    fill(optimizer.tensors, "average." + parts.model.parameters()[i].name, DType::f32,
         std::as_writable_bytes(parts.average->values()[i].view().span()), mapped.path());
  }
  const Json state = read_json_file(checkpoint / kState);
  parts.optimizer.set_steps(state.at("optimizer_steps").get<std::int64_t>());
  return {state.at("step").get<std::int64_t>(),    state.at("tokens").get<std::int64_t>(),
          state.at("windows").get<std::int64_t>(), state.at("seconds").get<double>(),
          state.at("usual_norm").get<double>(),    state.at("data_key").get<std::string>()};
}

void RunFolder::append_metrics(const Json& line) const {
  std::ofstream file(folder_ / kMetrics, std::ios::app);
  file << line.dump() << '\n';
  file.flush();
  require(file.good(), "cannot write {}: {}", (folder_ / kMetrics).string(), errno_text(errno));
}

void RunFolder::cut_metrics(std::int64_t step) const {
  std::ifstream file(folder_ / kMetrics);
  if (!file.good()) return;
  std::string kept;
  for (std::string line; std::getline(file, line);) {
    const Json json = Json::parse(line, nullptr, false);
    // The last line may have been cut off in the middle.
    if (json.is_discarded() || !json.contains("step") || json["step"] > step) continue;
    kept += line + "\n";
  }
  file.close();
  write_text(folder_ / kMetrics, kept);
}

}  // namespace frugal::train
