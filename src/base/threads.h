// The compute threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace frugal {

/// A fixed team of threads; the caller is one of them. One owner at a time: run() and
/// parallel_for() are not to be called from two threads at once, nor from inside a task.
class ThreadPool {
 public:
  /// `threads` counts the caller, so 1 starts none.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const;

  /// Calls task(i) for i in [0, size()), each on its own thread or, when that one has not begun by
  /// then, on the caller's, one after the other; and waits. An exception of a task is thrown here
  /// again (the first one) after all have ended.
  void run(const std::function<void(int thread)>& task);

  /// Cuts [0, n) into one contiguous part per thread, boundaries at multiples of `grain`, and calls
  /// body(begin, end) for each non-empty part.
  void parallel_for(std::int64_t n, std::int64_t grain,
                    const std::function<void(std::int64_t begin, std::int64_t end)>& body);

  /// Calls body(i) for i in [0, n), each on whichever thread is free, in order of their start.
  void for_each(std::int64_t n, const std::function<void(std::int64_t i)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace frugal
