#include "server/billing.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "server/full_disk.h"
#include "support/data.h"

namespace frugal::server {
namespace {

using frugal::testing::TemporaryFolder;
using testing::FullDisk;

const Key kAnn{.name = "ann", .user = "ann"};
constexpr Nanodollars kMoney = 1'000'000;

class BillingTest : public ::testing::Test {
 protected:
  BillingTest() {
    store_.add_key(kAnn);
    store_.top_up("ann", kMoney, false);
  }

  void end(std::int64_t row) {
    const LedgerEntry entry{.tokens = {.output = 5}, .cost = 10, .status = "done"};
    billing_->end(row, entry, [this] { ++told_; });
  }
  std::int64_t billed() {
    const auto days = store_.ledger(1, "ann");
    return days.empty() ? 0 : days[0].tokens.output / 5;
  }
  // When the disk has room again the bills come within a second or two.
  void expect_billed(std::int64_t requests) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (billed() < requests && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(billed(), requests);
    EXPECT_EQ(store_.balance("ann").total(), kMoney - 10 * requests);
    EXPECT_EQ(store_.ledger(1, "ann")[0].requests, requests);
  }

  TemporaryFolder folder_;
  Store store_{folder_.path()};
  Outage outage_{"the database"};
  std::atomic<int> told_ = 0;
  std::optional<Billing> billing_{std::in_place, store_, outage_};
};

TEST_F(BillingTest, TheEndIsToldWhenItIsWritten) {
  std::int64_t at_end = -1;
  const std::int64_t row = billing_->begin(kAnn, {});
  billing_->end(row, {.tokens = {.output = 5}, .cost = 10, .status = "done"},
                [&] { at_end = billed(); });
  billing_->flush();
  EXPECT_EQ(at_end, 1);
  expect_billed(1);
}

TEST_F(BillingTest, BillsOfAFullDiskAreKeptAndWrittenOnce) {
  std::vector<std::int64_t> rows;
  for (int i = 0; i < 5; ++i) rows.push_back(billing_->begin(kAnn, {}));
  {
    const FullDisk full;
    for (const std::int64_t row : rows) end(row);
    billing_->flush();
    EXPECT_EQ(told_, 5);
    EXPECT_EQ(billed(), 0);
    EXPECT_THROW(billing_->begin(kAnn, {}), DatabaseError);
  }
  expect_billed(5);
  end(billing_->begin(kAnn, {}));
  expect_billed(6);
  EXPECT_EQ(told_, 6);
}

TEST_F(BillingTest, NothingBeginsWhileABillWaits) {
  const std::int64_t row = billing_->begin(kAnn, {});
  std::optional<FullDisk> full(std::in_place);
  end(row);
  billing_->flush();
  full.reset();  // the next row could be written, but the bill was not tried again yet
  EXPECT_THROW(billing_->begin(kAnn, {}), DatabaseError);
  expect_billed(1);
}

TEST_F(BillingTest, AFullDiskIsSaidOnce) {
  const std::int64_t row = billing_->begin(kAnn, {});
  testing::CapturedStderr captured;
  {
    const FullDisk full;
    end(row);
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  }
  expect_billed(1);
  billing_->flush();
  const std::string said = captured.finish();
  EXPECT_EQ(testing::count(said, "the database fails"), 1) << said;
  EXPECT_EQ(testing::count(said, "the database works again"), 1) << said;
}

TEST_F(BillingTest, WhatCouldNotBeBilledIsLostAtTheNextStart) {
  const std::int64_t row = billing_->begin(kAnn, {});
  {
    const FullDisk full;
    end(row);
    billing_.reset();
    EXPECT_EQ(told_, 1);
  }
  store_.recover();
  EXPECT_EQ(billed(), 0);
  EXPECT_EQ(store_.balance("ann").total(), kMoney);
  EXPECT_EQ(store_.ledger(1, "ann")[0].requests, 1);
}

TEST_F(BillingTest, ABillIsNotWrittenTwice) {
  const std::int64_t row = billing_->begin(kAnn, {});
  end(row);
  end(row);
  billing_->flush();
  EXPECT_EQ(told_, 2);
  expect_billed(1);
}

}  // namespace
}  // namespace frugal::server
