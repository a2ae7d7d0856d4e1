// What frugal serve serves: models and adapters, each loaded when it is first asked for.
#pragma once

#include <filesystem>
#include <string>

#include "cli/options.h"
#include "server/served_model.h"

namespace frugal::cli {

struct ShelfOptions {
  ModelOptions model;           // threads and context
  std::filesystem::path cache;  // the folder of the prefix caches on disk
  double cache_gigabytes = 0;   // of each; 0: in memory only
};

/// Adds to the models that are served. Copies add to the same ones.
class Shelf {
 public:
  /// `models` must outlive the shelf and all that it adds.
  Shelf(server::ModelRegistry& models, ShelfOptions options)
      : models_(models), options_(std::move(options)) {}

  /// Serves a folder or file by the last part of its name, and what was fetched by its whole name.
  /// Throws Error when there is no such model, and when one is called so already.
  void add(const std::string& model) const;

  /// Serves the first model with an adapter as a model of its own, which shares the weights; it has
  /// an engine and a cache of its own. `text` is "NAME=DIR", DIR a folder of PEFT's. Returns NAME.
  /// Throws Error when it is something else, and when a model is called so already.
  std::string add_adapter(const std::string& text) const;

 private:
  server::ModelRegistry& models_;
  ShelfOptions options_;
};

}  // namespace frugal::cli
