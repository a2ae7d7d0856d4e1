// frugal serve: DeepSeek's HTTP API and the chat page.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/options.h"
#include "cli/shelf.h"
#include "net/cache.h"
#include "net/catalog.h"
#include "server/app.h"
#include "server/listener.h"
#include "server/store.h"

namespace frugal::cli {

namespace {

namespace fs = std::filesystem;

struct ServeOptions {
  std::vector<std::string> models;
  std::vector<std::string> adapters;  // NAME=DIR
  ModelOptions model;                 // threads and context
  std::string data;
  std::string runs = "runs";
  double cache_gigabytes = 4;
  double idle_minutes = 30;
  server::ListenOptions listen;
};

// DATA/prices.json, or R1's prices.
cost::PriceList read_prices(const fs::path& data) {
  const fs::path path = data / "prices.json";
  if (!fs::exists(path)) return {};
  return cost::PriceList::from_json(read_json_file(path), path.string());
}

Json catalog() {
  Json list = Json::array();
  for (const net::KnownModel& model : net::known_models()) {
    const net::ModelName name = net::parse_model_name(std::string(model.name));
    list.push_back({{"id", model.name},
                    {"gigabytes", model.gigabytes},
                    {"licence", model.licence},
                    {"here", fs::exists(net::cached_path(name))}});
  }
  return list;
}

// Only one server at a time may use a data folder: at its start it declares the requests that an
// earlier one left running as lost.
class DataLock {
 public:
  explicit DataLock(const fs::path& folder)
      : fd_(::open((folder / "server.lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
    require(fd_ >= 0, "{}: {}", folder.string(), errno_text(errno));
    require(::flock(fd_, LOCK_EX | LOCK_NB) == 0,
            "{} is in use by another server; say --data DIR for a folder of its own",
            folder.string());
  }
  ~DataLock() { ::close(fd_); }
  DataLock(const DataLock&) = delete;
  DataLock& operator=(const DataLock&) = delete;

 private:
  int fd_;
};

// Frees models that nobody uses, when there are several.
class IdleWatch {
 public:
  IdleWatch(server::ModelRegistry& models, double minutes)
      : thread_([&models, minutes](const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any wake;
          const auto idle = std::chrono::seconds(static_cast<std::int64_t>(minutes * 60));
          std::unique_lock lock(mutex);
          while (!wake.wait_for(lock, stop, kLook, [&] { return stop.stop_requested(); })) {
            if (models.size() > 1) models.unload_idle(idle);
          }
        }) {}

 private:
  static constexpr std::chrono::seconds kLook{10};
  std::jthread thread_;
};

// Fetches a model for the page, which is served from then on.
server::Puller make_puller(const Shelf& shelf) {
  return [shelf](const std::string& model, const auto& progress, const auto& stopped) {
    fetch_model(net::parse_model_name(model), progress, stopped);
    shelf.add(model);
  };
}

void run_serve(ServeOptions options) {
  // A limit on the size of files is a failed write, as a full disk is, and not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  if (options.models.empty()) options.models.push_back(choose_model());
  const fs::path data =
      options.data.empty() ? server::Store::default_folder() : fs::path(options.data);
  server::Store store(data);
  const DataLock lock(data);
  store.recover();
  server::ModelRegistry models;
  const Shelf shelf(models, {.model = options.model,
                             .cache = data / "cache",
                             .cache_gigabytes = options.cache_gigabytes});
  for (const std::string& model : options.models) shelf.add(model);
  std::vector<std::string> adapters;
  for (const std::string& adapter : options.adapters)
    adapters.push_back(shelf.add_adapter(adapter));
  server::App app(models, store,
                  {.page = source_folder() / "web" / "dist",
                   .runs = options.runs,
                   .prices = read_prices(data),
                   .version = FRUGAL_VERSION,
                   .catalog = catalog,
                   .puller = make_puller(shelf)});
  server::HttpServer http(
      options.listen,
      [&](const server::HttpRequest& request, const std::shared_ptr<server::Exchange>& exchange) {
        app.handle(request, exchange);
      },
      [&] { app.cut_off(); });
  require(http.is_loopback() || store.needs_key(),
          "{} can be reached from other machines, and there is no key yet; make one with: frugal "
          "keys add NAME",
          options.listen.host);
  {
    // So that the first question need not wait, and faults show now.
    const auto base = models.get("");
    for (const std::string& adapter : adapters) models.get(adapter);
  }
  fmt::print(stderr, "frugal: serving on {}://{}:{}\n",
             options.listen.tls_cert.empty() ? "http" : "https", options.listen.host, http.port());
  {
    const IdleWatch watch(models, options.idle_minutes);
    http.run();
  }
  // Generations that outlive their page still run, and are billed before the ledger goes.
  app.cut_off();
  models.stop();
  app.flush();
  fmt::print(stderr, "frugal: stopped\n");
}

}  // namespace

void add_serve(CLI::App& app) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App* command =
      app.add_subcommand("serve", "Answer DeepSeek's HTTP API, and show a chat page");
  command
      ->add_option("-m,--model", options->models,
                   "A folder in Hugging Face form, a .gguf file, or a name of frugal pull --list; "
                   "may be repeated (default: " +
                       std::string(kBoxModel) + ")")
      ->type_name("M")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  command
      ->add_option("--lora", options->adapters,
                   "An adapter of the first model, a folder in PEFT's form, as a model of its own "
                   "that shares the weights; may be repeated")
      ->type_name("NAME=DIR")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--host", options->listen.host, "Address to listen on")
      ->capture_default_str();
  command->add_option("--port", options->listen.port, "Port to listen on; 0: any free one")
      ->check(CLI::Range(0, 65535).description(""))
      ->capture_default_str();
  CLI::Option* cert =
      command
          ->add_option("--tls-cert", options->listen.tls_cert,
                       "Speak HTTPS: a PEM file of the certificate and those that vouch for it")
          ->type_name("FILE");
  cert->needs(command
                  ->add_option("--tls-key", options->listen.tls_key,
                               "A PEM file of the certificate's private key")
                  ->needs(cert)
                  ->type_name("FILE"));
  command
      ->add_option("--data", options->data,
                   "Folder of keys, ledger and chats (default: ~/.local/share/frugal)")
      ->type_name("DIR");
  command
      ->add_option("--cache-gigabytes", options->cache_gigabytes,
                   "Most that the prefix cache of a model takes on disk; 0: it is in memory only")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command
      ->add_option("--idle-minutes", options->idle_minutes,
                   "Of several models, free those that nobody used for so long")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command->add_option("--runs", options->runs, "Folder of training runs, for the page")
      ->type_name("DIR")
      ->capture_default_str();
  add_context_option(*command, options->model);
  add_threads_option(*command, options->model);
  command->callback([options] { run_serve(*options); });
}

}  // namespace frugal::cli
