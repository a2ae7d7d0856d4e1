#include "cost/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace frugal::cost {

namespace {

constexpr std::array kHardware{
    Hardware{"h800", 989e12, "NVIDIA H800 SXM, BF16 dense"},
    Hardware{"h100", 989e12, "NVIDIA H100 SXM, BF16 dense"},
    Hardware{"h200", 989e12, "NVIDIA H200 SXM, BF16 dense"},
    Hardware{"h20", 148e12, "NVIDIA H20, BF16 dense"},
    Hardware{"a100", 312e12, "NVIDIA A100, BF16 dense"},
    Hardware{"b200", 2250e12, "NVIDIA B200, BF16 dense"},
    Hardware{"rtx4090", 165e12, "NVIDIA RTX 4090, BF16 dense with FP32 accumulation"},
};

constexpr std::string_view kLeftOut =
    "What this bill leaves out: research, failed and ablation runs before this one; the data and "
    "its\n"
    "cleaning; salaries; buying the machines, their network and building (a device hour's price "
    "stands\n"
    "for all of that, and only for the hours of this run); evaluation; and serving the result.\n"
    "DeepSeek says the same of its own $5.576 M; estimates of its hardware alone run to $1.3 "
    "billion.\n";

void require_positive(double value, const char* name) {
  require(std::isfinite(value) && value > 0, "{} is {}, expected a positive number", name, value);
}

void require_not_negative(double value, const char* name) {
  require(std::isfinite(value) && value >= 0, "{} is {}, expected zero or more", name, value);
}

// 2664123 -> "2,664 K"
std::string thousands(double hours) {
  const double k = hours / 1000;
  if (k < 10) return fmt::format("{:.3g} K", k);
  const auto whole = static_cast<std::int64_t>(std::llround(k));
  return whole < 1000 ? fmt::format("{} K", whole)
                      : fmt::format("{},{:03} K", whole / 1000, whole % 1000);
}

std::string money(double dollars) {
  if (dollars >= 1e6) return fmt::format("${:.3f} M", dollars / 1e6);
  return fmt::format("${:.2f}", dollars);
}

}  // namespace

std::span<const Hardware> known_hardware() { return kHardware; }

const Hardware& hardware_named(std::string_view name) {
  const auto* found = std::ranges::find(kHardware, name, &Hardware::name);
  if (found != kHardware.end()) return *found;
  std::string names;
  for (const Hardware& hardware : kHardware)
    names += (names.empty() ? "" : ", ") + std::string(hardware.name);
  fail("no hardware of the name {}; known are {}", printable(name), names);
}

Plan make_plan(const PlanInput& input) {
  require_positive(input.devices, "the number of devices");
  require_positive(input.tokens, "the number of tokens");
  require_positive(input.context, "the context");
  require_positive(input.mfu, "the MFU");
  require(input.mfu <= 1, "an MFU of {} is more than the whole peak; give a share such as 0.39",
          input.mfu);
  require_not_negative(input.price_per_device_hour, "the price");
  require_not_negative(input.extension_hours, "the hours of context extension");
  require_not_negative(input.post_training_hours, "the hours of post-training");
  Plan plan;
  plan.flops_per_token = training_flops(input.config, input.context);
  plan.total_flops = plan.flops_per_token * input.tokens;
  plan.pretraining_hours = plan.total_flops / (input.hardware.peak_flops * input.mfu) / 3600;
  plan.hours = plan.pretraining_hours + input.extension_hours + input.post_training_hours;
  plan.days = plan.pretraining_hours / input.devices / 24;
  plan.dollars = plan.hours * input.price_per_device_hour;
  plan.hours_per_trillion_tokens = plan.pretraining_hours / (input.tokens / 1e12);
  return plan;
}

std::string plan_text(const PlanInput& input, const Plan& plan) {
  std::string out;
  const auto line = [&](std::string_view what, const std::string& value, std::string_view origin) {
    out += fmt::format("  {:<34} {:>16}   {}\n", what, value, origin);
  };
  out += fmt::format("{}: {:.4g} T tokens on {:.0f} {}\n\n", input.model, input.tokens / 1e12,
                     input.devices, input.hardware.name);
  line("parameters at work a token",
       fmt::format("{:.2f} B", active_matmul_parameters(input.config) / 1e9),
       "computed from the configuration, without the embedding");
  line("FLOPs a token, forward + backward", fmt::format("{:.4g} G", plan.flops_per_token / 1e9),
       fmt::format("computed: 6 a parameter, causal attention at {:.0f} tokens", input.context));
  line("FLOPs of the run", fmt::format("{:.4g}", plan.total_flops), "computed");
  line("peak of a device", fmt::format("{:.0f} TFLOP/s", input.hardware.peak_flops / 1e12),
       fmt::format("input: {}", input.hardware.description));
  line("share of the peak reached (MFU)", fmt::format("{:.2f} %", input.mfu * 100),
       "input, causal count");
  line("price of a device hour", fmt::format("${:.2f}", input.price_per_device_hour), "input");
  out += '\n';
  line("pre-training, device hours", thousands(plan.pretraining_hours), "computed");
  line("context extension, device hours", thousands(input.extension_hours), "input");
  line("post-training, device hours", thousands(input.post_training_hours), "input");
  line("total, device hours", thousands(plan.hours), "sum");
  line("device hours a trillion tokens", thousands(plan.hours_per_trillion_tokens), "computed");
  line("days of pre-training", fmt::format("{:.1f}", plan.days), "computed");
  line("money", money(plan.dollars), "total hours x price");
  return out + '\n' + std::string(kLeftOut);
}

Json plan_json(const PlanInput& input, const Plan& plan) {
  return {{"model", input.model},
          {"inputs",
           {{"hardware", input.hardware.name},
            {"peak_flops", input.hardware.peak_flops},
            {"devices", input.devices},
            {"price_per_device_hour", input.price_per_device_hour},
            {"tokens", input.tokens},
            {"context", input.context},
            {"mfu", input.mfu},
            {"extension_hours", input.extension_hours},
            {"post_training_hours", input.post_training_hours}}},
          {"computed",
           {{"active_parameters", active_matmul_parameters(input.config)},
            {"flops_per_token", plan.flops_per_token},
            {"total_flops", plan.total_flops},
            {"pretraining_hours", plan.pretraining_hours},
            {"total_hours", plan.hours},
            {"hours_per_trillion_tokens", plan.hours_per_trillion_tokens},
            {"pretraining_days", plan.days},
            {"cost_usd", plan.dollars}}},
          {"left_out", kLeftOut}};
}

}  // namespace frugal::cost
