// A progress line for a person who waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace frugal {

/// Prints "label  45 % [#####     ] 1.2 GB of 2.7 GB, 8.1 MB/s, 3 min left" on standard error, in
/// place on a terminal, as a line every ten seconds elsewhere. Clears itself when it ends.
class ProgressBar {
 public:
  /// `total` is 0 when unknown. Counts are bytes, or what `unit` says, such as "tokens".
  ProgressBar(std::string label, std::uint64_t total, std::string unit = "");
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` of the total, of which `skipped` were there before the start (a resumed download).
  void update(std::uint64_t done, std::uint64_t skipped = 0);
  void set_total(std::uint64_t total) { total_ = total; }

 private:
  std::string amount(std::uint64_t count) const;

  std::string label_;
  std::uint64_t total_;
  std::string unit_;
  bool terminal_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
  bool shown_ = false;
};

/// "1.4 GB": decimal units, as disks and downloads are measured.
std::string human_bytes(std::uint64_t bytes);
/// "135 M", "1.5 B": how parameters are counted.
std::string human_count(std::int64_t count);
/// "3 min 20 s".
std::string human_seconds(double seconds);

}  // namespace frugal
