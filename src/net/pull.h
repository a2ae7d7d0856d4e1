// Fetches a model from the hub into the cache.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "net/cache.h"
#include "net/download.h"
#include "net/hub.h"

namespace frugal::net {

struct PullPlan {
  ModelName name;
  HubRepository repository;
  std::vector<HubFile> files;         // only what running the model needs
  std::uint64_t bytes = 0;            // of these files
  std::filesystem::path destination;  // cached_path(name), for a split GGUF that of its first part
};

/// Chooses the files: config, tokenizer, chat template and safetensors with their index; or the
/// GGUF named (all parts of a split one). Throws Error when the repository holds no such files,
/// naming the GGUF files that it does hold.
PullPlan plan_pull(const ModelName& name, HubRepository repository);

struct PullOptions {
  RetryPolicy retry = {};
  /// Bytes of the whole plan so far, of which `resumed` were there before.
  std::function<void(std::uint64_t done, std::uint64_t resumed)> progress = nullptr;
  std::function<bool()> stopped = nullptr;
};

/// The files gather in a folder ending in ".partial", which a later call continues at the same
/// revision; the destination appears, by a rename, when all are complete and their checksums right.
/// Throws Error before fetching when the disk has too little room.
void pull(const Hub& hub, const PullPlan& plan, const PullOptions& options);

/// The commit that an interrupted pull of `name` was fetching, or "": continue with that one.
std::string interrupted_commit(const ModelName& name);

}  // namespace frugal::net
