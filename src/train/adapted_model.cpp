#include "train/adapted_model.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"

namespace frugal::train {

namespace {

using autograd::Adapter;
using autograd::Parameter;
using models::ParameterSite;

// A factor with a gradient, as the optimizer sees it.
TrainedParameter make_factor(std::string name, std::int64_t n, std::int64_t k) {
  return {std::move(name), ops::FloatWeight(n, k), Tensor(n, k), true};
}

Parameter parameter_of(const TrainedParameter& trained) {
  return {trained.name, trained.weight.weight, trained.gradient.view()};
}

}  // namespace

TrainableModel TrainableModel::load_adapted(const std::filesystem::path& path,
                                            const ops::Context& context,
                                            const models::LoraConfig& lora, std::uint64_t seed) {
  models::ModelFiles files = models::load_model(path);
  std::vector<TrainedParameter> factors;
  Rng rng(seed);
  const auto adapt = [&](const ParameterSite& site, Parameter& parameter) {
    if (!models::is_adapted(lora, site)) {
      parameter.weight = ops::to_floats(parameter.weight);
      return;
    }
    TrainedParameter down = make_factor(models::adapter_name(site.name, 'A'), lora.rank, site.k);
    TrainedParameter up = make_factor(models::adapter_name(site.name, 'B'), site.n, lora.rank);
    const double bound = 1 / std::sqrt(static_cast<double>(site.k));
    for (float& value : down.weight.tensor->view().span()) {
      value = static_cast<float>(bound * (2 * rng.uniform() - 1));
    }
    const auto scale = static_cast<float>(lora.alpha / static_cast<double>(lora.rank));
    parameter.adapter =
        std::make_shared<const Adapter>(Adapter{parameter_of(down), parameter_of(up), scale});
    factors.push_back(std::move(down));
    factors.push_back(std::move(up));
  };
  models::for_each_parameter(files.config, files.weights, adapt);
  require(!factors.empty(), "{}: none of the modules that were to be adapted is there",
          path.string());
  return {std::move(files), context, std::move(factors)};
}

TrainableModel open_trainable(const BaseModel& base, const ops::Context& context,
                              const models::LoraConfig& lora, std::uint64_t seed) {
  if (lora.rank == 0) return TrainableModel::load(base.path, context);
  return TrainableModel::load_adapted(base.path, context, lora, seed);
}

void write_trained(const std::filesystem::path& folder, const BaseModel& base,
                   const TrainableModel& model, const models::LoraConfig& lora) {
  if (lora.rank == 0) {
    write_model_folder(folder, base, model);
    return;
  }
  std::vector<formats::TensorSource> tensors;
  for (const TrainedParameter& p : model.parameters()) {
    tensors.push_back(
        {p.name, DType::f32, {p.weight.weight.n, p.weight.weight.k}, [values = p.weight.tensor] {
           return std::as_bytes(std::span<const float>(values->view().span()));
         }});
  }
  models::write_adapter(folder, lora, base.path.string(), std::move(tensors));
}

}  // namespace frugal::train
