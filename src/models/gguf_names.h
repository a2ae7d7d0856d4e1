// How llama.cpp names what Hugging Face names otherwise.
#pragma once

#include <optional>
#include <string>

namespace frugal::models {

/// Where a parameter lies in a GGUF file.
struct GgufSite {
  std::string name;
  std::optional<std::int64_t> expert;  // slice of a stacked tensor [n_experts, n, k]
};

/// The place of the parameter of this Hugging Face name; throws Error when GGUF has no name for it.
GgufSite gguf_site(const std::string& hf_name);

}  // namespace frugal::models
