// Energy that the machine's processors used, where it tells.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace frugal::cost {

/// Reads the RAPL counters of all processor packages, as Linux shows them under `root`
/// (Documentation/power/powercap). They count everything that runs there, not one program.
class EnergyMeter {
 public:
  explicit EnergyMeter(const std::filesystem::path& root = "/sys/class/powercap");

  /// Joules since the last call, or since the start; nothing when the machine does not tell. Call
  /// it every few minutes: a counter that went round twice shows once.
  std::optional<double> joules();

 private:
  struct Package {
    std::filesystem::path counter;  // of microjoules
    std::uint64_t range;            // where it goes back to 0
    std::uint64_t last;
  };
  std::vector<Package> packages_;
};

}  // namespace frugal::cost
