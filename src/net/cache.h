// Where fetched models lie on this machine.
#pragma once

#include <filesystem>
#include <string>

namespace frugal::net {

/// ~/.cache/frugal, or frugal/ under XDG_CACHE_HOME. Not created here. Throws Error when neither
/// variable says where home is.
std::filesystem::path cache_folder();

/// What a model's name stands for.
struct ModelName {
  std::string repository;  // "owner/name"
  std::string gguf;        // path of one GGUF file in it, or "" for the safetensors
};

/// Reads a known name (net/catalog), "owner/name", or "owner/name/path/FILE.gguf". Returns an empty
/// repository when the text is none of these.
ModelName parse_model_name(const std::string& text);

/// Where pull() puts it: CACHE/models/owner/name, or CACHE/gguf/owner/name/path/FILE.gguf.
std::filesystem::path cached_path(const ModelName& name);

}  // namespace frugal::net
