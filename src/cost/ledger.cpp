#include "cost/ledger.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fstream>

#include "base/error.h"
#include "base/log.h"

namespace frugal::cost {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kFile = "ledger.jsonl";
constexpr std::chrono::seconds kInterval{60};

constexpr std::string_view kLeftOut =
    "What this sum leaves out: tune, reinforce and distil, which keep no ledger, runs whose\n"
    "folders were removed, the machine while nothing ran, and the people. Money is time x the\n"
    "price in the recipe; a price of 0 makes it 0.\n";

// In one system call, so that lines of two writers never mix.
void append(const fs::path& path, const std::string& line) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  require(fd >= 0, "cannot write {}: {}", path.string(), errno_text(errno));
  const ssize_t written = ::write(fd, line.data(), line.size());
  const int error = written < 0 ? errno : ENOSPC;
  ::close(fd);
  require(written == static_cast<ssize_t>(line.size()), "cannot write {}: {}", path.string(),
          errno_text(error));
}

double number(const Json& line, const char* key, const std::string& place) {
  require(line.contains(key) && line[key].is_number() && line[key].get<double>() >= 0,
          "{}: {} is not a number of at least 0", place, key);
  return line[key].get<double>();
}

Bill read_bill(const Json& line, const std::string& place) {
  Bill bill;
  bill.device_seconds = number(line, "device_seconds", place);
  bill.tokens = number(line, "tokens", place);
  bill.flops = number(line, "flops", place);
  bill.dollars = number(line, "cost_usd", place);
  if (line.contains("energy_joules") && !line["energy_joules"].is_null()) {
    bill.joules = number(line, "energy_joules", place);
    bill.metered_seconds = bill.device_seconds;
  }
  return bill;
}

RunBill read_ledger(const fs::path& path) {
  RunBill run = {path.parent_path().string(), "", {}};
  std::ifstream file(path);
  require(file.good(), "cannot read {}", path.string());
  int number_of_line = 0;
  for (std::string text; std::getline(file, text);) {
    const std::string place = fmt::format("{} line {}", path.string(), ++number_of_line);
    // A machine that lost its power may leave half a line.
    if (file.eof()) break;
    const Json line = parse_json(text, place);
    require(line.is_object() && line.contains("kind") && line["kind"].is_string(),
            "{}: not a line of a ledger", place);
    run.kind = line["kind"].get<std::string>();
    run.bill += read_bill(line, place);
  }
  return run;
}

Bill total(const std::vector<RunBill>& runs) {
  Bill sum;
  for (const RunBill& run : runs) sum += run.bill;
  return sum;
}

std::string table_line(const std::string& name, const std::string& kind, const Bill& b) {
  const double speed = b.device_seconds > 0 ? b.flops / b.device_seconds * 1e-9 : 0;
  const std::string energy = b.metered_seconds > 0 ? fmt::format("{:.1f}", b.joules / 3.6e3) : "?";
  return fmt::format("{:<32} {:<10} {:>10.3f} {:>12.4g} {:>10.3g} {:>8.1f} {:>9} {:>10.4f}\n", name,
                     kind, b.device_seconds / 3600, b.tokens, b.flops, speed, energy, b.dollars);
}

}  // namespace

Bill& Bill::operator+=(const Bill& other) {
  device_seconds += other.device_seconds;
  tokens += other.tokens;
  flops += other.flops;
  joules += other.joules;
  metered_seconds += other.metered_seconds;
  dollars += other.dollars;
  return *this;
}

Json bill_json(const Bill& bill) {
  return {{"device_seconds", bill.device_seconds},
          {"tokens", bill.tokens},
          {"flops", bill.flops},
          {"energy_joules", bill.metered_seconds > 0 ? Json(bill.joules) : Json(nullptr)},
          {"cost_usd", bill.dollars}};
}

Ledger::Ledger(const fs::path& folder, std::string kind, double price_per_device_hour)
    : file_(folder / kFile),
      kind_(std::move(kind)),
      price_(price_per_device_hour),
      written_(Clock::now()) {}

Ledger::~Ledger() {
  if (open_.tokens == 0) return;  // the run has ended, and flushed
  try {
    flush();
  } catch (const Error& error) {
    log_warning("{}", error.what());
  }
}

void Ledger::add(double tokens, double flops) {
  open_.tokens += tokens;
  open_.flops += flops;
  if (Clock::now() - written_ >= kInterval) flush();
}

void Ledger::flush() {
  const Clock::time_point now = Clock::now();
  Bill bill = open_;
  bill.device_seconds = std::chrono::duration<double>(now - written_).count();
  bill.dollars = bill.device_seconds / 3600 * price_;
  if (const auto joules = meter_.joules()) {
    bill.joules = *joules;
    bill.metered_seconds = bill.device_seconds;
  }
  written_ = now;
  open_ = {};
  Json line = {{"kind", kind_},
               {"time", fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)))}};
  line.update(bill_json(bill));
  line["price_per_device_hour"] = price_;
  append(file_, line.dump() + "\n");
}

std::vector<RunBill> read_ledgers(const fs::path& folder) {
  require(fs::is_directory(folder), "{} is no folder of runs", folder.string());
  std::vector<fs::path> files;
  const auto skip = fs::directory_options::skip_permission_denied;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, skip)) {
    if (entry.path().filename() == kFile && entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<RunBill> runs;
  runs.reserve(files.size());
  for (const fs::path& file : files) runs.push_back(read_ledger(file));
  return runs;
}

std::string ledger_text(const std::vector<RunBill>& runs) {
  std::string out =
      fmt::format("{:<32} {:<10} {:>10} {:>12} {:>10} {:>8} {:>9} {:>10}\n", "run", "kind",
                  "device h", "tokens", "FLOPs", "GFLOP/s", "energy Wh", "dollars");
  for (const RunBill& run : runs) out += table_line(run.run, run.kind, run.bill);
  const Bill sum = total(runs);
  out += table_line("sum", "", sum);
  if (sum.metered_seconds < sum.device_seconds) {
    out += fmt::format("\nThe machine told its energy for {:.3f} of {:.3f} device hours.\n",
                       sum.metered_seconds / 3600, sum.device_seconds / 3600);
  }
  return out + '\n' + std::string(kLeftOut);
}

Json ledger_json(const std::vector<RunBill>& runs) {
  Json list = Json::array();
  for (const RunBill& run : runs) {
    Json entry = {{"run", run.run}, {"kind", run.kind}};
    entry.update(bill_json(run.bill));
    list.push_back(std::move(entry));
  }
  return {{"runs", std::move(list)}, {"total", bill_json(total(runs))}, {"left_out", kLeftOut}};
}

}  // namespace frugal::cost
