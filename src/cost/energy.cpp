#include "cost/energy.h"

#include <fstream>
#include <string>

namespace frugal::cost {

namespace {

std::optional<std::uint64_t> read_number(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  if (!(file >> number)) return std::nullopt;
  return number;
}

// "intel-rapl:0" is a package; "intel-rapl:0:1" is a part of one and counted with it.
bool is_package(const std::string& name) {
  constexpr std::string_view kPrefix = "intel-rapl:";
  return name.starts_with(kPrefix) && name.find(':', kPrefix.size()) == std::string::npos;
}

}  // namespace

EnergyMeter::EnergyMeter(const std::filesystem::path& root) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    if (!is_package(entry.path().filename().string())) continue;
    const std::filesystem::path counter = entry.path() / "energy_uj";
    const auto now = read_number(counter);
    const auto range = read_number(entry.path() / "max_energy_range_uj");
    if (now && range) packages_.push_back({counter, *range, *now});
  }
}

std::optional<double> EnergyMeter::joules() {
  if (packages_.empty()) return std::nullopt;
  double sum = 0;
  for (Package& package : packages_) {
    const auto now = read_number(package.counter);
    if (!now) return std::nullopt;
    sum += static_cast<double>(*now >= package.last ? *now - package.last
                                                    : package.range - package.last + *now);
    package.last = *now;
  }
  return sum * 1e-6;
}

}  // namespace frugal::cost
