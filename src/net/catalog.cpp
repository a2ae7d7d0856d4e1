#include "net/catalog.h"

#include <algorithm>
#include <cctype>

namespace frugal::net {

namespace {

// Sizes are those of the published safetensors. DeepSeek-V3 and its kin are stored in FP8, with the
// multi-token-prediction layer; everything else in BF16.
constexpr KnownModel kModels[] = {
    {"smollm2-135m", "HuggingFaceTB/SmolLM2-135M-Instruct", 0.135, 0.27, "apache-2.0"},
    {"smollm2-360m", "HuggingFaceTB/SmolLM2-360M-Instruct", 0.362, 0.72, "apache-2.0"},
    {"smollm2-1.7b", "HuggingFaceTB/SmolLM2-1.7B-Instruct", 1.71, 3.42, "apache-2.0"},
    {"deepseek-r1-distill-qwen-1.5b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", 1.78, 3.55,
     "mit"},
    {"deepseek-r1-distill-qwen-7b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 7.62, 15.2, "mit"},
    {"deepseek-r1-distill-llama-8b", "deepseek-ai/DeepSeek-R1-Distill-Llama-8B", 8.03, 16.1,
     "mit (llama3.1 base)"},
    {"deepseek-r1-distill-qwen-14b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-14B", 14.8, 29.5, "mit"},
    {"deepseek-r1-distill-qwen-32b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", 32.8, 65.5, "mit"},
    {"deepseek-r1-distill-llama-70b", "deepseek-ai/DeepSeek-R1-Distill-Llama-70B", 70.6, 141,
     "mit (llama3.3 base)"},
    {"deepseek-r1-0528-qwen3-8b", "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", 8.19, 16.4, "mit"},
    {"deepseek-r1", "deepseek-ai/DeepSeek-R1", 685, 689, "mit"},
    {"deepseek-r1-zero", "deepseek-ai/DeepSeek-R1-Zero", 685, 689, "mit"},
    {"deepseek-r1-0528", "deepseek-ai/DeepSeek-R1-0528", 685, 689, "mit"},
    {"deepseek-v2-lite", "deepseek-ai/DeepSeek-V2-Lite", 15.7, 31.4, "deepseek"},
    {"deepseek-v2-lite-chat", "deepseek-ai/DeepSeek-V2-Lite-Chat", 15.7, 31.4, "deepseek"},
    {"deepseek-v3", "deepseek-ai/DeepSeek-V3", 685, 689, "deepseek"},
    {"deepseek-v3-0324", "deepseek-ai/DeepSeek-V3-0324", 685, 689, "mit"},
    {"deepseek-v3.1", "deepseek-ai/DeepSeek-V3.1", 685, 689, "mit"},
    {"qwen2.5-0.5b", "Qwen/Qwen2.5-0.5B-Instruct", 0.494, 0.99, "apache-2.0"},
    {"qwen2.5-1.5b", "Qwen/Qwen2.5-1.5B-Instruct", 1.54, 3.09, "apache-2.0"},
    {"qwen2.5-3b", "Qwen/Qwen2.5-3B-Instruct", 3.09, 6.17, "qwen-research"},
    {"qwen2.5-7b", "Qwen/Qwen2.5-7B-Instruct", 7.62, 15.2, "apache-2.0"},
    {"qwen2.5-14b", "Qwen/Qwen2.5-14B-Instruct", 14.8, 29.5, "apache-2.0"},
    {"qwen2.5-32b", "Qwen/Qwen2.5-32B-Instruct", 32.8, 65.5, "apache-2.0"},
    {"qwen2.5-72b", "Qwen/Qwen2.5-72B-Instruct", 72.7, 145, "qwen"},
    {"qwen3-0.6b", "Qwen/Qwen3-0.6B", 0.752, 1.50, "apache-2.0"},
    {"qwen3-1.7b", "Qwen/Qwen3-1.7B", 2.03, 4.06, "apache-2.0"},
    {"qwen3-4b", "Qwen/Qwen3-4B", 4.02, 8.04, "apache-2.0"},
    {"qwen3-8b", "Qwen/Qwen3-8B", 8.19, 16.4, "apache-2.0"},
    {"qwen3-14b", "Qwen/Qwen3-14B", 14.8, 29.5, "apache-2.0"},
    {"qwen3-32b", "Qwen/Qwen3-32B", 32.8, 65.5, "apache-2.0"},
    {"qwen3-30b-a3b", "Qwen/Qwen3-30B-A3B", 30.5, 61.1, "apache-2.0"},
    {"llama-3.2-1b", "meta-llama/Llama-3.2-1B-Instruct", 1.24, 2.47, "llama3.2", true},
    {"llama-3.2-3b", "meta-llama/Llama-3.2-3B-Instruct", 3.21, 6.43, "llama3.2", true},
    {"llama-3.1-8b", "meta-llama/Llama-3.1-8B-Instruct", 8.03, 16.1, "llama3.1", true},
    {"llama-3.1-70b", "meta-llama/Llama-3.1-70B-Instruct", 70.6, 141, "llama3.1", true},
    {"llama-3.3-70b", "meta-llama/Llama-3.3-70B-Instruct", 70.6, 141, "llama3.3", true},
};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

std::span<const KnownModel> known_models() { return kModels; }

const KnownModel* find_known_model(std::string_view name) {
  for (const KnownModel& model : kModels) {
    const std::string_view last = model.repository.substr(model.repository.find('/') + 1);
    if (equal_ignoring_case(name, model.name) || equal_ignoring_case(name, last)) return &model;
  }
  return nullptr;
}

}  // namespace frugal::net
