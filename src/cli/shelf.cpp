#include "cli/shelf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <memory>

#include "base/error.h"
#include "cli/generation_config.h"
#include "cli/loaded_model.h"
#include "cli/model_argument.h"
#include "server/disk_blocks.h"

namespace frugal::cli {

namespace {

namespace fs = std::filesystem;

// Sequences that run at once. More would not make a CPU faster, and each one slower.
constexpr std::int64_t kSequences = 16;
// What one conversation may have, and how many full ones the cache holds, unless --context says
// otherwise. Most conversations are much shorter, and the cache is shared.
constexpr std::int64_t kDefaultContext = 8192;
constexpr std::int64_t kFullConversations = 2;

// "smollm2" of path/to/smollm2.gguf; names of pull --list stay as they are.
std::string served_name(const std::string& model) {
  const fs::path path = fs::path(model).lexically_normal();
  if (!fs::exists(path)) return model;
  if (!fs::is_directory(path)) return path.stem().string();
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

// When the model changed; a folder's own time says nothing of the files in it.
std::int64_t modified(const fs::path& path) {
  fs::file_time_type last = fs::last_write_time(path);
  if (fs::is_directory(path)) {
    for (const fs::directory_entry& file : fs::directory_iterator(path)) {
      last = std::max(last, file.last_write_time());
    }
  }
  const auto time = std::chrono::file_clock::to_sys(last);
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// What a model is called, and where it comes from.
struct Label {
  std::string name;
  std::string fingerprint;  // as ServedModel has it
  fs::path source;
};

std::shared_ptr<server::ServedModel> start(const Label& label,
                                           const std::shared_ptr<LoadedModel>& loaded,
                                           const ShelfOptions& options) {
  const fs::path& path = loaded->path();
  auto served = std::make_shared<server::ServedModel>(label.name, label.fingerprint, loaded,
                                                      open_tokenizer(path));
  served->parameters = models::count_parameters(loaded->model().config());
  served->defaults = sampling_defaults_of(loaded->checkpoint());
  if (text::ChatFormat::exists(path)) {
    served->format = text::ChatFormat::open(path, served->tokenizer);
  }
  served->stop_tokens = stop_tokens_of(loaded->checkpoint(), served->tokenizer, served->format);
  std::shared_ptr<engine::BlockStore> store;
  if (options.cache_gigabytes > 0) {
    const std::string identity = fmt::format("{} {} {}", label.name, label.fingerprint,
                                             fs::weakly_canonical(label.source).string());
    store = std::make_shared<server::DiskBlocks>(
        options.cache / label.name, identity,
        static_cast<std::uint64_t>(options.cache_gigabytes * 1e9));
  }
  served->engine = loaded->make_engine(served->tokenizer, std::move(store));
  served->loop = std::make_unique<engine::EngineLoop>(*served->engine);
  return served;
}

std::shared_ptr<server::ServedModel> load(const std::string& model, const std::string& name,
                                          const ShelfOptions& options) {
  ModelOptions wanted = options.model;
  wanted.model = model;
  const std::int64_t context = wanted.context > 0 ? wanted.context : kDefaultContext;
  const auto loaded =
      std::make_shared<LoadedModel>(wanted, context * kFullConversations, kSequences);
  const std::string fingerprint = fmt::format("fp_{}_{}_{:x}", FRUGAL_VERSION,
                                              isa_name(chosen_isa()), modified(loaded->path()));
  return start({name, fingerprint, loaded->path()}, loaded, options);
}

// A model beside the base whose weights it shares. It holds the served base, so that this one is
// not freed, and its weights read a second time, as long as the adapter is there.
struct Adapted {
  Adapted(std::shared_ptr<server::ServedModel> served_base, const fs::path& folder)
      : base(std::move(served_base)),
        model(*std::static_pointer_cast<LoadedModel>(base->resources), folder) {}

  std::shared_ptr<server::ServedModel> base;
  LoadedModel model;
};

std::shared_ptr<server::ServedModel> load_adapted(std::shared_ptr<server::ServedModel> base,
                                                  const std::string& name, const fs::path& folder,
                                                  const ShelfOptions& options) {
  const std::string fingerprint = fmt::format("{}_{:x}", base->fingerprint, modified(folder));
  const auto adapted = std::make_shared<Adapted>(std::move(base), folder);
  return start({name, fingerprint, folder}, std::shared_ptr<LoadedModel>(adapted, &adapted->model),
               options);
}

// The prefix cache has a folder of that name.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

void Shelf::add(const std::string& model) const {
  const std::string name = served_name(model);
  models_.add(name, modified(resolve_model(model)),
              [model, name, options = options_] { return load(model, name, options); });
}

std::string Shelf::add_adapter(const std::string& text) const {
  const std::size_t equals = text.find('=');
  require(equals != std::string::npos, "--lora {}: expected NAME=DIR", printable(text));
  std::string name = text.substr(0, equals);
  const fs::path folder = text.substr(equals + 1);
  require(is_plain_name(name),
          "--lora {}: a name has letters, digits, dots, dashes and underscores", printable(text));
  require(fs::is_directory(folder), "--lora {}: {} is no folder", printable(text),
          printable(folder.string()));
  const std::string base = models_.list().front().name;
  models_.add(name, modified(folder), [&models = models_, base, name, folder, options = options_] {
    return load_adapted(models.get(base), name, folder, options);
  });
  return name;
}

}  // namespace frugal::cli
