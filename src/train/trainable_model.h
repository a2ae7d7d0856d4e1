// A model whose parameters are float32, lie in memory of their own and have gradients.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/lora.h"
#include "models/transformer.h"

namespace frugal::train {

/// One parameter as the optimizer sees it. The model reads `weight` and adds to `gradient`.
struct TrainedParameter {
  std::string name;         // as Hugging Face names it
  ops::FloatWeight weight;  // [n, k], the master values
  Tensor gradient;          // [n, k]; empty for a router's bias, which no gradient moves
  bool is_matrix = false;   // matrices decay, vectors do not
};

class TrainableModel {
 public:
  /// Random weights: matrices normal with standard deviation `std`, norms 1, biases 0. A
  /// parameter's values depend on the seed, its name and its shape alone.
  static TrainableModel random(const models::ModelConfig& config, const ops::Context& context,
                               double std, std::uint64_t seed);
  /// The weights of a checkpoint of any dtype, as float32.
  static TrainableModel load(const std::filesystem::path& path, const ops::Context& context);
  /// A checkpoint that stays as it is, with adapters that are trained: only those are parameters().
  /// Adapted weights keep their dtype, all others become float32.
  static TrainableModel load_adapted(const std::filesystem::path& path, const ops::Context& context,
                                     const models::LoraConfig& lora, std::uint64_t seed);

  models::Transformer& transformer() { return *transformer_; }
  /// A model over `files`, in the form that training has: other threads or another copy of the
  /// weights give the same bits.
  static models::Transformer in_training_form(models::ModelFiles files,
                                              const ops::Context& context);
  const models::ModelConfig& config() const { return transformer_->config(); }
  std::vector<TrainedParameter>& parameters() { return parameters_; }
  const std::vector<TrainedParameter>& parameters() const { return parameters_; }
  void zero_gradients(const ops::Context& context);

 private:
  /// Gives every parameter of `files` memory of its own; `fill` writes the values.
  using Fill = std::function<void(const models::ParameterSite&, const autograd::Parameter& from,
                                  Tensor& values)>;
  TrainableModel(models::ModelFiles files, const ops::Context& context, const Fill& fill);
  /// The weights of `files` as they are; `parameters` are those that have gradients.
  TrainableModel(models::ModelFiles files, const ops::Context& context,
                 std::vector<TrainedParameter> parameters);

  std::vector<TrainedParameter> parameters_;
  std::unique_ptr<models::Transformer> transformer_;
};

}  // namespace frugal::train
