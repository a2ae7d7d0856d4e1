#include "server/metrics.h"

#include <fmt/core.h>

namespace frugal::server {

namespace {

// A label's value, escaped.
std::string label(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void head(std::string& out, const char* name, const char* type, const char* help) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

void Metrics::count_refusal(int status) {
  const std::scoped_lock lock(mutex_);
  ++refusals_[status];
}

void Metrics::count_generation(const LedgerEntry& entry, const Usage& usage) {
  const std::scoped_lock lock(mutex_);
  Model& model = models_[entry.model];
  ++model.requests[entry.status];
  model.tokens.hit += entry.tokens.hit;
  model.tokens.miss += entry.tokens.miss;
  model.tokens.output += entry.tokens.output;
  model.reasoning += entry.reasoning;
  model.income += entry.cost;
  if (usage.output == 0) return;
  for (std::size_t i = 0; i < kSeconds.size(); ++i) {
    if (usage.seconds_to_first <= kSeconds[i]) ++model.first_token[i];
  }
  ++model.count;
  model.sum += usage.seconds_to_first;
}

std::string Metrics::text(const std::vector<ModelRegistry::Entry>& models) const {
  const std::scoped_lock lock(mutex_);
  std::string out;
  head(out, "frugal_refusals_total", "counter", "Requests answered with an error, by status.");
  for (const auto& [status, count] : refusals_) {
    out += fmt::format("frugal_refusals_total{{status=\"{}\"}} {}\n", status, count);
  }
  head(out, "frugal_requests_total", "counter", "Generations that ended, by how.");
  head(out, "frugal_tokens_total", "counter", "Tokens, as they are paid.");
  head(out, "frugal_income_dollars_total", "counter", "What generations cost their users.");
  head(out, "frugal_first_token_seconds", "histogram", "From request to first token.");
  for (const auto& [name, model] : models_) {
    const std::string at = fmt::format("model=\"{}\"", label(name));
    for (const auto& [status, count] : model.requests) {
      out += fmt::format("frugal_requests_total{{{},status=\"{}\"}} {}\n", at, status, count);
    }
    const auto tokens = [&](const char* kind, std::int64_t count) {
      out += fmt::format("frugal_tokens_total{{{},kind=\"{}\"}} {}\n", at, kind, count);
    };
    tokens("hit", model.tokens.hit);
    tokens("miss", model.tokens.miss);
    tokens("output", model.tokens.output);
    tokens("reasoning", model.reasoning);
    out += fmt::format("frugal_income_dollars_total{{{}}} {}\n", at, cost::dollars(model.income));
    for (std::size_t i = 0; i < kSeconds.size(); ++i) {
      out += fmt::format("frugal_first_token_seconds_bucket{{{},le=\"{}\"}} {}\n", at, kSeconds[i],
                         model.first_token[i]);
    }
    out += fmt::format(
        "frugal_first_token_seconds_bucket{{{0},le=\"+Inf\"}} {1}\n"
        "frugal_first_token_seconds_sum{{{0}}} {2}\nfrugal_first_token_seconds_count{{{0}}} {1}\n",
        at, model.count, model.sum);
  }
  head(out, "frugal_active_sequences", "gauge", "Sequences that wait or run.");
  head(out, "frugal_model_loaded", "gauge", "Whether the model is in memory.");
  for (const ModelRegistry::Entry& entry : models) {
    const int active = entry.model ? entry.model->active.load() : 0;
    out += fmt::format(
        "frugal_active_sequences{{model=\"{0}\"}} {1}\nfrugal_model_loaded{{model=\"{0}\"}} {2}\n",
        label(entry.name), active, entry.model ? 1 : 0);
  }
  return out;
}

}  // namespace frugal::server
