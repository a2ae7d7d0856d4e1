// The bill of real runs: what was measured while they ran.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "cost/energy.h"

namespace frugal::cost {

/// What some stretch of a run, or several together, cost.
struct Bill {
  double device_seconds = 0;
  double tokens = 0;
  double flops = 0;   // by the model's own count
  double joules = 0;  // measured in metered_seconds of the device seconds
  double metered_seconds = 0;
  double dollars = 0;
  Bill& operator+=(const Bill& other);
};

Json bill_json(const Bill& bill);

/// ledger.jsonl of a run's folder, one line a minute. Work that a killed run has to do again is
/// paid again, so lines are never taken back.
class Ledger {
 public:
  /// `kind` says what the run does, such as "train". The clock starts here.
  Ledger(const std::filesystem::path& folder, std::string kind, double price_per_device_hour);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// Counts work that was done. Writes a line now and then; throws Error when that fails.
  void add(double tokens, double flops);
  /// Writes what has not been written yet.
  void flush();

 private:
  std::filesystem::path file_;
  std::string kind_;
  double price_;
  std::chrono::steady_clock::time_point written_;
  EnergyMeter meter_;
  Bill open_;  // tokens and FLOPs since the last line
};

/// One run's lines together.
struct RunBill {
  std::string run;  // its folder
  std::string kind;
  Bill bill;
};

/// Every run at or below `folder`, by name. Throws Error naming file and line of what is no ledger.
std::vector<RunBill> read_ledgers(const std::filesystem::path& folder);

/// A table for people with its sum, and what the sum leaves out.
std::string ledger_text(const std::vector<RunBill>& runs);
Json ledger_json(const std::vector<RunBill>& runs);

}  // namespace frugal::cost
