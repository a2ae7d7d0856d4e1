#include "train/trainable_model.h"

#include <algorithm>
#include <string_view>

#include "base/hash.h"
#include "base/rng.h"

namespace frugal::train {

namespace {

// Training expands keys and values; the absorbed form is for decoding.
models::TransformerOptions training_form() { return {ops::MlaMode::expanded, false}; }

}  // namespace

TrainableModel::TrainableModel(models::ModelFiles files, const ops::Context& context,
                               const Fill& fill) {
  const auto take = [&](const models::ParameterSite& site, autograd::Parameter& parameter) {
    ops::FloatWeight weight(site.n, site.k);
    fill(site, parameter, *weight.tensor);
    const bool moved_by_gradients = !site.name.ends_with(".e_score_correction_bias");
    Tensor gradient = moved_by_gradients ? Tensor(site.n, site.k) : Tensor();
    parameter = {site.name, weight.weight, gradient.view()};
    parameters_.push_back(
        {site.name, weight, std::move(gradient), site.kind == models::ParameterKind::matrix});
  };
  models::for_each_parameter(files.config, files.weights, take);
  transformer_ = std::make_unique<models::Transformer>(std::move(files), context, training_form());
}

TrainableModel::TrainableModel(models::ModelFiles files, const ops::Context& context,
                               std::vector<TrainedParameter> parameters)
    : parameters_(std::move(parameters)),
      transformer_(
          std::make_unique<models::Transformer>(std::move(files), context, training_form())) {}

models::Transformer TrainableModel::in_training_form(models::ModelFiles files,
                                                     const ops::Context& context) {
  return {std::move(files), context, training_form()};
}

TrainableModel TrainableModel::random(const models::ModelConfig& config,
                                      const ops::Context& context, double std, std::uint64_t seed) {
  models::ModelFiles files;
  files.config = config;
  return {std::move(files), context,
          [&](const models::ParameterSite& site, const autograd::Parameter&, Tensor& values) {
            if (site.kind == models::ParameterKind::matrix) {
              Rng rng(seed, fnv1a(site.name));
              for (float& value : values.view().span()) {
                value = static_cast<float>(std * rng.normal());
              }
            } else if (!site.name.ends_with("bias")) {
              std::ranges::fill(values.view().span(), 1.0F);
            }
          }};
}

TrainableModel TrainableModel::load(const std::filesystem::path& path,
                                    const ops::Context& context) {
  return {models::load_model(path), context,
          [](const models::ParameterSite& site, const autograd::Parameter& from, Tensor& values) {
            for (std::int64_t i = 0; i < site.n; ++i) {
              from.weight.decode(i, 0, {values.row(i), static_cast<std::size_t>(site.k)});
            }
          }};
}

void TrainableModel::zero_gradients(const ops::Context& context) {
  for (TrainedParameter& p : parameters_) {
    const std::span<float> values = p.gradient.view().span();
    context.threads.parallel_for(static_cast<std::int64_t>(values.size()), 1 << 16,
                                 [&](std::int64_t begin, std::int64_t end) {
                                   std::fill(values.data() + begin, values.data() + end, 0.0F);
                                 });
  }
}

}  // namespace frugal::train
