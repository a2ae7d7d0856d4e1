#include "base/threads.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"

namespace frugal {

namespace {

// A decode step hands out work every few microseconds; sleeping in between would cost more than the
// work itself. After this many looks a thread sleeps all the same.
constexpr int kSpins = 4000;

void spin_while_equal(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  for (int i = 0; i < kSpins && value.load(std::memory_order_acquire) == old; ++i) {
    __builtin_ia32_pause();
  }
}

// Which generation of a thread's tasks was taken last; on a cache line of its own.
struct alignas(64) Claim {
  std::atomic<std::uint32_t> generation{0};

  /// True for one caller only.
  bool take(std::uint32_t wanted) {
    std::uint32_t before = wanted - 1;
    return generation.compare_exchange_strong(before, wanted, std::memory_order_acq_rel);
  }
};

}  // namespace

// Each worker takes its own task, unless the caller, who is done with the first one, was faster:
// where cores are few and busy a worker may have to wait for one far longer than a task takes.
struct ThreadPool::State {
  explicit State(int threads) : size(threads), claims(static_cast<std::size_t>(threads)) {}

  int size;
  std::vector<Claim> claims;  // [size]
  std::vector<std::thread> workers;
  std::atomic<std::uint32_t> generation{0};  // a new value means: there is work
  std::atomic<std::uint32_t> finished{0};    // counts tasks of this generation that workers ended
  std::atomic<bool> stop{false};
  const std::function<void(int)>* task = nullptr;
  std::mutex error_mutex;
  std::exception_ptr error;

  bool run_task(int thread, std::uint32_t now) {
    if (!claims[static_cast<std::size_t>(thread)].take(now)) return false;
    try {
      (*task)(thread);
    } catch (...) {
      const std::scoped_lock lock(error_mutex);
      if (!error) error = std::current_exception();
    }
    return true;
  }

  void work(int thread) {
    bool was_in_time = true;
    for (std::uint32_t seen = 0;;) {
      // One that comes too late would take a core from those who have one.
      if (was_in_time) spin_while_equal(generation, seen);
      generation.wait(seen, std::memory_order_acquire);
      seen = generation.load(std::memory_order_acquire);
      if (stop) return;
      was_in_time = run_task(thread, seen);
      if (!was_in_time) continue;
      finished.fetch_add(1, std::memory_order_acq_rel);
      finished.notify_one();
    }
  }
};

ThreadPool::ThreadPool(int threads) {
  require(threads >= 1 && threads <= 1024, "number of threads is {}, expected 1 to 1024", threads);
  state_ = std::make_unique<State>(threads);
  for (int i = 1; i < threads; ++i) {
    state_->workers.emplace_back([state = state_.get(), i] { state->work(i); });
  }
}

ThreadPool::~ThreadPool() {
  state_->stop = true;
  state_->generation.fetch_add(1, std::memory_order_release);
  state_->generation.notify_all();
  for (std::thread& worker : state_->workers) worker.join();
}

int ThreadPool::size() const { return state_->size; }

void ThreadPool::run(const std::function<void(int)>& task) {
  State& s = *state_;
  s.task = &task;
  s.error = nullptr;
  s.finished.store(0, std::memory_order_relaxed);
  const std::uint32_t now = s.generation.fetch_add(1, std::memory_order_release) + 1;
  if (s.size > 1) s.generation.notify_all();
  std::uint32_t others = 0;  // tasks that workers took
  for (int thread = 0; thread < s.size; ++thread) others += s.run_task(thread, now) ? 0 : 1;
  for (std::uint32_t done = s.finished.load(std::memory_order_acquire); done != others;
       done = s.finished.load(std::memory_order_acquire)) {
    spin_while_equal(s.finished, done);
    s.finished.wait(done, std::memory_order_acquire);
  }
  if (s.error) std::rethrow_exception(s.error);
}

void ThreadPool::parallel_for(std::int64_t n, std::int64_t grain,
                              const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (n <= 0) return;
  const std::int64_t grains = (n + grain - 1) / grain;
  const std::int64_t parts = std::min<std::int64_t>(size(), grains);
  if (parts == 1) return body(0, n);
  run([&](int thread) {
    const std::int64_t begin = grains * thread / size() * grain;
    const std::int64_t end = std::min(n, grains * (thread + 1) / size() * grain);
    if (begin < end) body(begin, end);
  });
}

void ThreadPool::for_each(std::int64_t n, const std::function<void(std::int64_t)>& body) {
  if (n == 1 || size() == 1) {
    for (std::int64_t i = 0; i < n; ++i) body(i);
    return;
  }
  if (n <= 0) return;
  std::atomic<std::int64_t> next{0};
  run([&](int) {
    for (std::int64_t i = next.fetch_add(1); i < n; i = next.fetch_add(1)) body(i);
  });
}

}  // namespace frugal
