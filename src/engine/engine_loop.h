// An engine on a thread of its own, for callers on any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"

namespace frugal::engine {

/// Runs Engine::step() for as long as there is work, and sleeps otherwise. All methods may be
/// called from any thread, also from inside a callback; the engine itself belongs to the loop.
class EngineLoop {
 public:
  /// Called on the loop's thread, which waits meanwhile: hand the event on and return. When it
  /// throws, its request is cancelled, and it is not called again.
  using OnEvent = std::function<void(Event event)>;

  /// `engine` must outlive the loop, and nobody else may use it.
  explicit EngineLoop(Engine& engine);
  /// Stops.
  ~EngineLoop();
  EngineLoop(const EngineLoop&) = delete;
  EngineLoop& operator=(const EngineLoop&) = delete;

  /// Throws Error, in the caller's thread, as Engine::check() does. Otherwise the last event that
  /// `on_event` gets has Event::finish.
  RequestId submit(Request request, OnEvent on_event);
  /// Takes effect before the next step. Nothing happens when the request has ended already.
  void cancel(RequestId id);
  /// Cancels what still runs; its last events are delivered before this returns. Not to be called
  /// from inside a callback.
  void stop();

 private:
  struct Command {
    RequestId id = 0;
    std::optional<Request> request{};  // none: cancel
    OnEvent on_event{};
  };

  void run();
  bool take_commands();
  void deliver(std::vector<Event> events);

  Engine& engine_;
  std::unordered_map<RequestId, OnEvent> listeners_;  // the loop's thread only

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Command> inbox_;  // guarded by mutex_, as all below
  RequestId next_id_ = 1;
  bool stop_ = false;

  std::thread thread_;  // last: it starts when all else is there
};

}  // namespace frugal::engine
