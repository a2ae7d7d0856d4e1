#include "cost/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "base/mapped_file.h"
#include "support/data.h"

namespace frugal::cost {
namespace {

namespace fs = std::filesystem;
using frugal::testing::TemporaryFolder;
using frugal::testing::write_file;
using ::testing::HasSubstr;

std::string message_of(const fs::path& folder) {
  try {
    read_ledgers(folder);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// What the kernel shows: two packages, a part of the first, and something else.
class FakeMachine {
 public:
  FakeMachine() {
    for (const char* name : {"intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1", "intel-rapl"}) {
      fs::create_directories(folder_.path() / name);
    }
    for (const char* name : {"intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1"}) {
      write_file(folder_.path() / name / "max_energy_range_uj", "1000000000\n");
      set(name, 5'000'000);
    }
  }
  void set(const std::string& name, std::uint64_t microjoules) const {
    write_file(folder_.path() / name / "energy_uj", std::to_string(microjoules) + "\n");
  }
  const fs::path& root() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

TEST(Energy, AddsPackagesOnceAndCountersThatWentRound) {
  const FakeMachine machine;
  EnergyMeter meter(machine.root());
  EXPECT_EQ(meter.joules(), 0.0);
  machine.set("intel-rapl:0", 8'000'000);
  machine.set("intel-rapl:0:0", 900'000'000);
  machine.set("intel-rapl:1", 6'500'000);
  EXPECT_DOUBLE_EQ(*meter.joules(), 3.0 + 1.5);
  machine.set("intel-rapl:1", 500'000);  // 1000 J - 6.5 J + 0.5 J
  EXPECT_DOUBLE_EQ(*meter.joules(), 994.0);
}

TEST(Energy, AMachineThatDoesNotTellIsNotZero) {
  const TemporaryFolder empty;
  EXPECT_FALSE(EnergyMeter(empty.path()).joules().has_value());
  EXPECT_FALSE(EnergyMeter(empty.path() / "none").joules().has_value());
}

TEST(LedgerFile, CountsTimeMoneyAndWorkOverSeveralSessions) {
  const TemporaryFolder folder;
  const fs::path run = folder.path() / "run";
  fs::create_directories(run);
  const auto start = std::chrono::steady_clock::now();
  for (int session = 0; session < 2; ++session) {
    Ledger ledger(run, "train", 3600);
    ledger.add(100, 1e6);
    ledger.add(50, 1e6);
  }  // written when it ends
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  const std::vector<RunBill> runs = read_ledgers(folder.path());
  ASSERT_EQ(runs.size(), 1U);
  const Bill& bill = runs[0].bill;
  EXPECT_EQ(runs[0].run, run.string());
  EXPECT_EQ(runs[0].kind, "train");
  EXPECT_EQ(bill.tokens, 300);
  EXPECT_EQ(bill.flops, 4e6);
  EXPECT_GT(bill.device_seconds, 0);
  EXPECT_LE(bill.device_seconds, passed.count());
  EXPECT_NEAR(bill.dollars, bill.device_seconds, 1e-9);  // a dollar a second
}

TEST(LedgerFile, NothingIsAddedToWhatWasWritten) {
  const TemporaryFolder folder;
  {
    Ledger ledger(folder.path(), "train", 0);
    ledger.add(100, 1e6);
    ledger.flush();
  }
  const MappedFile file(folder.path() / "ledger.jsonl");
  EXPECT_EQ(std::ranges::count(file.text(), '\n'), 1);
}

TEST(LedgerFile, SumsRunsAndLeavesOutAHalfLine) {
  const TemporaryFolder folder;
  const std::string line =
      R"({"kind":"train","device_seconds":3600,"tokens":5,"flops":7e12,"energy_joules":E,)"
      R"("cost_usd":0.5})";
  const auto with = [&](const char* energy) {
    std::string text = line;
    return text.replace(text.find('E'), 1, energy) + "\n";
  };
  fs::create_directories(folder.path() / "a/deep");
  fs::create_directories(folder.path() / "b");
  write_file(folder.path() / "a/deep/ledger.jsonl", with("7200") + with("null") + "{\"kind\":\"tr");
  write_file(folder.path() / "b/ledger.jsonl", with("null"));
  const std::vector<RunBill> runs = read_ledgers(folder.path());
  const Json json = ledger_json(runs);
  EXPECT_EQ(json["runs"].size(), 2U);
  EXPECT_EQ(json["runs"][1]["energy_joules"], nullptr);
  EXPECT_EQ(json["total"]["device_seconds"], 3 * 3600.0);
  EXPECT_EQ(json["total"]["tokens"], 15.0);
  EXPECT_EQ(json["total"]["energy_joules"], 7200.0);
  EXPECT_EQ(json["total"]["cost_usd"], 1.5);
  const std::string text = ledger_text(runs);
  EXPECT_THAT(text, HasSubstr("told its energy for 1.000 of 3.000 device hours"));
  EXPECT_THAT(text, HasSubstr("leaves out"));
}

TEST(LedgerFile, BadOnesNameTheirPlace) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "ledger.jsonl";
  write_file(file, "{}\n");
  EXPECT_THAT(message_of(folder.path()), HasSubstr("ledger.jsonl line 1"));
  write_file(file, R"({"kind":"train","device_seconds":-1,"tokens":0,"flops":0,"cost_usd":0})"
                   "\n");
  EXPECT_THAT(message_of(folder.path()), HasSubstr("device_seconds"));
  EXPECT_THAT(message_of(folder.path() / "none"), HasSubstr("no folder of runs"));
}

}  // namespace
}  // namespace frugal::cost
