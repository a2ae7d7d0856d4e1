#include "engine/engine_loop.h"

#include <exception>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace frugal::engine {

EngineLoop::EngineLoop(Engine& engine) : engine_(engine), thread_([this] { run(); }) {}

EngineLoop::~EngineLoop() { stop(); }

void EngineLoop::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

RequestId EngineLoop::submit(Request request, OnEvent on_event) {
  engine_.check(request);
  const std::scoped_lock lock(mutex_);
  require(!stop_, "the engine is stopping");  // a listener may still be called, and try
  const RequestId id = next_id_++;
  inbox_.push_back({id, std::move(request), std::move(on_event)});
  wake_.notify_one();
  return id;
}

void EngineLoop::cancel(RequestId id) {
  const std::scoped_lock lock(mutex_);
  inbox_.push_back({id});
  wake_.notify_one();
}

void EngineLoop::run() {
  while (take_commands()) deliver(engine_.step());
  for (const auto& [id, on_event] : listeners_) engine_.cancel(id);
  deliver(engine_.step());
}

// Waits for something to do; false when it is time to stop.
bool EngineLoop::take_commands() {
  std::vector<Command> commands;
  bool stop = false;
  {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stop_ || !inbox_.empty() || !engine_.idle(); });
    commands.swap(inbox_);
    stop = stop_;
  }
  for (Command& command : commands) {
    if (command.request) {
      listeners_.emplace(command.id, std::move(command.on_event));
      engine_.submit(command.id, std::move(*command.request));
    } else {
      engine_.cancel(command.id);
    }
  }
  return !stop;
}

void EngineLoop::deliver(std::vector<Event> events) {
  for (Event& event : events) {
    const auto listener = listeners_.find(event.request);
    if (listener == listeners_.end()) continue;  // it threw
    const RequestId id = event.request;
    const bool last = event.finish.has_value();
    try {
      listener->second(std::move(event));
      if (!last) continue;
    } catch (const std::exception& error) {
      log_warning("request {} is cancelled, as its listener failed: {}", id, error.what());
      engine_.cancel(id);
    }
    listeners_.erase(listener);
  }
}

}  // namespace frugal::engine
