#include "server/pulls.h"

#include "base/error.h"
#include "base/log.h"
#include "server/api_error.h"

namespace frugal::server {

Pulls::~Pulls() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Pulls::start(const std::string& model) {
  const std::scoped_lock starting(starting_);
  {
    const std::scoped_lock lock(mutex_);
    if (pull_.running) {
      if (pull_.model == model) return;
      throw ApiError(
          429, fmt::format("{} is being fetched; one model at a time", printable(pull_.model)));
    }
    pull_ = {.model = model, .running = true};
  }
  if (thread_.joinable()) thread_.join();  // its work is done
  stopped_ = false;
  thread_ = std::thread([this, model] { run(model); });
}

Pull Pulls::last() const {
  const std::scoped_lock lock(mutex_);
  return pull_;
}

void Pulls::run(const std::string& model) {
  std::string error;
  try {
    puller_(
        model,
        [this](std::uint64_t done, std::uint64_t total) {
          const std::scoped_lock lock(mutex_);
          pull_.done = done;
          pull_.total = total;
        },
        [this] { return stopped_.load(); });
  } catch (const std::exception& fault) {
    if (!stopped_) {
      error = fault.what();
      log_warning("fetching {}: {}", printable(model), error);
    }
  }
  const std::scoped_lock lock(mutex_);
  pull_.running = false;
  pull_.error = std::move(error);
}

}  // namespace frugal::server
