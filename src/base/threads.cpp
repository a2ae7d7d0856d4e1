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

void wait_while_equal(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    __builtin_ia32_pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

struct ThreadPool::State {
  int size = 1;
  std::vector<std::thread> workers;
  std::atomic<std::uint32_t> generation{0};  // a new value means: there is work
  std::atomic<std::uint32_t> finished{0};    // counts workers that ended this generation's task
  bool stop = false;
  const std::function<void(int)>* task = nullptr;
  std::mutex error_mutex;
  std::exception_ptr error;

  void run_task(int thread) {
    try {
      (*task)(thread);
    } catch (...) {
      const std::scoped_lock lock(error_mutex);
      if (!error) error = std::current_exception();
    }
  }

  void work(int thread) {
    for (std::uint32_t seen = 0;;) {
      wait_while_equal(generation, seen);
      seen = generation.load(std::memory_order_acquire);
      if (stop) return;
      run_task(thread);
      finished.fetch_add(1, std::memory_order_acq_rel);
      finished.notify_one();
    }
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  require(threads >= 1 && threads <= 1024, "number of threads is {}, expected 1 to 1024", threads);
  state_->size = threads;
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
  if (s.size > 1) {
    s.generation.fetch_add(1, std::memory_order_release);
    s.generation.notify_all();
  }
  s.run_task(0);
  const auto others = static_cast<std::uint32_t>(s.size - 1);
  for (std::uint32_t done = s.finished.load(std::memory_order_acquire); done != others;
       done = s.finished.load(std::memory_order_acquire)) {
    wait_while_equal(s.finished, done);
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
