// Models that are fetched while the server runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace frugal::server {

/// How a fetch stands.
struct Pull {
  std::string model{};      // empty: there was none yet
  std::uint64_t done = 0;   // bytes
  std::uint64_t total = 0;  // 0: not known yet
  bool running = false;
  std::string error{};  // why it failed
};

/// Fetches the model of a name and adds it to those that are served. Tells its progress in bytes,
/// asks whether it shall stop, and throws when it fails or is stopped.
using Puller = std::function<void(const std::string& model,
                                  const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                                  const std::function<bool()>& stopped)>;

/// One fetch at a time, in a thread of its own. All methods may be called from several threads.
class Pulls {
 public:
  explicit Pulls(Puller puller) : puller_(std::move(puller)) {}
  /// Stops what runs; a later fetch goes on where it was.
  ~Pulls();
  Pulls(const Pulls&) = delete;
  Pulls& operator=(const Pulls&) = delete;

  /// Throws ApiError 429 when another model is being fetched.
  void start(const std::string& model);
  void stop() { stopped_ = true; }
  /// The last one that was started.
  Pull last() const;

 private:
  void run(const std::string& model);

  Puller puller_;
  std::mutex starting_;  // one start at a time
  mutable std::mutex mutex_;
  Pull pull_;  // guarded by mutex_
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

}  // namespace frugal::server
