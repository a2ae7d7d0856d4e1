#include "cli/interrupt.h"

#include <atomic>

namespace frugal::cli {

namespace {

// A signal handler can reach nothing but a global.
std::atomic<bool> pressed{false};
static_assert(std::atomic<bool>::is_always_lock_free);

}  // namespace

InterruptWatch::InterruptWatch(std::initializer_list<int> signals) {
  pressed = false;
  struct sigaction action {};
  action.sa_handler = [](int) { pressed = true; };
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // no SA_RESTART: a read at the prompt returns
  for (const int signal : signals) {
    struct sigaction old {};
    ::sigaction(signal, &action, &old);
    old_.emplace_back(signal, old);
  }
}

InterruptWatch::~InterruptWatch() {
  for (const auto& [signal, old] : old_) ::sigaction(signal, &old, nullptr);
}

bool InterruptWatch::interrupted() const { return pressed; }

void InterruptWatch::reset() { pressed = false; }

}  // namespace frugal::cli
