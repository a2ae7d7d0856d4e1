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
  /// `total` in bytes; 0 when unknown.
  ProgressBar(std::string label, std::uint64_t total);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` in bytes, of which `skipped` were there before the start (a resumed download).
  void update(std::uint64_t done, std::uint64_t skipped = 0);
  void set_total(std::uint64_t total) { total_ = total; }

 private:
  std::string label_;
  std::uint64_t total_;
  bool terminal_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
  bool shown_ = false;
};

/// "1.4 GB": decimal units, as disks and downloads are measured.
std::string human_bytes(std::uint64_t bytes);
/// "3 min 20 s".
std::string human_seconds(double seconds);

}  // namespace frugal
