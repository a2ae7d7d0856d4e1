// Models that the server answers with.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine_loop.h"
#include "text/chat_format.h"
#include "text/tokenizer.h"

namespace frugal::server {

/// One model in memory, with its engine running.
struct ServedModel {
  ServedModel(std::string model_name, std::string model_fingerprint,
              std::shared_ptr<void> model_resources, text::Tokenizer model_tokenizer)
      : name(std::move(model_name)),
        fingerprint(std::move(model_fingerprint)),
        resources(std::move(model_resources)),
        tokenizer(std::move(model_tokenizer)) {}

  std::string name;
  /// Changes when equal requests may get other answers: another build, instruction set or weights.
  std::string fingerprint;
  std::int64_t parameters = 0;
  std::shared_ptr<void> resources;  // whatever the engine computes with
  text::Tokenizer tokenizer;
  std::optional<text::ChatFormat> format{};  // none: no conversations
  engine::SamplingOptions defaults{};        // where a request is silent
  std::vector<std::int32_t> stop_tokens{};
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<engine::EngineLoop> loop;  // ends before the engine does
  std::atomic<int> active = 0;               // sequences that wait or run
};

/// The models by name. Safe to use from several threads.
class ModelRegistry {
 public:
  using Loader = std::function<std::shared_ptr<ServedModel>()>;

  /// `created`: seconds since 1970, for lists. The first one added is the default.
  void add(const std::string& name, std::int64_t created, Loader loader);

  /// The model of that name (empty: the default), loaded if it is not. Others can be used
  /// meanwhile. When it cannot be loaded, for want of memory perhaps, models that nobody uses make
  /// way. Throws ApiError when there is none of this name, Error when it cannot be loaded.
  std::shared_ptr<ServedModel> get(const std::string& name);

  struct Entry {
    std::string name;
    std::int64_t created = 0;
    std::shared_ptr<ServedModel> model;  // null: not loaded
  };
  /// In the order of their addition.
  std::vector<Entry> list() const;

  /// How many models there are.
  std::size_t size() const;

  /// Frees models that nobody has asked for in the last `idle`, and that no request uses.
  /// Returns how many.
  std::size_t unload_idle(std::chrono::seconds idle);

  /// Ends what the models still do, while those who are told of it are there.
  void stop();

 private:
  struct Slot {
    std::string name;
    std::int64_t created = 0;
    Loader loader;
    std::mutex loading;  // held while it is loaded, so that it happens once
    std::shared_ptr<ServedModel> model{};
    std::chrono::steady_clock::time_point used{};
  };
  Slot& find(const std::string& name) const;

  // Guards slots_, and model and used of each slot; a slot that is there stays.
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace frugal::server
