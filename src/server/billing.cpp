#include "server/billing.h"

#include <chrono>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace frugal::server {

namespace {

constexpr std::chrono::seconds kRetry{1};

void call(const std::function<void()>& done) {
  if (!done) return;
  try {
    done();
  } catch (const std::exception& error) {
    log_warning("an answer could not be ended: {}", error.what());
  }
}

}  // namespace

Billing::Billing(Store& store, Outage& outage)
    : store_(store), outage_(outage), thread_([this] { run(); }) {}

Billing::~Billing() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::int64_t Billing::begin(const Key& key, const LedgerEntry& entry) {
  {
    const std::scoped_lock lock(mutex_);
    if (owes_) throw DatabaseError("bills wait to be written");
  }
  const std::int64_t row = store_.begin_request(key, entry);
  outage_.over();
  return row;
}

void Billing::end(std::int64_t row, LedgerEntry entry, std::function<void()> done) {
  const std::scoped_lock lock(mutex_);
  inbox_.push_back({row, std::move(entry), std::move(done)});
  wake_.notify_one();
}

void Billing::flush() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return inbox_.empty() && !busy_; });
}

void Billing::run() {
  const auto called = [this] { return stop_ || !inbox_.empty(); };
  std::unique_lock lock(mutex_);
  for (;;) {
    if (owes_) {
      wake_.wait_for(lock, kRetry, called);
    } else {
      wake_.wait(lock, called);
    }
    std::move(inbox_.begin(), inbox_.end(), std::back_inserter(unpaid_));
    inbox_.clear();
    const bool last = stop_;
    busy_ = true;
    lock.unlock();
    settle();
    lock.lock();
    busy_ = false;
    owes_ = !unpaid_.empty();
    idle_.notify_all();
    if (last && inbox_.empty()) break;
  }
  if (owes_) log_warning("{} requests could not be billed; they count as lost", unpaid_.size());
}

// In the order in which they came. After the first that cannot be written none is tried.
void Billing::settle() {
  std::vector<Bill> left;
  for (Bill& bill : unpaid_) {
    const bool written = left.empty() && write(bill);
    call(std::exchange(bill.done, nullptr));
    if (!written) left.push_back(std::move(bill));
  }
  unpaid_ = std::move(left);
}

bool Billing::write(const Bill& bill) {
  try {
    store_.end_request(bill.row, bill.entry);
    outage_.over();
  } catch (const DatabaseError& error) {
    outage_.report(error.what());
    return false;
  } catch (const Error& error) {  // trying again would not help
    log_warning("request {} could not be billed: {}", bill.row, error.what());
  }
  return true;
}

}  // namespace frugal::server
