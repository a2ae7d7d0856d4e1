// The one who writes the ledger, and keeps what the disk does not take.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "server/outage.h"
#include "server/store.h"

namespace frugal::server {

/// Rows begin on the caller's thread and end on a thread of its own, so that no engine waits for
/// the disk. A bill that cannot be written, because the disk is full perhaps, is kept and tried
/// again every second; until it is written no row begins. Safe to use from several threads.
class Billing {
 public:
  /// Both must outlive it.
  Billing(Store& store, Outage& outage);
  /// Writes what waits, if it can. The next start marks as lost what it could not.
  ~Billing();
  Billing(const Billing&) = delete;
  Billing& operator=(const Billing&) = delete;

  /// Writes a row with status "running"; returns its id. Throws DatabaseError when it cannot.
  std::int64_t begin(const Key& key, const LedgerEntry& entry);
  /// Ends the row, then calls `done`, if there is any, on the billing thread: when that was
  /// written, or could not be.
  void end(std::int64_t row, LedgerEntry entry, std::function<void()> done);

  /// Waits until every `done` was called.
  void flush();

 private:
  struct Bill {
    std::int64_t row = 0;
    LedgerEntry entry;
    std::function<void()> done;  // none: it was called
  };

  void run();
  void settle();
  bool write(const Bill& bill);

  Store& store_;
  Outage& outage_;
  std::vector<Bill> unpaid_;  // the thread's

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::vector<Bill> inbox_;  // guarded by mutex_, as all below
  bool busy_ = false;        // what was in the inbox is not done yet
  bool owes_ = false;        // unpaid_ holds something that was tried
  bool stop_ = false;

  std::thread thread_;  // last: it starts when all else is there
};

}  // namespace frugal::server
