// What a training run would cost, before it is run.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cost/flops.h"

namespace frugal::cost {

/// An accelerator by its published dense peak.
struct Hardware {
  std::string_view name;
  double peak_flops = 0;         // a second, BF16 without sparsity
  std::string_view description;  // what the peak is of
};

std::span<const Hardware> known_hardware();
/// Throws Error listing the names when there is none of this name.
const Hardware& hardware_named(std::string_view name);

/// What the user gives.
struct PlanInput {
  models::ModelConfig config;
  std::string model;  // its name, for the report
  Hardware hardware;
  double devices = 1;
  double price_per_device_hour = 0;  // dollars
  double tokens = 0;
  double context = 4096;           // tokens a training sequence
  double mfu = 0;                  // share of the peak that the run reaches, causal count
  double extension_hours = 0;      // device hours of context extension
  double post_training_hours = 0;  // device hours of post-training
};

/// What follows. Hours are device hours.
struct Plan {
  double flops_per_token = 0;
  double total_flops = 0;
  double pretraining_hours = 0;
  double hours = 0;
  double days = 0;  // of the pre-training on all devices
  double dollars = 0;
  double hours_per_trillion_tokens = 0;
};

/// Throws Error naming the input that is not positive or not finite.
Plan make_plan(const PlanInput& input);

/// The table for people: each figure marked as computed or given, then what such a bill leaves out.
std::string plan_text(const PlanInput& input, const Plan& plan);
Json plan_json(const PlanInput& input, const Plan& plan);

}  // namespace frugal::cost
